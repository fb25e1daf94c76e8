import type { Pool, PoolClient } from 'pg';
import type { PlannedRun, RoutedEvent, Verdict } from '../accept.ts';
import { WebhookError } from '../errors.ts';
import type { AppenderParts } from './append.ts';
import { guardCommit } from './guard.ts';
import type { DeliveryRow, EventRow } from './rows.ts';
import type { ClaimedRun } from './run.ts';
import { insertBatch, judgeKnown } from './statements.ts';

/** A delivery on its way into the journal: its rows, and who waits for the verdicts. */
export interface Waiting {
  readonly routed: readonly RoutedEvent[];
  readonly row: DeliveryRow;
  /** As it is stored. */
  readonly body: Buffer;
  readonly events: readonly EventRow[];
  /** Since when it waits, by performance.now(). */
  readonly since: number;
  /** By Date.now(). */
  readonly deadline: number;
  readonly verdicts: (Verdict | undefined)[];
  settled: boolean;
  resolve(verdicts: readonly Verdict[]): void;
  reject(error: unknown): void;
}

type Parts = Pick<AppenderParts, 'pool' | 'owner' | 'leaseSeconds' | 'hasRoom' | 'handOver' | 'observer'>;

/**
 * Writes a batch in one statement, and answers what is all new; asks a second one what the rest is, and answers
 * that. Throws what PostgreSQL says, and Error where nobody knows whether it was committed.
 */
export async function writeBatch(batch: readonly Waiting[], parts: Parts): Promise<void> {
  const client = await connect(parts.pool, batch);
  const guard = guardCommit(client, Math.max(...batch.map(({ deadline }) => deadline)));
  try {
    const { rows } = await client.query<Inserted>(insertStatement(batch, parts));
    guard.requireClean();
    const known = settleNew(batch, rows, parts);
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

function insertStatement(batch: readonly Waiting[], { owner, leaseSeconds, hasRoom }: Parts) {
  const first = new Map<string, EventRow>();
  const echoes = new Set<string>();
  for (const { events } of batch) {
    for (const row of events) {
      // The same event twice in one batch: the second is judged when the first is there.
      const name = nameOf(row);
      if (first.has(name)) continue;
      first.set(name, row);
      const leased = row.state === 'accepted' && hasRoom(row);
      row.lease_seconds = leased ? leaseSeconds : 0;
      row.leased_by = leased ? owner : undefined;
      if (row.echo === undefined) continue;
      const echo = `${row.source}:${row.echo}`;
      row.echoed = echoes.has(echo);
      echoes.add(echo);
    }
  }
  return { name: 'everhook-insert', text: insertBatch, values: valuesOf(batch, [...first.values()]) };
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
  for (const { row, body } of batch) {
    row.body_at = at;
    row.stored_bytes = body.length;
    at += body.length;
  }
  const bodies = Buffer.concat(batch.map(({ body }) => body));
  return [JSON.stringify(batch.map(({ row }) => row)), JSON.stringify(events), bodies];
}

interface Known {
  readonly one: Waiting;
  readonly row: EventRow;
}

/** Answers what is all new, and hands it over; gives the events that were there before. */
function settleNew(batch: readonly Waiting[], inserted: readonly Inserted[], parts: Parts): Known[] {
  const runs = new Map(inserted.map((row) => [nameOf(row), row]));
  const known: Known[] = [];
  const fresh: ClaimedRun[] = [];
  for (const one of batch) {
    for (const [position, row] of one.events.entries()) {
      const name = nameOf(row);
      const run = runs.get(name);
      if (run === undefined) {
        known.push({ one, row });
        continue;
      }
      // Of two in one batch the first was written.
      runs.delete(name);
      one.verdicts[position] ??= row.state === 'ignored' ? 'ignored' : 'new';
      if (run.possible_replay) parts.observer.possibleReplay(row.source);
      if (row.leased_by !== undefined) fresh.push(claimed(run.run, row, one));
    }
    answerWhenJudged(one);
  }
  if (fresh.length > 0) parts.handOver(fresh);
  return known;
}

interface Judged {
  readonly delivery_id: string;
  readonly position: number;
  readonly verdict: 'duplicate' | 'conflict' | null;
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

function claimed(id: string, row: EventRow, { routed, body }: Waiting): ClaimedRun {
  const { event, plan } = routed[row.position]!;
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
    ...(row.workflow_id !== undefined && { workflowId: row.workflow_id }),
    ...(row.turn !== undefined && { turn: row.turn }),
    ...(row.turn_key !== undefined && { turnKey: row.turn_key }),
    attempts: 1,
    mayBeStarted: false,
    event: () => Promise.resolve(event),
    bytes: body.length,
  };
}
