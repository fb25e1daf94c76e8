import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import {
  bodyOf,
  findEvent,
  listEvents,
  showEvent,
  type EventStory,
  type RunStory,
} from '../journal/search.ts';
import { openBody } from '../encryption/credentials.ts';
import type { Keys } from '../encryption/keys.ts';
import { SealError } from '../encryption/seal.ts';
import { ConfigError } from '../errors.ts';
import {
  age,
  eventRef,
  jsonOption,
  limitOption,
  moment,
  nameOfEvent,
  nothing,
  printJson,
  printTable,
  visible,
  when,
  withJournal,
  type EventRef,
  type JournalOptions,
} from './journal.ts';
import { gatewayOption } from './gateway.ts';
import { print } from './print.ts';

/** `everhook events list|show`: did it arrive, and what became of it? */
export const events = (): Command =>
  new Command('events')
    .description('did it arrive, and what became of it?')
    .addCommand(list())
    .addCommand(show());

interface ListOptions extends JournalOptions {
  readonly source?: string;
  readonly type?: string;
  readonly key?: string;
  readonly state?: string;
  readonly label?: readonly [string, string];
  readonly since?: Date;
  readonly until?: Date;
  readonly before?: string;
  readonly limit: number;
}

const list = (): Command =>
  new Command('list')
    .description('events, newest first')
    .addOption(gatewayOption())
    .option('-s, --source <name>', 'of this source')
    .option('-t, --type <type>', 'of this type, and those below it: pull_request')
    .option('-k, --key <key>', 'about this: a payment, a repository')
    .addOption(
      new Option('--state <state>', 'in this state').choices([
        'accepted',
        'started',
        'handled',
        'ignored',
        'parked',
      ]),
    )
    .option('-l, --label <name=value>', 'with this label: customer=cus_1', label)
    .option('--since <when>', 'received at or after: 2026-11-20T10:00Z, 2h', moment)
    .option('--until <when>', 'received before', moment)
    .option('--before <row>', 'the next page: what the last one ended with', row)
    .addOption(limitOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  everhook events list --source stripe --type invoice.paid --since 1d
  everhook events list --label customer=cus_1 --json | jq -r '.[].id'
  everhook events list --state parked`,
    )
    .action((options: ListOptions) =>
      withJournal(options, async (pool) => {
        const { json, gateway: _gateway, ...filter } = options;
        const found = await listEvents(pool, filter);
        if (json) return printJson(found);
        if (found.length === 0) return nothing('No such event. Refused deliveries: everhook rejected');
        printTable(
          ['received', 'age', 'state', 'event', 'type', 'key', 'error'],
          found.map(({ receivedAt, state, source, id, type, key, error }) => [
            when(receivedAt),
            age(receivedAt),
            state,
            `${source}:${id}`,
            type,
            key ?? '',
            error?.slice(0, 80) ?? '',
          ]),
        );
        if (found.length === options.limit) print(`\nMore: --before ${found.at(-1)?.row}`);
      }),
    );

interface ShowOptions extends JournalOptions {
  readonly body?: boolean;
  readonly unseal?: boolean;
}

const show = (): Command =>
  new Command('show')
    .description('one event: its runs, its deliveries, and what contradicts it')
    .addArgument(new Argument('<event>', '<source>:<event id>, or its workflow id').argParser(eventRef))
    .addOption(gatewayOption())
    .addOption(jsonOption())
    .option('--body', 'print the bytes that were received, and nothing else')
    .option('--unseal', 'with --body: also where they hold credentials (needs EVERHOOK_ENCRYPTION_KEY)')
    .addHelpText('after', '\nExample:\n  everhook events show stripe:evt_1P…')
    .action((ref: EventRef, options: ShowOptions) =>
      withJournal(options, async (pool, _gateway, keys) => {
        const id = await findEvent(pool, ref);
        const story = id === undefined ? undefined : await showEvent(pool, ref.source, id);
        if (id === undefined || story === undefined) {
          return nothing(whereToLook(ref));
        }
        if (options.body) {
          const body = await bodyOf(pool, ref.source, id);
          if (body === undefined) return nothing(`The bytes of ${nameOfEvent(ref)} were purged`);
          if (body.sealed && !options.unseal) {
            return nothing(
              `The bytes of ${nameOfEvent(ref)} hold credentials: --unseal prints them all the same`,
            );
          }
          process.stdout.write(body.sealed ? opened(body.bytes, await keys()) : body.bytes);
          return;
        }
        if (options.json) printJson(story);
        else printStory(story);
      }),
    );

/** A keyed run, whose id answers and Temporal show, is no event: it takes those of its key. */
function whereToLook(ref: EventRef): string {
  const [source = '', workflow] = ref.source.split('~');
  if (workflow === undefined) {
    return `No event ${nameOfEvent(ref)}. Refused deliveries: everhook rejected --source ${visible(source)}`;
  }
  const key = visible(ref.ids.at(-1) ?? '').replaceAll("'", String.raw`'\''`);
  return `${nameOfEvent(ref)} is a run that takes the events of a key: everhook events list --source ${visible(source)} --key '${key}'`;
}

function opened(bytes: Buffer, keys: Keys): Buffer {
  try {
    return openBody(bytes, keys);
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause;
    throw new ConfigError(`the bytes could not be opened: ${cause.message}`, { cause });
  }
}

function printStory({ source, id, type, key, labels, occurredAt, receivedAt, ...rest }: EventStory): void {
  print(visible(`${source}:${id}`));
  print(`  type       ${visible(type)}`);
  if (key !== null) print(`  key        ${visible(key)}`);
  for (const [name, value] of Object.entries(labels ?? {}))
    print(`  ${visible(name).padEnd(10)} ${visible(value)}`);
  if (occurredAt !== null) print(`  occurred   ${when(occurredAt)}`);
  print(`  received   ${when(receivedAt)} (${age(receivedAt)} ago)`);
  if (rest.possibleReplay) print('  A possible replay: an earlier event came with the same signed bytes.');
  for (const run of rest.runs) printRun(run);
  print('deliveries');
  printTable(
    ['  received', 'verdict', 'from', 'bytes', ''],
    rest.deliveries.map(({ receivedAt: at, verdict, remoteAddress, bytes, sealed, redacted }) => [
      `  ${when(at)}`,
      verdict,
      remoteAddress ?? '',
      String(bytes),
      [sealed && 'sealed', redacted && 'redacted'].filter(Boolean).join(', '),
    ]),
  );
  for (const conflict of rest.conflicts) {
    print(`conflict   ${conflict.why} (${visible(`${source}:${conflict.id}`)}), ${when(conflict.noticedAt)}`);
  }
}

function printRun(run: RunStory): void {
  print(`run ${run.n}      ${run.state}, ${when(run.stateAt)} (${age(run.stateAt)} ago)`);
  if (run.workflow !== null)
    print(`  workflow   ${run.workflow} on ${run.taskQueue}, by the row ${visible(run.route ?? '')}`);
  if (run.workflowId !== null) print(`  id         ${visible(run.workflowId)}`);
  if (run.turn !== null)
    print(`  in turn    ${visible(run.turn)}${run.place === null ? '' : `, place ${run.place}`}`);
  if (run.state === 'accepted') {
    print(
      `  attempts   ${run.attempts}${run.nextAttemptAt === null ? '' : `, next at ${when(run.nextAttemptAt)}`}`,
    );
  }
  if (run.error !== null) print(`  error      ${visible(run.error)}`);
  if (run.requestedBy !== null)
    print(`  asked by   ${visible(run.requestedBy)}${run.why === null ? '' : `: ${visible(run.why)}`}`);
}

function label(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('write it as name=value');
  return [text.slice(0, at), text.slice(at + 1)];
}

function row(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new InvalidArgumentError('a row, as the last page ended with');
}
