import type { Pool, PoolClient } from 'pg';
import type { PlannedRun, RoutedEvent, Verdict } from '../accept.ts';
import { WebhookError } from '../errors.ts';
import type { Delivery } from '../providers/provider.ts';
import { guardCommit } from './guard.ts';
import {
  deliveryRow,
  eventRow,
  storedBody,
  type DeliveryRow,
  type EventRow,
  type JournalSource,
} from './rows.ts';
import type { ClaimedRun } from './run.ts';
import { insertBatch, judgeKnown } from './statements.ts';

/** How many deliveries, events and bytes share one commit at most. */
const batchDeliveries = 256;
const batchEvents = 1024;
const batchBytes = 32 * 1024 * 1024;

/** From so many on a batch leaves at once, in the middle of a turn of the event loop. */
const earlyDeliveries = 8;

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
  let underWay = 0;
  let scheduled = false;

  // What arrives in one turn of the event loop goes into one batch, also the first.
  const schedule = () => {
    if (scheduled || underWay >= parts.connections || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (underWay < parts.connections && waiting.length > 0) void commit(takeBatch(waiting));
    });
  };
  const commit = async (batch: readonly Waiting[]) => {
    underWay += 1;
    try {
      await commitBatch(batch, parts);
    } finally {
      underWay -= 1;
      schedule();
    }
  };

  return {
    get waiting() {
      return waiting.length;
    },
    append(entry, deadline) {
      return new Promise<readonly Verdict[]>((resolve, reject) => {
        const one = prepare(entry, deadline, parts, { resolve, reject });
        waiting.push(one);
        // Enough to keep PostgreSQL busy while this process reads the rest.
        if (waiting.length >= earlyDeliveries && underWay < parts.connections)
          void commit(takeBatch(waiting));
        else schedule();
      });
    },
  };
}

