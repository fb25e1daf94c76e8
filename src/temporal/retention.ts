import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';

/** The shortest that a namespace may have. */
const shortestSeconds = 3600;
/** Where Temporal cannot be asked: nothing is forgotten while nobody knows better. */
const whileAwaySeconds = 10 * 365 * 86_400;
const freshMs = 600_000;

/** How long the namespace remembers closed runs, in seconds; asked at most every ten minutes. Never throws. */
export function createRetention(client: Client): () => Promise<number> {
  const { namespace } = client.options;
  let known: { at: number; seconds: number } | undefined;
  return async () => {
    if (known !== undefined && performance.now() - known.at < freshMs) return known.seconds;
    try {
      const { config } = await client.connection.workflowService.describeNamespace({ namespace });
      const seconds = tsToMs(config?.workflowExecutionRetentionTtl ?? undefined) / 1000;
      known = { at: performance.now(), seconds: Math.max(seconds, shortestSeconds) };
    } catch {
      return known?.seconds ?? whileAwaySeconds;
    }
    return known.seconds;
  };
}
