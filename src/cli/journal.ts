import { userInfo } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Pool } from 'pg';
import { readConfig, type Config } from '../config.ts';
import type { Gateway } from '../define.ts';
import { readAddresses } from '../dev/addresses.ts';
import { developmentKey } from '../dev/encryption-key.ts';
import type { Keys } from '../encryption/keys.ts';
import { ConfigError } from '../errors.ts';
import { createPool } from '../journal/connection.ts';
import { checkJournal } from '../journal/open.ts';
import { loadGateway } from './gateway.ts';
import { print, warn } from './print.ts';

/** Options that every command over the journal has. */
export interface JournalOptions {
  readonly gateway?: string;
  readonly json?: boolean;
}

/**
 * Runs a command over the journal: that of `DATABASE_URL`, else of the running `everhook start`. Throws
 * ConfigError where there is none, or in direct mode.
 */
export async function withJournal(
  { gateway: file }: JournalOptions,
  work: (pool: Pool, gateway: Gateway, keys: () => Promise<Keys>) => Promise<void>,
): Promise<void> {
  const gateway = await loadGateway(file);
  const config = readConfig(gateway);
  if (config.mode === 'direct')
    throw new ConfigError('EVERHOOK_MODE is direct: there is no journal to look into');
  const given = config.setting('DATABASE_URL');
  const databaseUrl = given ?? (await readAddresses(config.home))?.database;
  if (databaseUrl === undefined) {
    throw new ConfigError(
      'DATABASE_URL is not set, and no "everhook start" runs here: no journal to look into',
    );
  }
  const pool = createPool(databaseUrl, { name: 'everhook-cli', connections: 3 });
  try {
    const [doubt] = await checkJournal(pool, { development: true });
    if (doubt?.startsWith('the journal could not be checked')) {
      const where =
        given === undefined ? `the "everhook start" of ${config.home} seems to have died` : 'DATABASE_URL';
      throw new ConfigError(`${where}: the journal does not answer: ${doubt}`);
    }
    await work(pool, gateway, () => keysOf(config, given === undefined));
  } finally {
    await pool.end();
  }
}

/** Beside a running `everhook start` the key is the one that it made. */
async function keysOf({ encryption, home }: Config, development: boolean): Promise<Keys> {
  if (!development || encryption.current !== undefined) return encryption;
  return { ...encryption, current: await developmentKey(home) };
}

export const jsonOption = (): Option => new Option('--json', 'for scripts: one JSON document');

export const limitOption = (): Option =>
  new Option('-n, --limit <n>', 'so many at most').default(50).argParser((text: string) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= 1000) return number;
    throw new InvalidArgumentError('a whole number from 1 to 1000');
  });

/** `2026-11-20`, `2026-11-20T10:00Z`, or so long ago: `90s`, `15m`, `2h`, `3d`. */
export function moment(text: string): Date {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[(ago?.[2] ?? 's') as 's' | 'm' | 'h' | 'd'];
  const date = ago ? new Date(Date.now() - Number(ago[1]) * unit * 1000) : new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('a date (2026-11-20T10:00Z), or so long ago (15m, 2h, 3d)');
}

export const byOption = (): Option =>
  new Option('--by <name>', 'who asks for it; kept with the change').default(userName(), 'your user name');

export const whyOption = (): Option => new Option('--why <text>', 'why; kept with the change');

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** An event as a person names it: its source, and the ids that may be meant, the likeliest first. */
export interface EventRef {
  readonly source: string;
  readonly ids: readonly [string, ...string[]];
}

/**
 * `<source>:<event id>`, as lists and logs have it, or the workflow id, as answers and Temporal have it:
 * that one is escaped, and a repetition's ends in `~2`. An id that is there as it was typed comes first.
 */
export function eventRef(given: string): EventRef {
  // As links have it: no source has a % in its name.
  const text = given.replace(/^([^:%]+)%3A/i, '$1:');
  const at = text.indexOf(':');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('write it as <source>:<event id>');
  const id = text.slice(at + 1);
  const meant = unescaped(id.replace(/~[1-9]\d*$/, ''));
  return { source: text.slice(0, at), ids: meant === id || meant === '' ? [id] : [id, meant] };
}

function unescaped(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** `<source>:<event id>`, for messages. */
export const nameOfEvent = ({ source, ids }: EventRef): string => visible(`${source}:${ids[0]}`);

/**
 * Text from outside, for a terminal: control characters, which could rewrite what a person reads or run what
 * the terminal offers, and those that turn the direction of text show as their numbers.
 */
export const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Rows as a table for people: columns as wide as their widest cell. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows.map((row) => row.map(visible))];
  const widths = head.map((_title, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const row of lines) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** JSON escapes control characters by itself, but for DEL and those after it. */
export const printJson = (value: unknown): void =>
  print(
    JSON.stringify(value, null, 2).replace(
      /[\u007f-\u009f]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );

/** Nothing was found: says so, and exits with 1. */
export function nothing(message: string): void {
  warn(message);
  process.exitCode = 1;
}

const pad = (number: number): string => String(number).padStart(2, '0');

/** `2026-11-20 10:00:00`, in local time. */
export function when(date: Date): string {
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `12 s`, `3 min`, `5 h`, `2 d`: since then. */
export function age(date: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - date.getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
