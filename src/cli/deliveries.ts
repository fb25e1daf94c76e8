import { Command, Option } from 'commander';
import { listDeliveries } from '../journal/search.ts';
import { explain } from './explain.ts';
import { gatewayOption } from './gateway.ts';
import {
  age,
  jsonOption,
  limitOption,
  moment,
  nothing,
  printJson,
  printTable,
  when,
  withJournal,
  type JournalOptions,
} from './journal.ts';

interface Options extends JournalOptions {
  readonly source?: string;
  readonly verdict?: string;
  readonly reason?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly limit: number;
}

const filtered = (command: Command): Command =>
  command
    .addOption(gatewayOption())
    .option('-s, --source <name>', 'of this source')
    .option('--since <when>', 'received at or after: 2026-11-20T10:00Z, 2h', moment)
    .option('--until <when>', 'received before', moment)
    .addOption(limitOption())
    .addOption(jsonOption());

/** `everhook deliveries`: every request to a known source. */
export const deliveries = (): Command =>
  filtered(new Command('deliveries').description('requests to known sources, newest first'))
    .addOption(
      new Option('--verdict <verdict>', 'with this verdict').choices([
        'new',
        'duplicate',
        'conflict',
        'handshake',
        'refused',
      ]),
    )
    .addHelpText('after', '\nExample:\n  everhook deliveries --source github --since 1h')
    .action((options: Options) => printDeliveries(options));

/** `everhook rejected`: what was refused, and why. */
export const rejected = (): Command =>
  filtered(new Command('rejected').description('refused deliveries, newest first, and why (docs/errors.md)'))
    .option('-r, --reason <reason>', 'for this reason: signature_mismatch')
    .addHelpText(
      'after',
      `
Examples:
  everhook rejected --source stripe --reason timestamp_stale
  everhook rejected explain 019ac3f2-…`,
    )
    .action((options: Options) => printDeliveries({ ...options, verdict: 'refused' }))
    .addCommand(explain())
    // --json of explain is its own.
    .enablePositionalOptions();

const printDeliveries = (options: Options): Promise<void> =>
  withJournal(options, async (pool) => {
    const { json, gateway: _gateway, ...filter } = options;
    const found = await listDeliveries(pool, filter);
    if (json) return printJson(found);
    if (found.length === 0) return nothing('None.');
    printTable(
      ['id', 'received', 'age', 'source', 'verdict', 'from', 'bytes', 'event', 'why'],
      found.map(({ id, receivedAt, source, verdict, remoteAddress, bytes, events, code, reason, note }) => [
        id,
        when(receivedAt),
        age(receivedAt),
        source,
        verdict,
        remoteAddress ?? '',
        String(bytes),
        events.length > 1 ? `${events[0]} and ${events.length - 1} more` : (events[0] ?? ''),
        [code, reason, note].filter((part) => part !== null).join(', '),
      ]),
    );
  });
