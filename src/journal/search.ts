import type { Pool } from 'pg';

/** What events, deliveries and refusals are looked for by; all of it must hold. */
export interface EventFilter {
  readonly source?: string;
  readonly type?: string;
  readonly key?: string;
  readonly state?: string;
  /** A label and its value: `customer=cus_1`. */
  readonly label?: readonly [name: string, value: string];
  /** Received at or after, and before. */
  readonly since?: Date;
  readonly until?: Date;
  /** Only those before this row, for the next page. */
  readonly before?: string;
  /** At most 1,000. */
  readonly limit: number;
}

/** An event as a list shows it, with its latest run. */
export interface EventSummary {
  /** The row, for `before`. */
  readonly row: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly occurredAt: Date | null;
  readonly receivedAt: Date;
  readonly state: string;
  readonly workflowId: string | null;
  readonly error: string | null;
  readonly possibleReplay: boolean;
}

const summary = `
  e.id as row, e.source, e.event_id as id, e.type, e.key, e.labels, e.occurred_at as "occurredAt",
  e.received_at as "receivedAt", r.state, coalesce(r.workflow_id, r.turn) as "workflowId", r.last_error as error,
  e.possible_replay as "possibleReplay"`;

const listEventsSql = `
select ${summary}
from everhook.events e join everhook.runs r on r.event = e.id
where ($1::text is null or e.source = $1)
  and ($2::text is null or e.type = $2 or starts_with(e.type, $2 || '.'))
  and ($3::text is null or e.key = $3)
  and ($4::text is null or r.state = $4)
  and ($5::text is null or e.labels ->> $5 = $6)
  and ($7::timestamptz is null or e.received_at >= $7)
  and ($8::timestamptz is null or e.received_at < $8)
  and ($9::bigint is null or e.id < $9)
  and r.n = (select max(n) from everhook.runs latest where latest.event = e.id)
order by e.id desc
limit $10`;

/** Events, newest first. */
export async function listEvents(pool: Pool, filter: EventFilter): Promise<EventSummary[]> {
  const { source, type, key, state, label, since, until, before, limit } = filter;
  const values = [source, type, key, state, label?.[0], label?.[1], since, until, before, limit];
  return (await pool.query<EventSummary>(listEventsSql, values)).rows;
}

/** A run of an event. */
export interface RunStory {
  readonly n: number;
  readonly state: string;
  readonly kind: string;
  readonly route: string | null;
  readonly workflow: string | null;
  readonly taskQueue: string | null;
  readonly workflowId: string | null;
  /** Of keyed rows: the run that takes the key's events in turn, and this event's place among those that wait. */
  readonly turn: string | null;
  readonly place: number | null;
  readonly acceptedAt: Date;
  readonly stateAt: Date;
  readonly attempts: number;
  /** While accepted: when it is tried next at the latest. */
  readonly nextAttemptAt: Date | null;
  readonly error: string | null;
  readonly requestedBy: string | null;
  readonly why: string | null;
}

/** Everything that the journal knows of an event. */
export interface EventStory extends Omit<EventSummary, 'state' | 'workflowId' | 'error'> {
  readonly runs: readonly RunStory[];
  readonly deliveries: readonly DeliverySummary[];
  readonly conflicts: readonly { readonly why: string; readonly id: string; readonly noticedAt: Date }[];
}

const storySql = `select ${summary} from everhook.events e
join everhook.runs r on r.event = e.id and r.n = 1
where e.source = $1 and e.event_id = $2`;

const runsSql = `
select n, state, kind, route, workflow, task_queue as "taskQueue", workflow_id as "workflowId", turn,
  case when turn is not null and state = 'accepted' then (
    select count(*)::int from everhook.runs ahead
    join everhook.events of on of.id = ahead.event
    join everhook.events own on own.id = r.event
    where ahead.turn = r.turn and ahead.state = 'accepted'
      and (coalesce(of.occurred_at, of.received_at), of.id) <= (coalesce(own.occurred_at, own.received_at), own.id)
  ) end as place,
  accepted_at as "acceptedAt", state_at as "stateAt", attempts,
  case when state = 'accepted' then lease_until end as "nextAttemptAt",
  last_error as error, requested_by as "requestedBy", why
from everhook.runs r where event = $1 order by n`;

/**
 * The first of these ids that a source has an event of; else the event that a delivery of such an id contradicted;
 * undefined where there is none.
 */
export async function findEvent(
  pool: Pool,
  { source, ids }: { readonly source: string; readonly ids: readonly string[] },
): Promise<string | undefined> {
  // A short list of exact ids, so that each is one look into an index.
  const { rows } = await pool.query<{ id: string }>(
    `(select event_id as id from everhook.events where source = $1 and event_id = any($2::text[])
      order by array_position($2::text[], event_id) limit 1)
     union all
     (select e.event_id from everhook.conflicts c join everhook.events e on e.id = c.event
      where c.source = $1 and c.event_id = any($2::text[]) order by c.id limit 1)
     limit 1`,
    [source, ids],
  );
  return rows[0]?.id;
}

