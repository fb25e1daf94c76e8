import { setTimeout as delay } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../log.ts';
import { noNamespace } from './check.ts';
import { isNotFound } from './not-found.ts';
import type { TemporalTarget } from './target.ts';

const reconnectMs = 1000;
const namespaceMs = 5000;

/** A worker's connection; waits for Temporal as long as it takes. Throws where the signal is aborted. */
export async function connectWorker(
  { connectionOptions }: TemporalTarget,
  log: Logger,
  signal?: AbortSignal,
): Promise<NativeConnection> {
  const { apiKey, ...others } = connectionOptions;
  const key = typeof apiKey === 'function' ? apiKey() : apiKey;
  for (let attempt = 1; ; attempt++) {
    try {
      return await NativeConnection.connect({ ...others, ...(key !== undefined && { apiKey: key }) });
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt % 10 === 1) {
        log.warn({ address: others.address, error: (error as Error).message }, 'waiting for Temporal');
      }
      await delay(reconnectMs, undefined, { signal });
    }
  }
}

/** The native part would tell of it in its own words. Throws ConfigError; what else is wrong shows itself later. */
export async function requireNamespace(connection: NativeConnection, namespace: string): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + namespaceMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (cause) {
    if (isNotFound(cause)) throw noNamespace(namespace, cause);
  }
}
