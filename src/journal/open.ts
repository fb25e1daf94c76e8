import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import type { Accept } from '../accept.ts';
import { ConfigError } from '../errors.ts';
import { versionOf } from '../postgres/migrate.ts';
import { createAppender, type AppendObserver, type Appender } from './append.ts';
import { createClaims, type Claims } from './claims.ts';
import { createPool } from './connection.ts';
import type { JournalSource } from './rows.ts';
import type { ClaimedRun } from './run.ts';
import { journalSchema, journalVersion } from './schema.ts';

/** Commits of one API process under way at once, and its connections for all else. */
const appendConnections = 2;
const otherConnections = 4;
/** How long a claimed run is this process's alone; what it leaves undone is then anybody's. */
export const leaseSeconds = 30;

/** Where accepted runs go at once, once there is somebody to take them. */
export interface HandOver {
  hasRoom(run: { readonly source: string; readonly route: unknown }): boolean;
  handOver(runs: readonly ClaimedRun[]): void;
}

export interface Journal {
  readonly accept: Accept;
  readonly claims: Claims;
  /** Connections for all but the way of a delivery. */
  readonly pool: Pool;
  readonly appender: Appender;
  /** Accepted runs wait in the table until this is called. */
  dispatchTo(handOver: HandOver): void;
  /** Whether PostgreSQL answers; may take a second and a half, never throws. */
  serves(): Promise<boolean>;
  close(): Promise<void>;
}

export interface JournalParts {
  readonly databaseUrl: string;
  readonly sources: Readonly<Record<string, JournalSource>>;
  readonly observer: AppendObserver;
}

/** Opens the journal of one API process. Connects at first use. */
export function openJournal({ databaseUrl, sources, observer }: JournalParts): Journal {
  const owner = `${hostname()} ${process.pid} ${randomBytes(4).toString('hex')}`;
  const appendPool = createPool(databaseUrl, { name: 'everhook-append', connections: appendConnections });
  const pool = createPool(databaseUrl, { name: 'everhook', connections: otherConnections });
  let target: HandOver = { hasRoom: () => false, handOver: () => undefined };
  let closed: Promise<void> | undefined;
  const appender = createAppender({
    pool: appendPool,
    connections: appendConnections,
    sources,
    owner,
    leaseSeconds,
    hasRoom: (run) => target.hasRoom(run),
    handOver: (runs) => target.handOver(runs),
    observer,
  });
  return {
    accept: ({ source, delivery, events, deadline }) =>
      appender.append({ source, delivery, events }, deadline),
    claims: createClaims({ pool, sources, owner, leaseSeconds }),
    pool,
    appender,
    dispatchTo(handOver) {
      target = handOver;
    },
    serves: () =>
      pool.query('select 1').then(
        () => true,
        () => false,
      ),
    close: () => (closed ??= Promise.all([appendPool.end(), pool.end()]).then(() => undefined)),
  };
}

/**
 * Looks whether the journal can be used, and how durable it is. Gives doubts, for the log. Throws
 * ConfigError where its schema is not there, or older than this code.
 */
export async function checkJournal(
  pool: Pool,
  { development }: { development: boolean },
): Promise<readonly string[]> {
  try {
    const version = await versionOf(pool, journalSchema);
    if (version < journalVersion) {
      throw new ConfigError(
        `the journal's schema has version ${version}, and ${journalVersion} is needed: run "everhook migrate"`,
      );
    }
    const { rows } = await pool.query<{ fsync: string; standbys: string }>(
      `select current_setting('fsync') fsync, current_setting('synchronous_standby_names') standbys`,
    );
    const { fsync, standbys } = rows[0]!;
    return [
      ...(fsync === 'on' ? [] : ['PostgreSQL runs with fsync off: a crash of its machine loses events']),
      ...(standbys !== '' || development
        ? []
        : ['PostgreSQL has no synchronous standby: a failover may lose what was acknowledged last']),
    ];
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code = '', message } = error as { code?: string; message: string };
    // Classes for authorization and databases that are not there: no waiting mends them.
    if (/^(28|3D)...$/.test(code)) {
      throw new ConfigError(`DATABASE_URL: the journal's database cannot be used: ${message || code}`, {
        cause: error,
      });
    }
    return [`the journal could not be checked (${message || code}); deliveries get 503 while it is away`];
  }
}