/** One event with its runs, deliveries and conflicts; undefined where there is none. */
export async function showEvent(pool: Pool, source: string, id: string): Promise<EventStory | undefined> {
  const event = (await pool.query<EventSummary & { row: string }>(storySql, [source, id])).rows[0];
  if (event === undefined) return undefined;
  const { state: _state, workflowId: _workflowId, error: _error, ...rest } = event;
  const [runs, deliveries, conflicts] = await Promise.all([
    pool.query<RunStory>(runsSql, [event.row]),
    pool.query<DeliverySummary>(
      `${deliverySelect} where d.id = (select delivery_id from everhook.events where id = $1) or d.repeats @> array[$1::bigint]
       order by d.id limit 100`,
      [event.row],
    ),
    pool.query<{ why: string; id: string; noticedAt: Date }>(
      `select why, event_id as id, noticed_at as "noticedAt" from everhook.conflicts where event = $1 order by id limit 100`,
      [event.row],
    ),
  ]);
  return { ...rest, runs: runs.rows, deliveries: deliveries.rows, conflicts: conflicts.rows };
}

/** The bytes of a delivery as they are kept. */
export interface KeptBody {
  readonly bytes: Buffer;
  /** They hold credentials, and are encrypted (`openBody`). */
  readonly sealed: boolean;
}

/** The bytes of the delivery that brought an event; undefined where there is none, or they were purged. */
export async function bodyOf(pool: Pool, source: string, id: string): Promise<KeptBody | undefined> {
  const { rows } = await pool.query<{ bytes: Buffer | null; sealed: boolean }>(
    `select d.body as bytes, d.sealed from everhook.events e join everhook.deliveries d on d.id = e.delivery_id
     where e.source = $1 and e.event_id = $2`,
    [source, id],
  );
  const [{ bytes, sealed } = { bytes: null, sealed: false }] = rows;
  return bytes === null ? undefined : { bytes, sealed };
}

/** A request to a known source. */
export interface DeliverySummary {
  readonly id: string;
  readonly source: string;
  readonly receivedAt: Date;
  readonly remoteAddress: string | null;
  readonly verdict: string;
  readonly bytes: number;
  /** Whether its body is kept with it, encrypted because it holds credentials, and without what its provider erases. */
  readonly kept: boolean;
  readonly sealed: boolean;
  readonly redacted: boolean;
  /** The ids of the events that it brought, or told of once more; at most ten. */
  readonly events: readonly string[];
  /** Of refusals: the code that was answered, why, and more. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly note: string | null;
}

const deliveryColumns = `
select d.id, d.source, d.received_at as "receivedAt", d.remote_address as "remoteAddress", d.verdict,
  d.body_bytes as bytes, d.body is not null as kept, d.sealed, d.redacted, d.code, d.reason, d.note,
  array(
    select e.event_id from everhook.events e
    where e.delivery_id = d.id or e.id = any (d.repeats)
    order by e.id limit 10
  ) as events`;
const deliverySelect = `${deliveryColumns} from everhook.deliveries d`;

/** Deliveries, newest first; with `verdict` those alone. */
export async function listDeliveries(
  pool: Pool,
  {
    source,
    verdict,
    reason,
    since,
    until,
    limit,
  }: Pick<EventFilter, 'source' | 'since' | 'until' | 'limit'> & { verdict?: string; reason?: string },
): Promise<DeliverySummary[]> {
  const sql = `${deliverySelect}
    where ($1::text is null or d.source = $1)
      and ($2::text is null or d.verdict = $2)
      and ($3::text is null or d.reason = $3)
      and ($4::timestamptz is null or d.received_at >= $4)
      and ($5::timestamptz is null or d.received_at < $5)
    order by d.id desc
    limit $6`;
  return (await pool.query<DeliverySummary>(sql, [source, verdict, reason, since, until, limit])).rows;
}

/** A delivery as it is kept, to be judged once more. */
export interface KeptDelivery extends DeliverySummary {
  readonly method: string;
  readonly url: string;
  /** Those that its provider lists. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** As it is stored: sealed where the summary says so; null where it was purged, or is with an earlier delivery. */
  readonly body: Buffer | null;
}

/** One delivery by its id; undefined where there is none. */
export async function findDelivery(pool: Pool, id: string): Promise<KeptDelivery | undefined> {
  const sql = `${deliveryColumns}, d.method, d.url, d.headers, d.body from everhook.deliveries d where d.id = $1`;
  return (await pool.query<KeptDelivery>(sql, [id])).rows[0];
}

/** What waits: for its start, for its turn, or for a person. */
export interface Backlog {
  readonly waiting: readonly {
    readonly source: string;
    readonly route: string;
    readonly kind: string;
    readonly runs: number;
    readonly oldest: Date;
    readonly paused: boolean;
  }[];
  readonly parked: readonly { readonly source: string; readonly reason: string; readonly runs: number }[];
  readonly paused: readonly {
    readonly source: string;
    readonly route: string;
    readonly by: string;
    readonly why: string | null;
    readonly at: Date;
  }[];
}

/** Counts what has not run, by source and route, and why what is parked is. */
export async function backlogOf(pool: Pool): Promise<Backlog> {
  const [waiting, parked, paused] = await Promise.all([
    pool.query<Backlog['waiting'][number]>(`
      select r.source, r.route, r.kind, count(*)::int as runs, min(r.accepted_at) as oldest,
        exists (select from everhook.pauses p where p.source = r.source and p.route in ('', r.route)) as paused
      from everhook.runs r where r.state = 'accepted'
      group by r.source, r.route, r.kind order by oldest`),
    pool.query<Backlog['parked'][number]>(`
      select source, split_part(coalesce(last_error, ''), ':', 1) as reason, count(*)::int as runs
      from everhook.runs where state = 'parked' group by 1, 2 order by 1, 2`),
    pool.query<Backlog['paused'][number]>(
      'select source, route, by, why, at from everhook.pauses order by source, route',
    ),
  ]);
  return { waiting: waiting.rows, parked: parked.rows, paused: paused.rows };
}
