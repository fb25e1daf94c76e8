import type { Pool } from 'pg';
import type { RoutedEvent, Verdict } from '../accept.ts';
import { WebhookError } from '../errors.ts';
import type { Delivery } from '../providers/provider.ts';
import { writeBatch, type Waiting } from './batch.ts';
import { deliveryRow, eventRow, storedBody, type JournalSource } from './rows.ts';
import type { ClaimedRun } from './run.ts';

/** How many deliveries, events and bytes share one commit at most. */
const batchDeliveries = 256;
const batchEvents = 1024;
const batchBytes = 32 * 1024 * 1024;

/** From so many on a batch leaves in the middle of a turn, so that PostgreSQL works while this process reads on. */
const earlyDeliveries = 12;
/** How long a few wait for a commit that is under way before they take a connection of their own, in milliseconds. */
const patienceMs = 20;

/** What is appended: a delivery that has been proven and read, and what the routes decided. */
export interface Entry {
  readonly source: string;
  readonly delivery: Delivery;
  readonly events: readonly RoutedEvent[];
}

/** How the journal tells of its commits, for metrics. */
export interface AppendObserver {
  committed(batch: { readonly seconds: number; readonly deliveries: number }): void;
  failed(reason: string): void;
  possibleReplay(source: string): void;
}

export interface AppenderParts {
  readonly pool: Pool;
  /** Commits under way at once. */
  readonly connections: number;
  readonly sources: Readonly<Record<string, JournalSource>>;
  /** Who holds the lease of what is handed over. */
  readonly owner: string;
  readonly leaseSeconds: number;
  /** Whether the dispatcher has room; what it has none for waits in the table. */
  readonly hasRoom: (run: { readonly source: string; readonly route: unknown }) => boolean;
  /** Takes the runs that were just committed, leased to `owner`. */
  readonly handOver: (runs: readonly ClaimedRun[]) => void;
  readonly observer: AppendObserver;
}

export interface Appender {
  /**
   * Commits a delivery with its events and runs, all or none; gives a verdict for each event, in order.
   * Throws WebhookError: `not_durable` where it was not committed by the deadline, or nobody knows;
   * `payload_unreadable` where PostgreSQL cannot hold it.
   */
  append(entry: Entry, deadline: Date): Promise<readonly Verdict[]>;
  /** Deliveries that wait for a commit. */
  readonly waiting: number;
}

/**
 * The group commit: deliveries that arrive while one commit is under way share the next. A delivery costs
 * its share of one statement, which is also one transaction.
 */
export function createAppender(parts: AppenderParts): Appender {
  const waiting: Waiting[] = [];
  const underWay = { commits: 0, deliveries: 0 };
  let scheduled = false;
  let patience: NodeJS.Timeout | undefined;

  const losePatience = () => {
    patience = undefined;
    schedule();
  };
  const isFree = () => underWay.commits < parts.connections;
  // A few beside many would only make the many wait: they go with those that come meanwhile, for a while.
  const isDue = () => {
    const [oldest] = waiting;
    if (oldest === undefined || !isFree()) return false;
    const enough = Math.min(underWay.deliveries / 2, earlyDeliveries);
    return waiting.length >= enough || performance.now() - oldest.since >= patienceMs;
  };
  // What arrives in one turn of the event loop goes into one batch, also the first.
  const schedule = () => {
    if (scheduled) return;
    if (!isDue()) {
      if (waiting.length > 0 && isFree()) patience ??= setTimeout(losePatience, patienceMs);
      return;
    }
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (isDue()) void commit(takeBatch(waiting));
    });
  };
  const commit = async (batch: readonly Waiting[]) => {
    underWay.commits += 1;
    underWay.deliveries += batch.length;
    try {
      await commitBatch(batch, parts);
    } finally {
      underWay.commits -= 1;
      underWay.deliveries -= batch.length;
      schedule();
    }
  };

  return {
    get waiting() {
      return waiting.length;
    },
    append(entry, deadline) {
      return new Promise<readonly Verdict[]>((resolve, reject) => {
        waiting.push(prepare(entry, deadline, parts, { resolve, reject }));
        if (waiting.length >= earlyDeliveries && isFree()) void commit(takeBatch(waiting));
        else schedule();
      });
    },
  };
}

function prepare(
  entry: Entry,
  deadline: Date,
  { sources, observer }: AppenderParts,
  promise: Pick<Waiting, 'resolve' | 'reject'>,
): Waiting {
  const source = sources[entry.source]!;
  const row = deliveryRow(entry.source, entry.delivery, source, entry.events.length === 0);
  const settle = (finish: () => void) => {
    if (one.settled) return;
    one.settled = true;
    clearTimeout(timer);
    finish();
  };
  const one: Waiting = {
    routed: entry.events,
    row,
    body: storedBody(entry.delivery.body, source),
    events: entry.events.map((event, position) => eventRow(event, position, row.id, source)),
    since: performance.now(),
    deadline: deadline.getTime(),
    verdicts: entry.events.map(() => undefined),
    settled: false,
    resolve: (verdicts) => settle(() => promise.resolve(verdicts)),
    reject: (error) => settle(() => promise.reject(error)),
  };
  const timer = setTimeout(() => {
    observer.failed('journal_slow');
    one.reject(new WebhookError('not_durable', { reason: 'journal_slow' }));
  }, one.deadline - Date.now());
  return one;
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let [deliveries, events, bytes] = [0, 0, 0];
  for (const { events: own, row } of waiting) {
    events += own.length;
    bytes += row.body_bytes;
    const full = deliveries >= batchDeliveries || events > batchEvents || bytes > batchBytes;
    if (full && deliveries > 0) break;
    deliveries += 1;
  }
  // Whoever has been told no is not written behind its back.
  return waiting.splice(0, deliveries).filter(({ settled }) => !settled);
}

/** Commits a batch, and splits it where PostgreSQL refuses one of its rows. Never throws. */
async function commitBatch(batch: readonly Waiting[], parts: AppenderParts, retry = true): Promise<void> {
  if (batch.length === 0) return;
  const began = performance.now();
  try {
    await writeBatch(batch, parts);
    parts.observer.committed({ seconds: (performance.now() - began) / 1000, deliveries: batch.length });
  } catch (error) {
    const { code = '' } = error as { code?: string };
    // deadlock_detected, serialization_failure
    if (retry && ['40P01', '40001'].includes(code)) {
      const left = batch.filter(({ settled }) => !settled);
      return await commitBatch(left, parts, false);
    }
    if (!isDataError(code)) return refuseAll(batch, parts, error);
    if (batch.length === 1) {
      const refusal = new WebhookError('payload_unreadable', {
        reason: 'text_unstorable',
        note: code,
        cause: error,
      });
      return batch[0]!.reject(refusal);
    }
    const left = batch.filter(({ settled }) => !settled);
    const half = Math.ceil(left.length / 2);
    await commitBatch(left.slice(0, half), parts);
    await commitBatch(left.slice(half), parts);
  }
}

// Classes 22 and 23, the data and the constraints; 54000, a row too large for an index.
const isDataError = (code: string): boolean => /^2[23]...$/.test(code) || code === '54000';

function refuseAll(batch: readonly Waiting[], { observer }: AppenderParts, cause: unknown): void {
  const note = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
  observer.failed('journal_unavailable');
  for (const one of batch) {
    one.reject(new WebhookError('not_durable', { reason: 'journal_unavailable', note, cause }));
  }
}
