import type { ClaimedRun } from '../journal/run.ts';
import type { Start } from '../temporal/start.ts';
import { ringAgainSeconds } from './back-off.ts';
import type { Marks } from './marks.ts';

/** So many turns are remembered as rung; a ring too many does no harm. */
const rungTurns = 10_000;

/** Wakes a keyed run, which then fetches its next event itself. Throws StartError. */
export type Ring = (bell: {
  readonly turn: string;
  readonly kind: 'inOrderBy' | 'feedBy';
  readonly workflow: string;
  readonly taskQueue: string;
  readonly source: string;
  readonly key: string;
  readonly priority?: number;
}) => Promise<void>;

/**
 * One attempt to bring a run to Temporal: it is started, or its turn is rung. `since` is when the run was committed
 * or claimed, by performance.now(). Throws StartError, UnreadableError, and what the journal throws.
 */
export function createAttempt(
  { start, ring }: { readonly start: Start; readonly ring: Ring },
  marks: Pick<Marks, 'started' | 'giveBack'>,
): (run: ClaimedRun, since: number) => Promise<'started' | 'duplicate' | 'rung'> {
  /** When a turn was last rung, by performance.now() before the call: what was committed by then is covered. */
  const rung = new Map<string, number>();

  async function startOne(run: ClaimedRun): Promise<'started' | 'duplicate'> {
    const event = await run.event();
    const { workflow, taskQueue, n, priority, workflowId } = run;
    const started = await start({
      event,
      workflow,
      taskQueue,
      n,
      again: run.attempts > 1,
      ...(priority !== undefined && { priority }),
      ...(workflowId !== undefined && { workflowId }),
    });
    marks.started(run.id);
    return started;
  }

  async function ringOne(run: ClaimedRun, turn: string, since: number): Promise<'rung'> {
    const { workflow, taskQueue, source, turnKey: key = '', priority } = run;
    if ((rung.get(turn) ?? 0) <= since) {
      const began = performance.now();
      const kind = run.kind as 'inOrderBy' | 'feedBy';
      const bell = { turn, kind, workflow, taskQueue, source, key };
      await ring({ ...bell, ...(priority !== undefined && { priority }) });
      if (rung.size > rungTurns) rung.clear();
      rung.set(turn, began);
    }
    // It stays accepted until the keyed run has handled it, and is rung again until then.
    marks.giveBack({ id: run.id, delaySeconds: ringAgainSeconds(run.attempts), untouched: true });
    return 'rung';
  }

  return (run, since) => (run.turn === undefined ? startOne(run) : ringOne(run, run.turn, since));
}
