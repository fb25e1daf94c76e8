import type { Client } from '@temporalio/client';
import { isNotFound } from '../temporal/not-found.ts';

/**
 * Those of these workflows that have ended: closed, or no longer known. Throws where Temporal does not answer each
 * call in time (`connectTemporal`), or does not know the namespace: there every workflow would seem gone.
 */
export async function closedRuns(
  client: Client,
  workflowIds: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  if (workflowIds.length === 0) return [];
  const { namespace } = client.options;
  await client.workflowService.describeNamespace({ namespace });
  const closed: string[] = [];
  for (const workflowId of workflowIds) {
    signal?.throwIfAborted();
    try {
      const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId },
      });
      if (workflowExecutionInfo?.closeTime) closed.push(workflowId);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      closed.push(workflowId);
    }
  }
  return closed;
}
