import { Command } from 'commander';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { migrateStores } from '../app.ts';
import { readConfig, type Config } from '../config.ts';
import { ConfigError } from '../errors.ts';
import { connectTemporal } from '../temporal/connection.ts';
import { prepareNamespace } from '../temporal/prepare.ts';
import { searchAttributeNames } from '../temporal/search-attributes.ts';
import { gatewayOption, loadGateway } from './gateway.ts';
import { print } from './print.ts';

/** `everhook migrate`: brings the stores up to date, and Temporal's namespace. */
export const migrate = (): Command =>
  new Command('migrate')
    .description('bring the database and the search attributes of Temporal up to date; safe to repeat')
    .addOption(gatewayOption())
    .option(
      '--skip-temporal',
      'leave Temporal alone, where attributes are managed elsewhere (Temporal Cloud)',
    )
    .addHelpText(
      'after',
      '\nExample:\n  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=temporal:7233 everhook migrate',
    )
    .action(async ({ gateway: file, skipTemporal }: { gateway?: string; skipTemporal?: boolean }) => {
      const gateway = await loadGateway(file);
      const config = readConfig(gateway);
      for (const line of await migrateStores(gateway, config)) print(line);
      if (skipTemporal) return;
      const client = connectTemporal(config.temporal);
      try {
        await prepareNamespace(client.connection as Connection, config.temporal.namespace);
        print(`temporal: namespace ${config.temporal.namespace} has ${searchAttributeNames.join(', ')}`);
      } catch (error) {
        throw explain(error, config.temporal);
      } finally {
        await client.connection.close();
      }
    });

// google.rpc.Code
const notFound = 5;
const away = [4, 14];

/** What the operator can mend is a message; anything else stays as it is. */
function explain(error: unknown, { namespace, connectionOptions: { address } }: Config['temporal']): unknown {
  if (!isGrpcServiceError(error)) return error;
  if (error.code === notFound) {
    return new ConfigError(`Temporal has no namespace ${namespace} (TEMPORAL_NAMESPACE)`, { cause: error });
  }
  if (!away.includes(error.code)) return error;
  const message = `Temporal at ${address ?? 'its default address'} does not answer: ${error.details}`;
  return new ConfigError(message, { cause: error });
}
