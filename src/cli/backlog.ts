import { Argument, Command, InvalidArgumentError } from 'commander';
import { hasNameForm } from '../config.ts';
import type { Pool } from 'pg';
import { ConfigError } from '../errors.ts';
import {
  countParked,
  hasRunsOf,
  latestRun,
  pause as pauseRoute,
  resume as resumeRoute,
  retryParked,
  type ParkedFilter,
} from '../journal/operate.ts';
import { backlogOf, findEvent } from '../journal/search.ts';
import { gatewayOption } from './gateway.ts';
import {
  age,
  byOption,
  eventRef,
  jsonOption,
  nameOfEvent,
  nothing,
  printJson,
  printTable,
  visible,
  whyOption,
  withJournal,
  type EventRef,
  type JournalOptions,
} from './journal.ts';
import { print, warn } from './print.ts';

/** `everhook backlog`: what waits for its start, for its turn, or for a person. */
export const backlog = (): Command =>
  new Command('backlog')
    .description('what waits: for its start, for its turn, or for a person')
    .addOption(gatewayOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  everhook backlog --json | jq .parked')
    .action((options: JournalOptions) =>
      withJournal(options, async (pool) => {
        const { waiting, parked, paused } = await backlogOf(pool);
        if (options.json) return printJson({ waiting, parked, paused });
        if (waiting.length + parked.length + paused.length === 0) return print('Nothing waits.');
        if (waiting.length > 0) {
          printTable(
            ['accepted', 'row', 'kind', 'oldest', ''],
            waiting.map(({ source, route, kind, runs, oldest, paused: held }) => [
              String(runs),
              `${source}/${route}`,
              kind,
              age(oldest),
              held ? 'paused' : '',
            ]),
          );
        }
        if (parked.length > 0) {
          print();
          printTable(
            ['parked', 'source', 'reason'],
            parked.map(({ source, reason, runs }) => [String(runs), source, reason]),
          );
          print('Retry: everhook retry <source>:<event id>, or --source <name> --reason <reason>');
        }
        if (paused.length > 0) {
          print();
          printTable(
            ['paused', 'by', 'since', 'why'],
            paused.map(({ source, route, by, at, why }) => [nameOf(source, route), by, age(at), why ?? '']),
          );
        }
      }),
    );

interface ChangeOptions extends JournalOptions {
  readonly by: string;
  readonly why?: string;
}

const held = (): Argument =>
  new Argument('<source[/route]>', 'a source, or one row of it: stripe/invoice.paid').argParser(heldOf);

/** `everhook pause`: events are taken, and stay accepted. */
export const pause = (): Command =>
  new Command('pause')
    .description('hold back a source, or one row of it: events are taken, and stay accepted')
    .addArgument(held())
    .addOption(gatewayOption())
    .addOption(whyOption())
    .addOption(byOption())
    .addHelpText(
      'after',
      '\nWithin a second, in every process.\n\nExample:\n  everhook pause stripe/invoice.paid --why "mailer is down"',
    )
    .action(({ source, route }: Held, options: ChangeOptions) =>
      withJournal(options, async (pool, { sources: all, routes }) => {
        const sources = Object.keys(all);
        if (!sources.includes(source))
          throw new ConfigError(`no source ${source}; there are ${sources.join(', ')}`);
        await requireRow(pool, { source, route }, Object.keys(routes[source] ?? {}));
        await pauseRoute(
          pool,
          { source, route },
          { by: options.by, ...(options.why !== undefined && { why: options.why }) },
        );
        print(`${nameOf(source, route)} is paused. Later: everhook resume ${nameOf(source, route)}`);
      }),
    );

/** A row of today's routes, or of an earlier gateway, whose runs may wait. */
async function requireRow(pool: Pool, { source, route }: Held, rows: readonly string[]): Promise<void> {
  if (route === '' || rows.includes(route) || (await hasRunsOf(pool, { source, route }))) return;
  throw new ConfigError(`no row ${source}/${route}; there are ${rows.join(', ') || 'none'}`);
}

/** `everhook resume`. */
export const resume = (): Command =>
  new Command('resume')
    .description('let go of what was paused')
    .addArgument(held())
    .addOption(gatewayOption())
    .addHelpText('after', '\nExample:\n  everhook resume stripe')
    .action(({ source, route }: Held, options: JournalOptions) =>
      withJournal(options, async (pool) => {
        if (await resumeRoute(pool, { source, route })) print(`${nameOf(source, route)} goes on.`);
        else nothing(`${nameOf(source, route)} was not paused: see everhook backlog`);
      }),
    );

/** `everhook retry`: parked runs try again, under their own ids. */
export const retry = (): Command =>
  new Command('retry')
    .description('let parked runs try again, under their own ids')
    .addArgument(new Argument('[event]', '<source>:<event id>').argParser(eventRef))
    .addOption(gatewayOption())
    .option('-s, --source <name>', 'all that are parked of this source')
    .option('-r, --reason <reason>', 'parked for this reason: payload_unexpected')
    .option('--yes', 'do it, also for more than one; without, their number is shown')
    .addOption(whyOption())
    .addOption(byOption())
    .addHelpText(
      'after',
      '\nExit code: 1 where nothing tries again.\n\nExamples:\n  everhook retry shop:o-1\n  everhook retry --source shop --reason payload_unexpected --yes',
    )
    .action((event: EventRef | undefined, options: RetryOptions) =>
      withJournal(options, async (pool, gateway) => {
        const sources = Object.keys(gateway.sources);
        const { source = event?.source, reason, yes, by, why } = options;
        if (source === undefined || (event && options.source !== undefined)) {
          throw new ConfigError('name one event, or --source');
        }
        if (!event && !sources.includes(source)) {
          throw new ConfigError(`no source ${source}; there are ${sources.join(', ')}`);
        }
        const id = event && (await findEvent(pool, event));
        if (event && id === undefined) return nothing(`No event ${nameOfEvent(event)}`);
        const filter = { source, ...(id !== undefined && { id }), ...(reason !== undefined && { reason }) };
        const count = await countParked(pool, filter);
        if (count === 0) return nothing(await whyNot(pool, filter));
        if (!event && count > 1 && !yes) {
          warn(`${countOf(count)} would try again. With --yes they do.`);
          process.exitCode = 1;
          return;
        }
        const tried = await retryParked(pool, filter, { by, ...(why !== undefined && { why }) });
        print(`${countOf(tried)} will try again.`);
      }),
    );

interface RetryOptions extends ChangeOptions {
  readonly source?: string;
  readonly reason?: string;
  readonly yes?: boolean;
}

const countOf = (runs: number): string => (runs === 1 ? '1 parked run' : `${runs} parked runs`);

/** Why there is nothing to retry. */
async function whyNot(pool: Pool, { source, id, reason }: ParkedFilter): Promise<string> {
  if (id === undefined) {
    return `No run of ${source} is parked${reason === undefined ? '' : ` for ${visible(reason)}`} that could try again: see everhook backlog`;
  }
  const name = visible(`${source}:${id}`);
  const run = await latestRun(pool, { source, id });
  if (run?.state !== 'parked') return `${name} is ${run?.state ?? 'gone'}, not parked`;
  const error = visible(run.error ?? '');
  if (run.kind !== 'none') return `${name} is parked for another reason (${error})`;
  return `${name} has no run that could try again: its row gave no usable key (${error})`;
}

interface Held {
  readonly source: string;
  readonly route: string;
}

function heldOf(text: string): Held {
  const at = text.indexOf('/');
  const held =
    at < 0 ? { source: text, route: '' } : { source: text.slice(0, at), route: text.slice(at + 1) };
  if (hasNameForm(held.source) && (at < 0 || held.route !== '')) return held;
  throw new InvalidArgumentError('write it as <source> or <source>/<row>');
}

const nameOf = (source: string, route: string): string => (route === '' ? source : `${source}/${route}`);
