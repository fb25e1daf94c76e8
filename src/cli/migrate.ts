import { Command } from 'commander';
import type { Connection } from '@temporalio/client';
import { readConfig } from '../config.ts';
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
      for (const line of (await gateway.migrate?.(config)) ?? []) print(line);
      if (skipTemporal) return;
      const client = connectTemporal(config.temporal);
      try {
        await prepareNamespace(client.connection as Connection, config.temporal.namespace);
        print(`temporal: namespace ${config.temporal.namespace} has ${searchAttributeNames.join(', ')}`);
      } finally {
        await client.connection.close();
      }
    });
