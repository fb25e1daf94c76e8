import type { Pool } from 'pg';
import { inject, onTestFinished } from 'vitest';
import type { PlannedRun, RoutedEvent } from '../../src/accept.ts';
import { openJournal, type Journal } from '../../src/journal/open.ts';
import type { ClaimedRun } from '../../src/journal/run.ts';
import { journalSchema } from '../../src/journal/schema.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { DeliveryHeaders, type Delivery, type ReadEvent } from '../../src/providers/provider.ts';
import { journalSources } from './journal-sources.ts';
import { createDatabase } from './postgres.ts';

export { journalSources };

export interface JournalUnderTest {
  readonly journal: Journal;
  readonly pool: Pool;
  readonly url: string;
  /** What was handed over to dispatch, in order. */
  readonly handed: ClaimedRun[];
  /** What was told to metrics. */
  readonly told: string[];
  /** Rows of one statement. */
  rows<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A journal in an empty database; what is accepted is handed over and lies there. */
export async function createJournal({
  room = true,
  url,
}: { room?: boolean; url?: string } = {}): Promise<JournalUnderTest> {
  const database = url === undefined ? await createDatabase(inject('postgresUrl')) : { url, drop: undefined };
  if (database.drop) await migrateSchema(database.url, journalSchema);
  const handed: ClaimedRun[] = [];
  const told: string[] = [];
  const journal = openJournal({
    databaseUrl: database.url,
    sources: journalSources,
    observer: {
      committed: ({ deliveries }) => told.push(`committed ${deliveries}`),
      failed: (reason) => told.push(reason),
      possibleReplay: (source) => told.push(`replay ${source}`),
    },
  });
  journal.dispatchTo({ hasRoom: () => room, handOver: (runs) => void handed.push(...runs) });
  onTestFinished(async () => {
    await journal.close();
    await database.drop?.();
  });
  return {
    journal,
    pool: journal.pool,
    url: database.url,
    handed,
    told,
    rows: async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
      (await journal.pool.query<Row>(sql, [...values])).rows,
  };
}

export const plan: PlannedRun = {
  state: 'accepted',
  kind: 'plain',
  route: '*',
  workflow: 'recordEvent',
  taskQueue: 'everhook',
};

/** A delivery of the source `payment`, with the events that its body tells of. */
export function delivered(
  body: { readonly id: string; readonly type?: string; readonly [field: string]: unknown },
  {
    source = 'payment',
    read = {},
    route = plan,
    bytes,
  }: {
    source?: string;
    read?: Partial<ReadEvent>;
    route?: RoutedEvent['plan'];
    bytes?: Buffer;
  } = {},
) {
  const payload = { type: 'payment.succeeded', ...body };
  const delivery = deliveryOf(bytes ?? Buffer.from(JSON.stringify(payload)));
  return { source, delivery, events: [routed(source, payload, { read, route, delivery })] };
}

/** One delivery that tells of several events. */
export function deliveredBatch(ids: readonly string[], source = 'payment') {
  const delivery = deliveryOf(Buffer.from(JSON.stringify(ids)));
  const events = ids.map((id) => routed(source, { id, type: 'payment.succeeded' }, { delivery }));
  return { source, delivery, events };
}

function routed(
  source: string,
  payload: { readonly id: string; readonly type: string },
  {
    delivery,
    read = {},
    route = plan,
  }: { delivery: Delivery; read?: Partial<ReadEvent>; route?: RoutedEvent['plan'] },
): RoutedEvent {
  const { id, type } = payload;
  const whole: ReadEvent = { id, types: [type], payload, ...read };
  const { key, occurredAt } = whole;
  return {
    event: {
      id: whole.id,
      source,
      type,
      ...(key !== undefined && { key }),
      ...(occurredAt !== undefined && { occurredAt }),
      receivedAt: delivery.receivedAt.toISOString(),
      payload,
    },
    read: whole,
    plan: route,
  };
}

const deliveryOf = (body: Buffer): Delivery => ({
  method: 'POST',
  url: '/webhooks/payment',
  headers: new DeliveryHeaders([
    ['content-type', 'application/json'],
    ['authorization', 'Bearer must-not-be-kept'],
    ['cookie', 'must=not-be-kept'],
    ['x-webhook-signature', 'a'.repeat(64)],
  ]),
  body,
  receivedAt: new Date(),
  remoteAddress: '127.0.0.1',
});

export const soon = (milliseconds = 2000): Date => new Date(Date.now() + milliseconds);
