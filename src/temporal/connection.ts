import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { neverSent } from './answers.ts';
import type { TemporalTarget } from './target.ts';

/**
 * A client that never keeps a webhook waiting: it connects on first use, retries at most twice within
 * a quarter of a second, and looks for a lost server at least once a second. The SDK's own defaults
 * retry for twenty seconds and reconnect after up to two minutes. Every call has a deadline (`callLimits`).
 * Takes how payloads are written (`createDataConverter`); who reads and writes none needs no such thing.
 */
export function connectTemporal(
  { connectionOptions, namespace }: TemporalTarget,
  dataConverter?: DataConverter,
): Client {
  const connection = Connection.lazy({
    ...connectionOptions,
    metadata: { ...connectionOptions.metadata, 'temporal-namespace': namespace },
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 1000,
      ...connectionOptions.channelArgs,
    },
    interceptors: [
      withinLimit,
      makeGrpcRetryInterceptor({
        ...defaultGrpcRetryOptions({ initialIntervalMs: () => 50 }),
        // What was sent and not answered may have happened: the last answer must not hide that.
        retryableDecider: (attempt, status) => attempt < maxAttempts && neverSent(status),
      }),
    ],
  });
  // The SDK's one use of it names the namespace of each call, which all of ours have above; see `withinLimit`.
  connection.withMetadata = (_metadata, call) => call();
  return new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
}

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

/** How long a call may take, its retries included, in milliseconds. */
const callLimits: Readonly<Record<string, number>> = {
  Check: 1000,
  GetSystemInfo: 1000,
  DescribeNamespace: 2000,
  DescribeWorkflowExecution: 2000,
  ListSearchAttributes: 2000,
};
const callMs = 5000;
const maxAttempts = 3;

/**
 * Gives calls their deadline where the caller does not. The SDK's own way, `withDeadline`, keeps it in an
 * AsyncLocalStorage, and before Node 24 the first use of one makes every promise of the process dearer: on the way of
 * a delivery by a sixth of all its CPU.
 */
const withinLimit: Interceptor = (options, nextCall) => {
  const name = options.method_definition.path.split('/').at(-1) ?? '';
  const deadline = options.deadline ?? Date.now() + (callLimits[name] ?? callMs);
  // What the next one gives is an intercepting call, by another of its types.
  return nextCall({ ...options, deadline }) as ReturnType<Interceptor>;
};

const serving = 1;

/** Whether Temporal serves; it has a second to say so. Never throws. */
export async function temporalServes({ connection }: Client): Promise<boolean> {
  try {
    const { status } = await (connection as Connection).healthService.check({
      service: 'temporal.api.workflowservice.v1.WorkflowService',
    });
    return status === serving;
  } catch {
    return false;
  }
}