/** A delivery in the queue, its rows made. */
interface Waiting {
  readonly entry: Entry;
  readonly row: DeliveryRow;
  readonly body: Buffer;
  readonly events: readonly EventRow[];
  readonly deadline: number;
  readonly verdicts: (Verdict | undefined)[];
  settled: boolean;
  resolve(verdicts: readonly Verdict[]): void;
  reject(error: unknown): void;
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
    entry,
    row,
    body: storedBody(entry.delivery.body, source),
    events: entry.events.map((event, position) => eventRow(event, position, row.id, source)),
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
    const half = Math.ceil(batch.length / 2);
    await commitBatch(batch.slice(0, half), parts);
    await commitBatch(batch.slice(half), parts);
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

async function writeBatch(batch: readonly Waiting[], parts: AppenderParts): Promise<void> {
  const client = await connect(parts.pool, batch);
  const guard = guardCommit(client, Math.max(...batch.map(({ deadline }) => deadline)));
  /** What is handed over in memory. */
  const leased = new Set<EventRow>();
  try {
    const { rows } = await client.query<Inserted>(insertStatement(batch, parts, leased));
    guard.requireClean();
    const known = settleNew(batch, rows, parts, leased);
    if (known.length > 0) {
      const answer = await client.query<Judged>(judgeStatement(known));
      guard.requireClean();
      settleKnown(known, answer.rows);
    }
  } catch (error) {
    guard.fail();
    throw error;
  } finally {
    guard.release();
  }
}

async function connect(pool: Pool, batch: readonly Waiting[]): Promise<PoolClient> {
  const client = await pool.connect();
  if (batch.some(({ settled }) => !settled)) return client;
  client.release();
  throw new Error('nobody waits for it any more');
}

interface Inserted {
  readonly source: string;
  readonly event_id: string;
  readonly possible_replay: boolean;
  readonly run: string;
}

const nameOf = ({ source, event_id }: { source: string; event_id: string }): string =>
  `${source}:${event_id}`;

function insertStatement(batch: readonly Waiting[], parts: AppenderParts, leased: Set<EventRow>) {
  const first = new Map<string, EventRow>();
  const echoes = new Set<string>();
  for (const row of batch.flatMap(({ events }) => events)) {
    // The same event twice in one batch: the second is judged when the first is there.
    if (!first.has(nameOf(row))) first.set(nameOf(row), row);
  }
  const events = [...first.values()].map((row) => {
    const lease = row.state === 'accepted' && parts.hasRoom({ source: row.source, route: row['route'] });
    if (lease) leased.add(row);
    const echo = typeof row['echo'] === 'string' ? `${row.source}:${row['echo']}` : undefined;
    const echoed = echo !== undefined && echoes.has(echo);
    if (echo !== undefined) echoes.add(echo);
    return {
      ...row,
      echoed,
      lease_seconds: lease ? parts.leaseSeconds : 0,
      ...(lease && { leased_by: parts.owner }),
    };
  });
  return { name: 'everhook-insert', text: insertBatch, values: valuesOf(batch, events) };
}

function judgeStatement(known: readonly Known[]) {
  const batch = [...new Set(known.map(({ one }) => one))];
  const asked = known.map(
    ({ row: { delivery_id, position, source, event_id, once, type, fingerprint } }) => ({
      delivery_id,
      position,
      source,
      event_id,
      once,
      type,
      fingerprint,
    }),
  );
  return { name: 'everhook-judge', text: judgeKnown, values: valuesOf(batch, asked) };
}

function valuesOf(batch: readonly Waiting[], events: readonly object[]): [string, string, Buffer] {
  let at = 1;
  const deliveries = batch.map(({ row, body }) => {
    const placed = { ...row, body_at: at, stored_bytes: body.length };
    at += body.length;
    return placed;
  });
  const bodies = Buffer.concat(batch.map(({ body }) => body));
  return [JSON.stringify(deliveries), JSON.stringify(events), bodies];
}

interface Known {
  readonly one: Waiting;
  readonly row: EventRow;
}

/** Answers what is all new; gives the events that were there before. */
function settleNew(
  batch: readonly Waiting[],
  inserted: readonly Inserted[],
  parts: AppenderParts,
  leased: ReadonlySet<EventRow>,
): Known[] {
  const runs = new Map(inserted.map((row) => [nameOf(row), row]));
  const known: Known[] = [];
  const fresh: ClaimedRun[] = [];
  for (const one of batch) {
    for (const [position, row] of one.events.entries()) {
      const run = runs.get(nameOf(row));
      // Of two in one batch the first was written.
      runs.delete(nameOf(row));
      if (run === undefined) {
        known.push({ one, row });
        continue;
      }
      one.verdicts[position] ??= row.state === 'ignored' ? 'ignored' : 'new';
      if (run.possible_replay) parts.observer.possibleReplay(row.source);
      if (leased.has(row)) fresh.push(claimed(run.run, row, one));
    }
    answerWhenJudged(one);
  }
  if (fresh.length > 0) parts.handOver(fresh);
  return known;
}

function settleKnown(known: readonly Known[], judged: readonly Judged[]): void {
  const verdicts = new Map(judged.map((row) => [`${row.delivery_id} ${row.position}`, row.verdict]));
  for (const { one, row } of known) {
    const verdict = verdicts.get(`${row.delivery_id} ${row.position}`);
    // What the insert ran into has gone meanwhile: the sender tries once more.
    if (!verdict)
      one.reject(new WebhookError('not_durable', { reason: 'journal_unavailable', note: 'vanished' }));
    else one.verdicts[row.position] ??= verdict;
  }
  for (const { one } of known) answerWhenJudged(one);
}

function answerWhenJudged(one: Waiting): void {
  const verdicts = one.verdicts.filter((verdict) => verdict !== undefined);
  if (verdicts.length === one.verdicts.length) one.resolve(verdicts);
}

interface Judged {
  readonly delivery_id: string;
  readonly position: number;
  readonly verdict: 'duplicate' | 'conflict' | null;
}

function claimed(id: string, row: EventRow, { entry: { events, delivery } }: Waiting): ClaimedRun {
  const { event, plan } = events[row.position]!;
  const { kind, route, workflow, taskQueue, priority } = plan as PlannedRun;
  return {
    id,
    n: 1,
    source: event.source,
    route,
    kind,
    workflow,
    taskQueue,
    ...(priority !== undefined && { priority }),
    ...textsOf(row),
    attempts: 1,
    mayBeStarted: false,
    event: () => Promise.resolve(event),
    bytes: delivery.body.length,
  };
}

const textsOf = (row: EventRow) => ({
  ...(typeof row['workflow_id'] === 'string' && { workflowId: row['workflow_id'] }),
  ...(typeof row['turn'] === 'string' && { turn: row['turn'] }),
  ...(typeof row['turn_key'] === 'string' && { turnKey: row['turn_key'] }),
});
