import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';
import type { WebhookEvent } from '../../src/event.ts';
import type * as workflows from '../../src/workflows/index.ts';
import { fakeFeed } from '../support/fake-feed.ts';

type Workflows = typeof workflows;
type ResultOf<Name extends keyof Workflows> = Awaited<ReturnType<Workflows[Name]>>;
type Surroundings = Pick<TestWorkflowEnvironment, 'client' | 'nativeConnection'>;

interface Ran<Name extends keyof Workflows> {
  readonly result: ResultOf<Name>;
  readonly handle: WorkflowHandle;
  readonly details: string;
}

/** One run from its start to its end, on a worker and a task queue of its own. */
export const runWorkflow = <Name extends keyof Workflows>(
  surroundings: Surroundings,
  workflow: Name,
  event: WebhookEvent,
  activities: Partial<Activities> = {},
): Promise<Ran<Name>> =>
  run(surroundings, workflow, { workflowId: `${event.source}:${event.id}`, argument: event, activities });

/** The same for a fed workflow; `left` is what it has not handled, `late` what came after a later one. */
export async function runFed<Name extends keyof Workflows>(
  surroundings: Surroundings,
  workflow: Name,
  [first, ...others]: readonly [WebhookEvent, ...WebhookEvent[]],
  activities: Partial<Activities> = {},
  late: readonly WebhookEvent[] = [],
): Promise<Ran<Name> & { left: readonly WebhookEvent[] }> {
  const { waiting, everhookTakeNext } = fakeFeed([first, ...others], { workflow, taskQueue: '' }, late);
  const ran = await run(surroundings, workflow, {
    workflowId: `${first.source}~${workflow}:${first.id}`,
    argument: { key: 'k' },
    activities: { ...activities, everhookTakeNext },
  }).catch((error: unknown) => {
    throw Object.assign(error as Error, { left: [...waiting] });
  });
  return { ...ran, left: waiting };
}

async function run<Name extends keyof Workflows>(
  { client, nativeConnection }: Surroundings,
  workflow: Name,
  { workflowId, argument, activities }: { workflowId: string; argument: unknown; activities: object },
): Promise<Ran<Name>> {
  const taskQueue = `test-${workflowId}`;
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowBundle: { codePath: inject('workflowBundle') },
    activities,
  });
  return await worker.runUntil(async () => {
    const handle = await client.workflow.start(workflow, {
      workflowId,
      taskQueue,
      args: [argument],
      // A bug in a workflow leaves its run hanging; a test shall not.
      workflowTaskTimeout: '10 seconds',
    });
    const result = (await handle.result()) as ResultOf<Name>;
    return { result, handle, details: await currentDetails(handle) };
  });
}

/** What a run that failed failed of. */
export async function failureOf(run: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await run.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  const causes = [error, (error as Error).cause, ((error as Error).cause as Error | undefined)?.cause];
  const found = causes.find((cause) => cause instanceof ApplicationFailure);
  if (!(error instanceof WorkflowFailedError) || !found)
    throw new Error('not a failed run', { cause: error });
  return found;
}

/** Everything that the UI shows of a run without decoding its input: summaries, details, failures' messages. */
export async function shown(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ userMetadata, ...event }) => [
    ...(userMetadata?.summary ? [String(defaultPayloadConverter.fromPayload(userMetadata.summary))] : []),
    ...(event.activityTaskFailedEventAttributes?.failure?.message
      ? [event.activityTaskFailedEventAttributes.failure.message]
      : []),
  ]);
}

async function currentDetails(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
