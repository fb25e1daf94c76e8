import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Sources } from '../define.ts';
import { daysBefore, memoryDaysOf, retentionDaysOf } from '../retention.ts';
import { closedRuns } from './closed-runs.ts';
import {
  advanceWalk,
  beginWalk,
  dueAgain,
  eraseBodies,
  forgetIds,
  nextDeliveries,
  startedRuns,
} from './retention-statements.ts';

/** How many deliveries, and bytes of their bodies (64 MiB), one statement erases at most; one body may be larger. */
export const batchDeliveries = 200;
const batchBytes = 67_108_864;
/** How many deliveries are passed by at most on the way to those of the source. */
const passedBy = 2000;
/** How long later a delivery that something holds is looked at again, in seconds. */
const lookAgainSeconds = 21_600;
/** How much older than the memory an event must be, in days: clocks differ, and so do ways. */
const marginDays = 1;

/** What is done to a source's deliveries, and how old they are then, in days. */
export interface RetentionRule {
  readonly source: string;
  /** Erase what came, or forget that it came. */
  readonly task: 'bodies' | 'ids';
  readonly days: number;
}

/** The rules of the sources that are on. */
export const retentionRules = (sources: Sources, on: readonly string[]): RetentionRule[] =>
  on.flatMap((source) => {
    const [bodies, ids] = [retentionDaysOf(sources[source]!), memoryDaysOf(sources[source]!)];
    return [
      ...(bodies === undefined ? [] : [{ source, task: 'bodies', days: bodies } as const]),
      ...(ids === undefined ? [] : [{ source, task: 'ids', days: ids } as const]),
    ];
  });

export interface RetentionParts {
  readonly pool: Pool;
  readonly client: Client;
  /** Default the clock. */
  readonly now?: () => Date;
  /** How many deliveries are treated at once, at most. Default 200. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface Retained {
  /** Bodies that were erased, or events that were forgotten. */
  readonly count: number;
  /** Whether there is more to do at once. */
  readonly more: boolean;
}

/**
 * Goes one step on by a rule: first what was held and is due again, then the next deliveries in the order of their
 * ids, which is that of their arrival. What something holds is noted, to be looked at later. Throws what the
 * database throws, and where Temporal cannot say which runs have ended: then nothing of the batch has gone.
 */
export async function retain(
  rule: RetentionRule,
  { pool, client, now = () => new Date(), limit = batchDeliveries, signal }: RetentionParts,
): Promise<Retained> {
  const { source, task, days } = rule;
  const before = daysBefore(now(), task === 'ids' ? days + marginDays : days);
  const lookAt = new Date(now().getTime() + lookAgainSeconds * 1000);
  const rows = async <R extends object>(text: string, values: readonly unknown[]): Promise<R[]> =>
    (await pool.query<R>(text, [...values])).rows;
  const treat = async (ids: readonly string[]): Promise<number> => {
    if (ids.length === 0) return 0;
    const started = await rows<{ workflow_id: string }>(startedRuns, [ids]);
    const ended = await closedRuns(
      client,
      started.map((run) => run.workflow_id),
      signal,
    );
    const done =
      task === 'bodies'
        ? await rows<{ count: number }>(eraseBodies, [ids, ended, source, lookAt])
        : await rows<{ count: number }>(forgetIds, [ids, ended, source, lookAt, before]);
    return done[0]!.count;
  };

  const [begun] = await rows<{ walked: string | null }>(beginWalk, [source, task, days]);
  const due = batchOf(await rows<Row>(dueAgain, [source, task, now(), idAt(before), limit]), source, limit);
  const again = await treat(due.ids);
  const after = begun?.walked ?? idAt(new Date(0));
  const found = await rows<Row>(nextDeliveries, [after, idAt(before), passedBy]);
  const next = batchOf(found, source, limit);
  const count = again + (await treat(next.ids));
  if (next.last !== undefined) await rows(advanceWalk, [source, task, days, next.last]);
  return { count, more: due.full || next.full || found.length === passedBy };
}

interface Row {
  readonly id: string;
  readonly source: string;
  readonly bytes: number;
}

/** As many of the source's first rows as one statement takes, and the last row that was looked at for them. */
function batchOf(rows: readonly Row[], source: string, limit: number) {
  const ids: string[] = [];
  let bytes = 0;
  let last: string | undefined;
  for (const row of rows) {
    if (row.source === source) {
      bytes += row.bytes;
      const full = ids.length >= limit || bytes > batchBytes;
      if (full && ids.length > 0) return { ids, last, full: true };
      ids.push(row.id);
    }
    last = row.id;
  }
  return { ids, last, full: ids.length >= limit };
}

/** The least UUIDv7 of a moment: all that came before have lesser ids. */
function idAt(moment: Date): string {
  const hex = moment.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
