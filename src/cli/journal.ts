import { userInfo } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Pool } from 'pg';
import { readConfig } from '../config.ts';
import { readAddresses } from '../dev/addresses.ts';
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
  work: (pool: Pool, sources: readonly string[]) => Promise<void>,
): Promise<void> {
  const gateway = await loadGateway(file);
  const config = readConfig(gateway);
  if (config.mode === 'direct')
    throw new ConfigError('EVERHOOK_MODE is direct: there is no journal to look into');
  const databaseUrl = config.setting('DATABASE_URL') ?? (await readAddresses(config.home))?.database;
  if (databaseUrl === undefined) {
    throw new ConfigError(
      'DATABASE_URL is not set, and no "everhook start" runs here: no journal to look into',
    );
  }
  const pool = createPool(databaseUrl, { name: 'everhook-cli', connections: 3 });
  try {
    const [doubt] = await checkJournal(pool, { development: true });
    if (doubt?.startsWith('the journal could not be checked')) {
      throw new ConfigError(`DATABASE_URL: the journal does not answer: ${doubt}`);
    }
    await work(pool, Object.keys(gateway.sources));
  } finally {
    await pool.end();
  }
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

/** `<source>:<event id>`, as answers, logs and workflow ids have it. */
export function eventRef(text: string): { source: string; id: string } {
  const at = text.indexOf(':');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('write it as <source>:<event id>');
  const id = text.slice(at + 1);
  return { source: text.slice(0, at), id: unescaped(id) };
}

// A workflow id is escaped; an event id that only looks so is found by its own escape, `%25`.
function unescaped(id: string): string {
  try {
    return /%[0-9A-F]{2}/.test(id) ? decodeURIComponent(id) : id;
  } catch {
    return id;
  }
}

/** Rows as a table for people: columns as wide as their widest cell. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

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
