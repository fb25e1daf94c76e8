import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { TemporalTarget } from './target.ts';

/**
 * A client that never keeps a webhook waiting: it connects on first use, retries at most twice within
 * a quarter of a second, and looks for a lost server at least once a second. The SDK's own defaults
 * retry for twenty seconds and reconnect after up to two minutes. Every call still needs a deadline.
 * Takes how payloads are written (`createDataConverter`); who reads and writes none needs no such thing.
 */
export function connectTemporal(
  { connectionOptions, namespace }: TemporalTarget,
  dataConverter?: DataConverter,
): Client {
  const connection = Connection.lazy({
    ...connectionOptions,
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1000,
      ...connectionOptions.channelArgs,
    },
    interceptors: [
      makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3, initialIntervalMs: () => 50 })),
    ],
  });
  return new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
}

const serving = 1;

/** Whether Temporal serves, asked with a deadline of one second. Never throws. */
export async function temporalServes({ connection }: Client): Promise<boolean> {
  try {
    const { status } = await connection.withDeadline(Date.now() + 1000, () =>
      (connection as Connection).healthService.check({
        service: 'temporal.api.workflowservice.v1.WorkflowService',
      }),
    );
    return status === serving;
  } catch {
    return false;
  }
}
