import type { Pool } from 'pg';
import type { Keep, KeptDelivery } from '../accept.ts';
import type { Logger } from '../log.ts';
import { deliveryRow, type JournalSource } from './rows.ts';

/** How much waits in memory to be written, and how much of a refused body is kept. */
const queueDeliveries = 1000;
const queueBytes = 16 * 1024 * 1024;
const batchDeliveries = 200;
export const refusedBodyBytes = 65_536;
/** How long it gathers before it writes, and waits after a failure, in milliseconds. */
const gatherMs = 200;
const retryMs = 2000;

/** What a source may keep of refused deliveries and handshakes; the oldest go first. */
export interface KeeperLimits {
  readonly rows: number;
  readonly bytes: number;
}

export const keeperLimits: KeeperLimits = { rows: 10_000, bytes: 67_108_864 };

export interface Keeper {
  readonly keep: Keep;
  /** Writes what is left, for at most two seconds. */
  close(): Promise<void>;
}

const insert = `
insert into everhook.deliveries (
  id, source, received_at, remote_address, method, url, headers, body_bytes, sha256, body, verdict, code, reason, note
)
select id, source, received_at, remote_address, method, url, headers, body_bytes, decode(sha256, 'hex'),
  substr($2::bytea, body_at, stored_bytes), verdict, code, reason, note
from json_to_recordset($1::json) as t (
  id uuid, source text, received_at timestamptz, remote_address text, method text, url text, headers jsonb,
  body_at integer, stored_bytes integer, body_bytes integer, sha256 text, verdict text, code text, reason text, note text
)`;

// $1 source, $2 rows, $3 bytes: what lies beyond either, counted from the newest.
const trim = `
delete from everhook.deliveries where id in (
  select id from (
    select id, row_number() over newest as place, sum(length(body)) over newest as bytes
    from everhook.deliveries where source = $1 and verdict in ('refused', 'handshake')
    window newest as (order by id desc)
  ) kept
  where place > $2 or bytes > $3
  limit 1000
)`;

/**
 * The quarantine: keeps deliveries that brought no events, off the answering path. Bounded in memory, where
 * what finds no room is counted and dropped, and in the table, for each source.
 */
export function createKeeper({
  pool,
  sources,
  log,
  limits = keeperLimits,
}: {
  readonly pool: Pool;
  readonly sources: Readonly<Record<string, JournalSource>>;
  readonly log: Pick<Logger, 'warn'>;
  readonly limits?: KeeperLimits;
}): Keeper {
  const waiting: KeptDelivery[] = [];
  let bytes = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  /** Written since a source was last trimmed; at first all of it, for what an earlier process kept counts too. */
  const untrimmed = new Map<string, { readonly rows: number; readonly bytes: number }>();

  const later = (milliseconds: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void write();
    }, milliseconds).unref();
  };
  const write = (): Promise<void> => {
    writing ??= writeBatch()
      .then(
        () => gatherMs,
        (error: unknown) => {
          log.warn(
            { err: error, waiting: waiting.length },
            'refused deliveries could not be kept; trying again',
          );
          return retryMs;
        },
      )
      .then((nextMs) => {
        writing = undefined;
        if (waiting.length > 0) later(nextMs);
      });
    return writing;
  };
  const writeBatch = async () => {
    const batch = waiting.slice(0, batchDeliveries);
    if (batch.length === 0) return;
    await pool.query(insert, valuesOf(batch, sources));
    for (const one of waiting.splice(0, batch.length)) bytes -= sizeOf(one);
    if (dropped > 0) {
      log.warn({ dropped }, 'refused deliveries were counted and not kept: too many at once');
      dropped = 0;
    }
    for (const one of batch) {
      const since = untrimmed.get(one.source) ?? { rows: limits.rows, bytes: limits.bytes };
      untrimmed.set(one.source, { rows: since.rows + 1, bytes: since.bytes + sizeOf(one) });
    }
    for (const [source, { rows, bytes: more }] of untrimmed) {
      if (rows < limits.rows / 10 && more < limits.bytes / 10) continue;
      await pool.query(trim, [source, limits.rows, limits.bytes]);
      untrimmed.set(source, { rows: 0, bytes: 0 });
    }
  };

  return {
    keep(one) {
      if (!Object.hasOwn(sources, one.source)) return;
      if (waiting.length >= queueDeliveries || bytes + sizeOf(one) > queueBytes) {
        dropped += 1;
        return;
      }
      waiting.push(one);
      bytes += sizeOf(one);
      later(gatherMs);
    },
    async close() {
      clearTimeout(timer);
      const deadline = performance.now() + 2000;
      for (
        let left = Infinity;
        waiting.length > 0 && waiting.length < left && performance.now() < deadline;
      ) {
        left = waiting.length;
        await writing;
        await write();
      }
      clearTimeout(timer);
    },
  };
}

const sizeOf = ({ delivery }: KeptDelivery): number => Math.min(delivery.body.length, refusedBodyBytes);

function valuesOf(
  batch: readonly KeptDelivery[],
  sources: Readonly<Record<string, JournalSource>>,
): [string, Buffer] {
  let at = 1;
  const rows = batch.map((one) => {
    const { source, delivery, verdict, refusal } = one;
    const cut = delivery.body.length > refusedBodyBytes;
    const note = [refusal?.note, cut ? `the first ${refusedBodyBytes} bytes are kept` : undefined];
    const row = {
      ...deliveryRow(source, delivery, sources[source]!, true),
      body_at: at,
      stored_bytes: sizeOf(one),
      verdict,
      code: refusal?.code,
      reason: refusal?.reason,
      note: note.filter((part) => part !== undefined).join('; ') || undefined,
    };
    at += sizeOf(one);
    return storable(row);
  });
  return [
    JSON.stringify(rows),
    Buffer.concat(batch.map((one) => one.delivery.body.subarray(0, sizeOf(one)))),
  ];
}

/** PostgreSQL's text holds no NUL and no half of a surrogate pair, and what is refused may have both. */
const storable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_name, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\0', '\uFFFD').toWellFormed() : part,
  );
