import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';

/** How long a run may take to be there, in milliseconds: it is started after the answer. */
const thereMs = 15_000;

/** The result of a run that is there already, or will be soon; rejects as the run failed. */
export async function resultOf(client: Client, workflowId: string): Promise<unknown> {
  for (const deadline = Date.now() + thereMs; ; await delay(50)) {
    try {
      return (await client.workflow.getHandle(workflowId).result()) as unknown;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError) || Date.now() > deadline) throw error;
    }
  }
}
