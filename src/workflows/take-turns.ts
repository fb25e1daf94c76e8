import {
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { NextTurn } from '../journal/turns.ts';
import { doorbell, everhookTakeNext, everhookWaitForEnd } from './turns.ts';

/** Whose turn it is, and how long to wait for another event before closing. */
export interface Turns {
  /** This run's own workflow id. */
  readonly turn: string;
  readonly key: string;
  /** Default a minute. */
  readonly idleMs?: number;
  /** Carried on when history has grown: what is finished, and not yet marked. */
  readonly handled?: string;
}

/**
 * Runs the events of one key one after another, each as a child under its own id. A child that fails has
 * had its turn. Closes when nothing has come for a while; the next ring opens it again.
 */
export async function takeTurns(turns: Turns): Promise<void> {
  const { turn, key, idleMs = 60_000 } = turns;
  let rings = 0;
  setHandler(doorbell, () => {
    rings += 1;
  });
  let { handled } = turns;
  for (;;) {
    const heard = rings;
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof takeTurns>({ ...turns, ...(handled !== undefined && { handled }) });
    }
    const next = await everhookTakeNext({ turn, ...(handled !== undefined && { handled }) });
    handled = undefined;
    if ('event' in next) {
      setCurrentDetails(`${key}: ${next.start.workflowId}${next.stale ? ' (late)' : ''}`);
      await runToEnd(next);
      handled = next.run;
      continue;
    }
    setCurrentDetails(`${key}: nothing waits`);
    const settling = 'waitMs' in next;
    const rung = await condition(() => rings > heard, settling ? next.waitMs : idleMs);
    // A ring that comes at this very moment makes Temporal ask once more before it lets us close.
    if (!rung && !settling) return;
  }
}

async function runToEnd({ run, event, start }: Extract<NextTurn, { event: unknown }>): Promise<void> {
  const { workflow, workflowId, taskQueue, priority, memo, attributes, summary } = start;
  try {
    const child = await startChild(workflow, {
      workflowId,
      taskQueue,
      args: [event],
      memo: { ...memo },
      typedSearchAttributes: attributes,
      staticSummary: summary,
      // A turn that is ended leaves the work to end by itself; its successor waits for it.
      parentClosePolicy: 'ABANDON',
      cancellationType: 'ABANDON',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      ...(priority !== undefined && { priority: { priorityKey: priority } }),
    });
    await child.result();
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (wasStartedBefore(error)) await everhookWaitForEnd({ workflowId, run, named: memo.everhookEvent });
  }
}

// Its class is not among what the SDK gives to workflows.
const wasStartedBefore = (error: unknown): boolean =>
  error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
