import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, type Client, type Connection } from '@temporalio/client';
import { ConfigError } from '../errors.ts';
import { connectTemporal } from './connection.ts';
import { isNotFound } from './not-found.ts';
import { searchAttributeNames } from './search-attributes.ts';
import type { TemporalTarget } from './target.ts';

// google.rpc.Code: PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED
const unlisted = [7, 12];
const unauthenticated = 16;

/** How long a server that was named may take to answer at all, in milliseconds, and the pause between two looks. */
const answerMs = 5000;
const lookAgainMs = 250;

/** Waits until a Temporal that was named answers, for five seconds. Throws ConfigError that names TEMPORAL_ADDRESS. */
export async function requireTemporal(target: TemporalTarget): Promise<void> {
  const { connection } = connectTemporal(target);
  try {
    for (const deadline = Date.now() + answerMs; ; await delay(lookAgainMs)) {
      try {
        await connection.workflowService.getSystemInfo({});
        return;
      } catch (cause) {
        if (Date.now() < deadline) continue;
        const why = isGrpcServiceError(cause) ? cause.details : (cause as Error).message;
        throw new ConfigError(
          `TEMPORAL_ADDRESS: ${target.connectionOptions.address ?? 'Temporal'} does not answer: ${why}`,
          { cause },
        );
      }
    }
  } finally {
    await connection.close();
  }
}

/** The namespace that was set is not there. */
export const noNamespace = (namespace: string, cause: unknown): ConfigError =>
  new ConfigError(`Temporal has no namespace ${namespace} (TEMPORAL_NAMESPACE)`, { cause });

/**
 * Looks, for at most four seconds, whether starts can succeed at all. Gives what could not be found out,
 * for a log line; undefined when all is well. Throws ConfigError that names what is missing.
 */
export async function checkTemporal({ connection, options }: Client): Promise<string | undefined> {
  const { namespace } = options;
  try {
    await connection.workflowService.describeNamespace({ namespace });
    const { operatorService } = connection as Connection;
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = searchAttributeNames.filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
    if (missing.length === 0) return undefined;
    throw new ConfigError(
      `Temporal's namespace ${namespace} lacks the search attributes ${missing.join(', ')}: run "everhook migrate"`,
    );
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!isGrpcServiceError(error)) return String(error);
    if (isNotFound(error)) throw noNamespace(namespace, error);
    if (error.code === unauthenticated) {
      throw new ConfigError(
        `Temporal does not know us: ${error.details} (TEMPORAL_API_KEY, TEMPORAL_TLS_*)`,
        {
          cause: error,
        },
      );
    }
    const listed = !unlisted.includes(error.code);
    return listed ? error.details : `search attributes cannot be listed here: ${error.details}`;
  }
}
