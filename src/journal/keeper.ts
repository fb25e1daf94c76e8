import type { Pool } from 'pg';
import type { Keep, KeptDelivery } from '../accept.ts';
import type { Logger } from '../log.ts';
import { storableText } from '../storable.ts';
import { deliveryRow, storedBody, type DeliveryRow, type JournalSource } from './rows.ts';

/** How much waits in memory to be written, and how much of a refused body is kept. */
const queueDeliveries = 1000;
const queueBytes = 16 * 1024 * 1024;
const batchDeliveries = 200;
const trimmedAtOnce = 1000;
const trimsAtOnce = 10;
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
  /** How many found no room, or could not be written, since the start. */
  dropped(): number;
  /** Writes what is left, for at most two seconds. */
  close(): Promise<void>;
}

const insert = `
insert into everhook.deliveries (
  id, source, received_at, remote_address, method, url, headers, body_bytes, sha256, sealed, redacted, body, verdict,
  code, reason, note
)
select id, source, received_at, remote_address, method, url, headers, body_bytes, decode(sha256, 'hex'),
  sealed, redacted, substr($2::bytea, body_at, stored_bytes), verdict, code, reason, note
from json_to_recordset($1::json) as t (
  id uuid, source text, received_at timestamptz, remote_address text, method text, url text, headers jsonb,
  body_at integer, stored_bytes integer, body_bytes integer, sha256 text, sealed boolean, redacted boolean,
  verdict text, code text, reason text, note text
)
on conflict (id) do nothing -- written by a try whose answer was lost`;

/** $1 source, $2 rows, $3 bytes: takes away what lies beyond either, counted from the newest, a part at a time. */
export const trimQuarantine = `
delete from everhook.deliveries where id in (
  select id from (
    select id, row_number() over newest as place, sum(length(body)) over newest as bytes
    from everhook.deliveries where source = $1 and verdict in ('refused', 'handshake')
    window newest as (order by id desc)
  ) kept
  where place > $2 or bytes > $3
  limit ${trimmedAtOnce}
)`;

/** A delivery that waits: its row, and as much of its body as is kept. */
interface Waiting {
  readonly row: DeliveryRow & {
    readonly verdict: string;
    readonly code: string | undefined;
    readonly reason: string | undefined;
    readonly note: string | undefined;
  };
  readonly body: Buffer;
}

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
  const waiting: Waiting[] = [];
  let bytes = 0;
  let dropped = 0;
  let droppedTold = 0;
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
    // Not `+=`: what finds no room meanwhile is counted too.
    const untaken = await insertAll(pool, batch);
    dropped += untaken;
    for (const { body } of waiting.splice(0, batch.length)) bytes -= body.length;
    if (dropped > droppedTold) {
      log.warn({ dropped: dropped - droppedTold }, 'refused deliveries were counted and not kept');
      droppedTold = dropped;
    }
    for (const { row, body } of batch) {
      const since = untrimmed.get(row.source) ?? limits;
      untrimmed.set(row.source, { rows: since.rows + 1, bytes: since.bytes + body.length });
    }
    for (const [source, { rows, bytes: more }] of untrimmed) {
      if (rows < limits.rows / 10 && more < limits.bytes / 10) continue;
      if (await trim(pool, source, limits)) untrimmed.set(source, { rows: 0, bytes: 0 });
    }
  };

  return {
    keep(one) {
      const source = Object.hasOwn(sources, one.source) ? sources[one.source] : undefined;
      if (source === undefined) return;
      const kept = Math.min(one.delivery.body.length, refusedBodyBytes);
      if (waiting.length >= queueDeliveries || bytes + kept > queueBytes) {
        dropped += 1;
        return;
      }
      waiting.push(waitingOf(one, source));
      bytes += kept;
      later(gatherMs);
    },
    dropped: () => dropped,
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

/** Hashes the whole and copies the beginning: what waits must not hold the memory of a body that is cut. */
function waitingOf({ source, delivery, verdict, refusal }: KeptDelivery, known: JournalSource): Waiting {
  const cut = delivery.body.length > refusedBodyBytes;
  const note = [refusal?.note, cut ? `the first ${refusedBodyBytes} bytes are kept` : undefined];
  return {
    row: {
      ...deliveryRow(source, delivery, known, true),
      verdict,
      code: refusal?.code,
      reason: refusal?.reason,
      note: note.filter((part) => part !== undefined).join('; ') || undefined,
    },
    body: storedBody(Buffer.from(delivery.body.subarray(0, refusedBodyBytes)), known),
  };
}

/** Writes a batch; gives how many of it the database will never take. Throws where it is away. */
async function insertAll(pool: Pool, batch: readonly Waiting[]): Promise<number> {
  try {
    await pool.query(insert, valuesOf(batch));
    return 0;
  } catch (error) {
    // SQL's class 22, data: a character that the database's encoding lacks. No waiting mends that.
    if (!/^22...$/.test((error as { code?: string }).code ?? '')) throw error;
    if (batch.length === 1) return 1;
  }
  let refused = 0;
  for (const one of batch) refused += await insertAll(pool, [one]);
  return refused;
}

/** True when a source is within its bounds; else the next batch goes on. */
async function trim(pool: Pool, source: string, { rows, bytes }: KeeperLimits): Promise<boolean> {
  for (let part = 0; part < trimsAtOnce; part++) {
    const { rowCount } = await pool.query(trimQuarantine, [source, rows, bytes]);
    if ((rowCount ?? 0) < trimmedAtOnce) return true;
  }
  return false;
}

function valuesOf(batch: readonly Waiting[]): [string, Buffer] {
  let at = 1;
  const rows = batch.map(({ row, body }) => {
    const placed = { ...row, body_at: at, stored_bytes: body.length };
    at += body.length;
    return storable(placed);
  });
  return [JSON.stringify(rows), Buffer.concat(batch.map(({ body }) => body))];
}

/** PostgreSQL's text holds no NUL and no half of a surrogate pair, and what is refused may have both. */
const storable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_name, part: unknown) =>
    typeof part === 'string' ? storableText(part) : part,
  );
