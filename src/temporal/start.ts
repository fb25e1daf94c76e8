import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { SealError } from '../encryption/seal.ts';
import { eventName, type WebhookEvent } from '../event.ts';
import { workflowId } from '../workflow-id.ts';
import { classify, StartError } from './answers.ts';
import { isSealed } from './codec.ts';
import { searchAttributes } from './search-attributes.ts';

/** One run of one event, decided: nothing here is looked up again. */
export interface Run {
  readonly event: WebhookEvent;
  /** The workflow's type. */
  readonly workflow: string;
  readonly taskQueue: string;
  readonly priority?: number;
  /** 1, or the number of the repetition that a person asked for. */
  readonly n: number;
  /** Default made from the event and n; given where it was frozen at acceptance. */
  readonly workflowId?: string;
  /**
   * Not the first call: look before starting. A start stores a large payload first, sealed anew each time; while
   * Temporal is away, or where the run is there already, that would be for nothing.
   */
  readonly again?: boolean;
}

/** `duplicate` is a run of this very event that has been started before. */
export type Started = 'started' | 'duplicate';

/**
 * Starts a run, or finds that it has been; throws StartError. With a deadline all of it ends by then, else each call by
 * its own limit.
 */
export type Start = (run: Run, deadline?: Date) => Promise<Started>;

/**
 * The one place where Everhook starts workflows. The id makes it idempotent: REJECT_DUPLICATE speaks of
 * closed runs, FAIL of open ones, and the memo tells our run from another's under the same id.
 */
export const createStart =
  (client: Client): Start =>
  (run, deadline) => {
    const start = () => startOrFind(client, run);
    return deadline === undefined ? start() : client.withDeadline(deadline, start);
  };

async function startOrFind(client: Client, run: Run): Promise<Started> {
  const id = run.workflowId ?? workflowId(run.event, run.n);
  const named = { event: eventName(run.event), n: run.n };
  if (run.again && (await findRun(client, named, id))) return 'duplicate';
  try {
    await client.workflow.start(run.workflow, {
      workflowId: id,
      taskQueue: run.taskQueue,
      args: [run.event],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      memo: { everhookEvent: named },
      typedSearchAttributes: searchAttributes(run.event),
      staticSummary: `${run.event.source} ${run.event.type}`,
      ...(run.priority !== undefined && { priority: { priorityKey: run.priority } }),
    });
    return 'started';
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw classify(error);
    if (await findRun(client, named, id)) return 'duplicate';
    // Retention took the closed run between the two calls: a new start will succeed.
    throw new StartError('unknown', `${id} is just going`);
  }
}

/** The memo `everhookEvent` of a run: `<source>:<event id>`, and which repetition it is. */
export interface NamedRun {
  readonly event: string;
  readonly n: number;
}

/**
 * Whether a run has been started under an id, which counts only if it says it is this event's. Throws StartError:
 * `id_taken` where it is another's.
 */
export async function findRun(client: Client, named: NamedRun, id: string): Promise<boolean> {
  try {
    const { memo } = await client.workflow.getHandle(id).describe();
    return requireOurs(memo?.everhookEvent as Partial<NamedRun> | undefined, named, id);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    if (error instanceof SealError) return requireOurs(await sealedMemo(client, named, id), named, id);
    throw error instanceof StartError ? error : classify(error);
  }
}

function requireOurs(memo: Partial<NamedRun> | undefined, { event, n }: NamedRun, id: string): true {
  if (memo?.event === event && memo.n === n) return true;
  throw new StartError('id_taken', `the workflow id ${id} belongs to another run`);
}

/**
 * The memo was sealed with a key that is not here any more. That there is one by our name, and that the id is
 * this event's and no other's, says enough: a lost key must not make a provider repeat an old event for ever.
 */
async function sealedMemo(client: Client, named: NamedRun, id: string) {
  try {
    const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId: id },
    });
    const sealed = workflowExecutionInfo?.memo?.fields?.['everhookEvent'];
    return sealed && isSealed(sealed) ? named : undefined;
  } catch (cause) {
    throw new StartError('unknown', `${id} could not be looked at: ${(cause as Error).message}`, { cause });
  }
}
