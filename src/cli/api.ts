import { Command } from 'commander';
import { readRoleConfig } from '../app.ts';
import { createLogger } from '../log.ts';
import { startApi } from '../server.ts';
import { gatewayOption, loadGateway } from './gateway.ts';
import { runUntilSignal } from './role.ts';

/** `everhook api`: the HTTP process, in production. */
export const api = (): Command =>
  new Command('api')
    .description('receive webhooks (production: configured by environment variables alone)')
    .addOption(gatewayOption())
    .addHelpText(
      'after',
      '\nExample:\n  PORT=8080 STRIPE_WEBHOOK_SECRET=whsec_… EVERHOOK_SOURCES=stripe everhook api',
    )
    .action(async ({ gateway: file }: { gateway?: string }) => {
      const gateway = await loadGateway(file);
      const config = await readRoleConfig(gateway, {});
      const log = createLogger({ level: config.logLevel, terminal: process.stdout.isTTY });
      const server = await startApi(gateway, config, log);
      log.info({ url: server.url, adminUrl: server.adminUrl, sources: config.sources }, 'ready');
      await runUntilSignal(log, server);
      process.exit(0);
    });
