import { isGrpcServiceError } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { ConfigError } from '../errors.ts';
import { searchAttributeNames } from './search-attributes.ts';
import type { Connection } from '@temporalio/client';

// temporal.api.enums.v1.IndexedValueType
const keyword = 2;
const dayMs = 86_400_000;
const callMs = 10_000;

/**
 * Makes a namespace fit for runs: registers the search attributes that are missing and, where
 * `retentionDays` is given, raises its retention to at least that. Repeating it changes nothing.
 * Takes a connection and an existing namespace. Throws ConfigError when an attribute has another
 * type, or the cluster does not let attributes be registered; otherwise what the client throws.
 */
export async function prepareNamespace(
  connection: Connection,
  namespace: string,
  { retentionDays }: { retentionDays?: number } = {},
): Promise<void> {
  if (retentionDays !== undefined) await raiseRetention(connection, namespace, retentionDays);
  await registerAttributes(connection, namespace);
}

async function raiseRetention(
  connection: Connection,
  namespace: string,
  retentionDays: number,
): Promise<void> {
  const { workflowService } = connection;
  const wanted = retentionDays * dayMs;
  const { config } = await bounded(connection, () => workflowService.describeNamespace({ namespace }));
  if (tsToMs(config?.workflowExecutionRetentionTtl ?? undefined) >= wanted) return;
  await bounded(connection, () =>
    workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: msToTs(wanted) } }),
  );
}

async function registerAttributes(connection: Connection, namespace: string): Promise<void> {
  const { operatorService } = connection;
  try {
    const { customAttributes } = await bounded(connection, () =>
      operatorService.listSearchAttributes({ namespace }),
    );
    const missing = searchAttributeNames.filter((name) => !Object.hasOwn(customAttributes, name));
    // The server accepts a registration under another type without a word, and keeps the old one.
    const wrong = searchAttributeNames.filter((name) => (customAttributes[name] ?? keyword) !== keyword);
    if (wrong.length > 0) {
      throw new ConfigError(
        `Temporal: ${namespace} has search attributes of another type than Keyword: ${wrong.join(', ')}`,
      );
    }
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, keyword]));
    await bounded(connection, () => operatorService.addSearchAttributes({ namespace, searchAttributes }));
  } catch (error) {
    if (!isGrpcServiceError(error) || !notAllowed.has(error.code)) throw error;
    throw new ConfigError(
      `Temporal: search attributes of ${namespace} cannot be registered from here (${error.details}). ` +
        `Create these by hand, of type Keyword: ${searchAttributeNames.join(', ')}`,
      { cause: error },
    );
  }
}

// PERMISSION_DENIED, UNIMPLEMENTED: Temporal Cloud manages attributes elsewhere.
const notAllowed = new Set([7, 12]);

const bounded = <Result>(connection: Connection, call: () => Promise<Result>): Promise<Result> =>
  connection.withDeadline(Date.now() + callMs, call);
