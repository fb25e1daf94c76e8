import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { ConfigError } from '../errors.ts';
import { api } from './api.ts';
import { backlog, pause, resume, retry } from './backlog.ts';
import { deliveries, rejected } from './deliveries.ts';
import { events } from './events.ts';
import { migrate } from './migrate.ts';
import { newCommand } from './new.ts';
import { send } from './send.ts';
import { sources } from './sources.ts';
import { start } from './start.ts';
import { verify } from './verify.ts';
import { worker } from './worker.ts';
import { endWithReader, warn } from './print.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('everhook')
  .description('Webhooks in, durable workflows out.')
  .version(version)
  .showHelpAfterError()
  .configureHelp({ sortSubcommands: false })
  .enablePositionalOptions();

const journal = [events, deliveries, rejected, backlog, pause, resume, retry];
for (const command of [start, api, worker, migrate, sources, send, verify, newCommand, ...journal]) {
  program.addCommand(command());
}

endWithReader();
try {
  await program.parseAsync();
} catch (error) {
  // What the user can mend is a message; all else is a bug, and wants its stack.
  if (!(error instanceof ConfigError)) warn(String((error as Error).stack ?? error));
  else for (const line of error.message.split('\n')) warn(`everhook: ${line}`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
