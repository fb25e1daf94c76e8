import { join } from 'node:path';
import { Client } from 'pg';
import { childEnvironment, startChild } from './child.ts';
import { ensureHome } from './home.ts';
import { endings, forgetChild, recordChild } from './leftovers.ts';
import { freePort } from './ports.ts';
import { findNativeFolder } from './postgres-binaries.ts';
import { endStalePostmaster, ensureData } from './postgres-data.ts';
import { placePostgres } from './postgres-place.ts';
import { until } from './processes.ts';
import type { Environment } from '../settings.ts';
import type { Child } from './child.ts';
import type { PostgresPlace } from './postgres-place.ts';

// Recovery after a crash is part of it.
const readyMs = 60_000;
const attempts = 8;

/** What PostgreSQL is started with. */
export interface PostgresOptions {
  /** Its data is in `<home>/postgres`, its output in `<home>/logs/postgres.log`. Hold it: `acquireHome`. */
  readonly home: string;
  readonly env: Environment;
  readonly log: (line: string) => void;
  /** The port to prefer; default 5432. */
  readonly port?: number;
  /** Called once if it ends without `stop`; null when a signal ended it. */
  readonly onExit?: (code: number | null) => void;
  /** The folder with `bin`, `lib` and `share`; default the installed package's. */
  readonly native?: string;
  /** Where root keeps what user `postgres` cannot reach elsewhere; default /var/lib/everhook. */
  readonly shared?: string;
}

/** A PostgreSQL that takes connections. */
export interface PostgresServer {
  /** `postgres://postgres:<password>@127.0.0.1:<port>/everhook`; it holds the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Fast shutdown; immediate after 10 s. Harmless when repeated. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on 127.0.0.1 with a database `everhook`, making its data folder the first time and
 * recovering it after a kill; at most 60 s, without the first time's initdb. Throws ConfigError when it
 * cannot live here, or an error with its last words when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { env, log, port: first = 5432, shared = '/var/lib/everhook' } = options;
  const home = await ensureHome(options.home);
  const place = await placePostgres(
    { home, native: options.native ?? findNativeFolder(), shared },
    { env, log },
  );
  await endStalePostmaster(place.data, log);
  const password = await ensureData(home, place, { env, log });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(first, { name: 'PostgreSQL', log });
    const child = await launch(home, { place, port, env });
    const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
    try {
      await ready(child, urlOf('postgres'));
      return serve(child, { home, port, url: urlOf('everhook'), onExit: options.onExit });
    } catch (error) {
      await child.end(endings.postgres);
      await forgetChild(home, 'postgres');
      if (attempt < attempts && passing.test(child.said())) continue;
      throw new Error(
        `PostgreSQL did not start (${join(home, 'logs', 'postgres.log')}):\n${child.lastWords()}`,
        {
          cause: error,
        },
      );
    }
  }
}

// What the next try may not meet: a port taken between the look and the start, and the last children
// of a postmaster that was killed, who are still leaving.
const passing = /could not create any TCP\/IP sockets|pre-existing shared memory block/;

async function launch(
  home: string,
  { place, port, env }: { place: PostgresPlace; port: number; env: Environment },
): Promise<Child> {
  const settings = {
    listen_addresses: '127.0.0.1',
    // A socket file would be open to every user of the machine.
    unix_socket_directories: '',
    logging_collector: 'off',
    log_destination: 'stderr',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const child = await startChild({
    command: join(place.native, 'bin', 'postgres'),
    args: [
      '-D',
      place.data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: childEnvironment(env),
    logFile: join(home, 'logs', 'postgres.log'),
    user: place.user,
  });
  await recordChild(home, { name: 'postgres', pid: child.pid });
  return child;
}

async function ready(child: Child, url: string): Promise<void> {
  let failure: unknown;
  const connects = async () => {
    if (!child.running()) return true;
    failure = await ensureDatabase(url).then(
      () => undefined,
      (error: unknown) => error ?? 'no answer',
    );
    return failure === undefined;
  };
  if (!(await until(connects, { timeoutMs: readyMs })) || !child.running()) {
    throw new Error('not ready', { cause: failure });
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 2000,
    query_timeout: 20_000,
  });
  // Without a listener a connection that breaks would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query("select from pg_database where datname = 'everhook'");
    if (rowCount === 0) await client.query('create database everhook');
  } finally {
    await client.end().catch(() => undefined);
  }
}

function serve(
  child: Child,
  { home, port, url, onExit }: { home: string; port: number; url: string; onExit: PostgresOptions['onExit'] },
): PostgresServer {
  let stopping = false;
  void child.exited.then((code) => {
    if (!stopping) onExit?.(code);
  });
  return {
    url,
    port,
    pid: child.pid,
    async stop() {
      stopping = true;
      await child.end(endings.postgres);
      await forgetChild(home, 'postgres');
    },
  };
}
