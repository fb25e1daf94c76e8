import { Command, Option } from 'commander';
import { readRoleConfig } from '../app.ts';
import { createLogger } from '../log.ts';
import { startWorker } from '../worker.ts';
import { gatewayOption, loadGateway } from './gateway.ts';
import { runUntilSignal } from './role.ts';

interface Options {
  readonly gateway?: string;
  readonly queue?: string[];
  readonly development?: boolean;
}

/** `everhook worker`: runs workflows and activities, in production. */
export const worker = (): Command =>
  new Command('worker')
    .description('run workflows and activities (production: configured by environment variables alone)')
    .addOption(gatewayOption())
    .option('-q, --queue <name...>', 'serve these task queues only (default: all that the routes name)')
    // How `everhook start` runs its own.
    .addOption(new Option('--development').hideHelp())
    .addHelpText(
      'after',
      '\nExample:\n  TEMPORAL_ADDRESS=temporal:7233 DATABASE_URL=postgres://… everhook worker',
    )
    .action(async ({ gateway: file, queue, development = false }: Options) => {
      const gateway = await loadGateway(file);
      const config = await readRoleConfig(gateway, { development });
      const log = createLogger({ level: config.logLevel, terminal: process.stdout.isTTY });
      const aborted = new AbortController();
      const quit = () => {
        aborted.abort();
        process.exit(0);
      };
      process.once('SIGTERM', quit).once('SIGINT', quit);
      // The start that forked this worker is gone: nobody is left to stop it.
      process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
      const running = await startWorker(gateway, config, log, {
        ...(queue !== undefined && { taskQueues: queue }),
        signal: aborted.signal,
      });
      process.off('SIGTERM', quit).off('SIGINT', quit);
      log.info({ taskQueues: running.taskQueues }, 'worker ready');
      process.send?.('ready');
      await runUntilSignal(log, running);
      process.exit(0);
    });
