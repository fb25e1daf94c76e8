import { Command } from 'commander';
import { processEnvironment } from '../config.ts';
import { startEverything } from '../dev/start.ts';
import { findGateway, gatewayOption, loadGateway } from './gateway.ts';
import { print } from './print.ts';
import { onSignals } from './signals.ts';

/** `everhook start`: all of it on this machine, for development. */
export const start = (): Command =>
  new Command('start')
    .description(
      'run everything on this machine: PostgreSQL, Temporal with its UI, API and worker (development)',
    )
    .addOption(gatewayOption())
    .addHelpText(
      'after',
      `
Uses DATABASE_URL and TEMPORAL_ADDRESS instead of servers of its own where they are set.
What it keeps is in EVERHOOK_HOME (default .everhook).

Example:
  everhook start --gateway ./src/gateway.ts`,
    )
    .action(async ({ gateway: file }: { gateway?: string }) => {
      const started = performance.now();
      const gatewayFile = file ?? findGateway();
      // Everything already started is stopped when a signal comes before the start is done.
      const stopping = new AbortController();
      onSignals(['SIGTERM', 'SIGINT', 'SIGHUP'], (signal) => {
        print(`\nStopping (${signal}); once more to stop at once.`);
        stopping.abort();
      });
      const running = await startEverything({
        gateway: await loadGateway(gatewayFile),
        gatewayFile,
        environment: processEnvironment(),
        log: (line) => print(`  ${line}`),
        signal: stopping.signal,
      });
      if (running === undefined) return process.exit(0);
      for (const line of running.summary) print(line);
      print(`Ready in ${((performance.now() - started) / 1000).toFixed(1)} s. Ctrl-C stops everything.\n`);
      const failed = await running.ended;
      await running.stop();
      print('Stopped.');
      process.exit(failed === undefined ? 0 : 1);
    });
