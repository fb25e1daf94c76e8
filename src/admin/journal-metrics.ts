import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { AppendObserver } from '../journal/append.ts';
import type { Claims } from '../journal/claims.ts';
import type { RetentionObserver } from '../journal/retention-walker.ts';

/** How long the counts of the table serve every scrape, in milliseconds. */
const freshMs = 5000;

/** Metrics of journal mode, in the registry of one API process. */
export function createJournalMetrics(registry: Registry): {
  readonly observer: AppendObserver;
  readonly retained: RetentionObserver;
  /** Adds what the table and the dispatcher tell, once they are there. */
  watch(parts: {
    readonly claims: Pick<Claims, 'backlog'>;
    readonly dispatcher: Pick<Dispatcher, 'state'>;
    readonly waiting: () => number;
    /** Refused deliveries that found no room in the quarantine, since the start. */
    readonly dropped: () => number;
  }): void;
} {
  const registers = [registry];
  const commit = new Histogram({
    name: 'everhook_journal_commit_seconds',
    help: 'From a statement to its commit, in seconds.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
    registers,
  });
  const batch = new Histogram({
    name: 'everhook_journal_batch_deliveries',
    help: 'Deliveries that shared a commit.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const failures = new Counter({
    name: 'everhook_journal_failures_total',
    help: 'Commits that failed or were late, by reason: journal_unavailable, journal_slow.',
    labelNames: ['reason'],
    registers,
  });
  const replays = new Counter({
    name: 'everhook_possible_replays_total',
    help: 'New events whose signed bytes another event had before, by source.',
    labelNames: ['source'],
    registers,
  });
  const erased = new Counter({
    name: 'everhook_journal_erased_bodies_total',
    help: 'Bodies of deliveries that this process erased after their retention, by source.',
    labelNames: ['source'],
    registers,
  });
  const forgotten = new Counter({
    name: 'everhook_journal_forgotten_events_total',
    help: 'Events that this process deleted, ids included, after the memory of their source, by source.',
    labelNames: ['source'],
    registers,
  });
  return {
    retained: {
      erased: (source, bodies) => erased.inc({ source }, bodies),
      forgot: (source, events) => forgotten.inc({ source }, events),
    },
    observer: {
      committed({ seconds, deliveries }) {
        commit.observe(seconds);
        batch.observe(deliveries);
      },
      failed: (reason) => failures.inc({ reason }),
      possibleReplay: (source) => replays.inc({ source }),
    },
    watch({ claims, dispatcher, waiting, dropped }) {
      const lost: Counter = new Counter({
        name: 'everhook_quarantine_dropped_total',
        help: 'Refused deliveries that were counted and not kept, because too many came at once.',
        registers,
        collect() {
          lost.reset();
          lost.inc(dropped());
        },
      });
      let asked = { at: -Infinity, counts: Promise.resolve<Backlog | undefined>(undefined) };
      const counts = () => {
        if (performance.now() - asked.at > freshMs) {
          asked = { at: performance.now(), counts: claims.backlog().catch(() => undefined) };
        }
        return asked.counts;
      };
      gauge(
        registry,
        'everhook_backlog_runs',
        'Accepted runs that Temporal does not have yet, or keyed ones not handled.',
        async () => (await counts())?.accepted,
      );
      gauge(
        registry,
        'everhook_backlog_oldest_seconds',
        'Age of the oldest of them, fed rows aside.',
        async () => (await counts())?.oldestSeconds,
      );
      gauge(
        registry,
        'everhook_parked_runs',
        'Runs that wait for a person.',
        async () => (await counts())?.parked,
      );
      gauge(registry, 'everhook_journal_waiting_deliveries', 'Deliveries that wait for a commit.', waiting);
      gauge(
        registry,
        'everhook_dispatch_queued_runs',
        'Runs in memory that wait for their start.',
        () => dispatcher.state().queued,
      );
      gauge(
        registry,
        'everhook_dispatch_in_flight',
        'Calls of Temporal under way.',
        () => dispatcher.state().inFlight,
      );
      gauge(registry, 'everhook_dispatch_held', '1 while dispatch waits for Temporal.', () =>
        dispatcher.state().held ? 1 : 0,
      );
    },
  };
}

type Backlog = Awaited<ReturnType<Claims['backlog']>>;

function gauge(
  registry: Registry,
  name: string,
  help: string,
  value: () => number | Promise<number | undefined>,
): void {
  const one: Gauge = new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      // While the journal is away, there is no number: an old one would lie.
      const now = await value();
      if (now === undefined) one.reset();
      else one.set(now);
    },
  });
}
