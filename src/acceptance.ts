import type { Client } from '@temporalio/client';
import type { Accept, Keep } from './accept.ts';
import { createJournalMetrics } from './admin/journal-metrics.ts';
import type { Metrics } from './admin/metrics.ts';
import type { Config } from './config.ts';
import type { Gateway } from './define.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import { ConfigError } from './errors.ts';
import { createPool } from './journal/connection.ts';
import { createKeeper } from './journal/keeper.ts';
import { checkJournal, leaseSeconds, openJournal } from './journal/open.ts';
import { retentionRules } from './journal/retention.ts';
import { startRetention } from './journal/retention-walker.ts';
import type { JournalSource } from './journal/rows.ts';
import type { Logger } from './log.ts';
import { acceptDirectly } from './temporal/direct.ts';
import { createRetention } from './temporal/retention.ts';
import { createRing } from './temporal/ring.ts';
import { createStart } from './temporal/start.ts';

/** What makes deliveries durable, in the mode that was chosen. */
export interface Acceptance {
  readonly accept: Accept;
  /** Undefined in direct mode, where logs and metrics tell of refusals. */
  readonly keep?: Keep;
  /** Undefined in direct mode. */
  readonly journalServes?: () => Promise<boolean>;
  /** Up to when a source has forgotten events, by their own time; undefined in direct mode. */
  readonly forgottenUpTo?: (source: string) => Date | undefined;
  /** Finishes what is under way, and closes what it opened. */
  close(): Promise<void>;
}

/** Retention has one connection, and does not wait for a lock longer than this, in milliseconds. */
const retentionLockMs = 1000;

export interface AcceptanceParts {
  readonly gateway: Gateway;
  readonly config: Config;
  readonly client: Client;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Direct mode: accepting is the Temporal start. Journal mode puts the commit in front of it, and starts the
 * runs afterwards. Throws ConfigError.
 */
export async function assembleAcceptance(parts: AcceptanceParts): Promise<Acceptance> {
  const { config, client, metrics } = parts;
  const start = createStart(client);
  if (config.mode === 'direct') {
    return { accept: acceptDirectly(start, metrics.observeStart), close: () => Promise.resolve() };
  }
  const { observer, retained, watch } = createJournalMetrics(metrics.registry);
  const sources = journalSources(parts.gateway, config);
  const databaseUrl = requireDatabase(config);
  const journal = openJournal({ databaseUrl, sources, observer });
  try {
    for (const doubt of await checkJournal(journal.pool, config)) parts.log.warn({ doubt }, 'the journal');
  } catch (error) {
    await journal.close();
    throw error;
  }
  const dispatcher = createDispatcher({
    claims: journal.claims,
    start,
    ring: createRing(client),
    leaseSeconds,
    retentionSeconds: createRetention(client),
    log: parts.log,
    observe: metrics.observeStart,
  });
  journal.dispatchTo(dispatcher);
  const keeper = createKeeper({ pool: journal.pool, sources, log: parts.log, limits: config.quarantine });
  const retentionPool = createPool(databaseUrl, {
    name: 'everhook-retention',
    connections: 1,
    lockMs: retentionLockMs,
  });
  const retention = await startRetention({
    pool: retentionPool,
    client,
    rules: retentionRules(parts.gateway.sources, config.sources),
    sources: config.sources,
    log: parts.log,
    observer: retained,
  });
  watch({
    claims: journal.claims,
    dispatcher,
    waiting: () => journal.appender.waiting,
    dropped: () => keeper.dropped(),
  });
  return {
    accept: journal.accept,
    keep: keeper.keep,
    journalServes: journal.serves,
    forgottenUpTo: retention.forgottenUpTo,
    async close() {
      await Promise.all([dispatcher.stop(), keeper.close(), retention.stop()]);
      await Promise.all([journal.close(), retentionPool.end()]);
    },
  };
}

/** `DATABASE_URL`. Throws ConfigError where it is missing. */
export function requireDatabase({ setting }: Pick<Config, 'setting'>): string {
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl !== undefined) return requirePostgresUrl(databaseUrl);
  throw new ConfigError(
    'DATABASE_URL is not set: the journal is there. EVERHOOK_MODE=direct goes without, and starts runs before it answers',
  );
}

/** What the journal needs to know of the sources that are on. */
export const journalSources = (
  { sources }: Gateway,
  { sources: names, encryption: keys }: Pick<Config, 'sources' | 'encryption'>,
): Record<string, JournalSource> =>
  Object.fromEntries(
    names.map((name) => {
      const { provider, options } = sources[name]!;
      return [name, { provider, refuseReplays: options.refuseReplays ?? false, keys }];
    }),
  );

/** The value stays out of the message: it holds a password. */
function requirePostgresUrl(value: string): string {
  if (URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol)) return value;
  throw new ConfigError('DATABASE_URL must be postgres://user:password@host:port/database');
}
