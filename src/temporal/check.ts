import { isGrpcServiceError, type Client, type Connection } from '@temporalio/client';
import { ConfigError } from '../errors.ts';
import { searchAttributeNames } from './search-attributes.ts';

// google.rpc.Code: NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED
const notFound = 5;
const unlisted = [7, 12];
const unauthenticated = 16;

/**
 * Looks, for at most two seconds, whether starts can succeed at all. Gives what could not be found out,
 * for a log line; undefined when all is well. Throws ConfigError that names what is missing.
 */
export async function checkTemporal({ connection, options }: Client): Promise<string | undefined> {
  const { namespace } = options;
  try {
    const { customAttributes } = await connection.withDeadline(Date.now() + 2000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      return await (connection as Connection).operatorService.listSearchAttributes({ namespace });
    });
    const missing = searchAttributeNames.filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
    if (missing.length === 0) return undefined;
    throw new ConfigError(
      `Temporal's namespace ${namespace} lacks the search attributes ${missing.join(', ')}: run "everhook migrate"`,
    );
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!isGrpcServiceError(error)) return String(error);
    if (error.code === notFound) {
      throw new ConfigError(`Temporal has no namespace ${namespace} (TEMPORAL_NAMESPACE)`, { cause: error });
    }
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
