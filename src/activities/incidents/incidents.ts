import { ApplicationFailure } from '@temporalio/common';
import type { Pool, QueryResultRow } from 'pg';
import { eventName, type EventRef } from '../../event.ts';
import { storeFailure } from '../store-failure.ts';

/** What an incident is about, as every event of it names it. */
export interface IncidentRef {
  readonly source: string;
  readonly key: string;
}

/** Something that has happened to an incident. */
export interface IncidentEvent {
  readonly event: EventRef;
  readonly type: string;
  /** ISO 8601. */
  readonly at: string;
}

/** An incident that is open, or was when it was asked for. */
export interface OpenIncident {
  readonly incidentId: string;
  /** The event that opened it, `<source>:<event id>`. */
  readonly openedBy: string;
  /** ISO 8601. */
  readonly openedAt: string;
}

interface Row {
  readonly id: string;
  readonly opened_by: string;
  readonly opened_at: Date;
}

const columns = 'id, opened_by, opened_at';

// Either constraint may be in the way: the event has opened one before, or another event has, which is open.
const insert = `
  insert into incidents.incidents (source, key, title, opened_by, opened_at) values ($1, $2, $3, $4, $5)
  on conflict do nothing returning ${columns}`;

const select = `
  select ${columns} from incidents.incidents
  where source = $1 and key = $2 and (opened_by = $3 or closed_at is null) order by opened_by = $3 desc limit 1`;

const selectOpen = `
  select ${columns} from incidents.incidents where source = $1 and key = $2 and closed_at is null`;

const insertEntry = `
  insert into incidents.entries (incident, event, type, happened_at) values ($1, $2, $3, $4)
  on conflict do nothing returning event`;

const close = `
  update incidents.incidents set closed_by = $2, closed_at = $3, outcome = $4
  where id = $1 and closed_at is null returning id`;

/** Incidents, from the event that opens them to the one that ends them. Each step is done once, however often it is tried. */
export const incidents = (pool: Pick<Pool, 'query'>) => ({
  /** Opens an incident, or finds the one that this event has opened before, or else the one that is open. */
  async openIncident({
    source,
    key,
    title,
    ...happened
  }: IncidentRef & IncidentEvent & { title: string }): Promise<OpenIncident & { alreadyOpen: boolean }> {
    const openedBy = eventName(happened.event);
    const [made] = await query<Row>(pool, insert, [source, key, title, openedBy, happened.at]);
    const row = made ?? (await query<Row>(pool, select, [source, key, openedBy]))[0];
    // Closed between the two looks: the next attempt opens one.
    if (row === undefined) throw new Error('the incident that was open is not open any more');
    await query(pool, insertEntry, entry(row.id, happened));
    return { ...opened(row), alreadyOpen: made === undefined };
  },

  /** The incident that is open; null when none is. */
  async findIncident({ source, key }: IncidentRef): Promise<OpenIncident | null> {
    const [row] = await query<Row>(pool, selectOpen, [source, key]);
    return row === undefined ? null : opened(row);
  },

  /** Writes down what else has happened. */
  async addToIncident({
    incidentId,
    ...happened
  }: { incidentId: string } & IncidentEvent): Promise<{ alreadyAdded: boolean }> {
    const added = await query(pool, insertEntry, entry(incidentId, happened));
    return { alreadyAdded: added.length === 0 };
  },

  /** Ends it: by an event that says so, or because nothing has come of it for long. */
  async closeIncident({
    incidentId,
    ...end
  }: { incidentId: string } & (
    ({ outcome: 'resolved' } & IncidentEvent) | { outcome: 'idle'; at: string }
  )): Promise<{ alreadyClosed: boolean }> {
    if (end.outcome === 'resolved') await query(pool, insertEntry, entry(incidentId, end));
    const by = end.outcome === 'resolved' ? eventName(end.event) : null;
    const closed = await query(pool, close, [incidentId, by, end.at, end.outcome]);
    return { alreadyClosed: closed.length === 0 };
  },
});

/** Where no database is named: no shipped row needs it, and a row of one's own is told so. */
export const missingIncidents: ReturnType<typeof incidents> = {
  openIncident: refuse,
  findIncident: refuse,
  addToIncident: refuse,
  closeIncident: refuse,
};

function refuse(): Promise<never> {
  throw ApplicationFailure.nonRetryable(
    'DATABASE_URL is not set: incidents are kept there',
    'IncidentsMissing',
  );
}

const opened = ({ id, opened_by, opened_at }: Row): OpenIncident => ({
  incidentId: id,
  openedBy: opened_by,
  openedAt: opened_at.toISOString(),
});

const entry = (incidentId: string, { event, type, at }: IncidentEvent): string[] => [
  incidentId,
  eventName(event),
  type,
  at,
];

async function query<R extends QueryResultRow>(
  pool: Pick<Pool, 'query'>,
  sql: string,
  values: (string | null)[],
): Promise<R[]> {
  try {
    return (await pool.query<R>(sql, values)).rows;
  } catch (error) {
    throw storeFailure(error, { name: 'Incidents', called: 'the tables of incidents are' });
  }
}
