import type { Pool } from 'pg';
import type { RowKind } from '../accept.ts';
import { storableNote } from '../storable.ts';
import { readStored, storedColumns, type StoredEvent } from './read-event.ts';
import type { JournalSource } from './rows.ts';
import type { ClaimedRun } from './run.ts';

/** Bodies up to this many bytes come with the claim; larger ones are read when their run is started. */
const inlineBytes = 256 * 1024;

/** How a run that was not started goes back. */
export interface Return {
  readonly id: string;
  readonly delaySeconds: number;
  readonly error?: string;
  /** Nothing was sent: it cannot have been started by this attempt. */
  readonly untouched: boolean;
}

/** What dispatch does to the journal's accepted runs. Leases are by PostgreSQL's clock. */
export interface Claims {
  /**
   * Leases accepted runs whose lease is over, oldest first, the sources in turn; what is paused stays. The
   * claim is committed when this returns. Runs that may have been started longer ago than
   * `unknownSeconds` are parked instead, for a person to decide.
   */
  claim(wanted: {
    readonly limit: number;
    /** `<source>/<route>` that this process leaves alone for now. */
    readonly except: readonly string[];
    readonly unknownSeconds: number;
  }): Promise<{ readonly runs: readonly ClaimedRun[]; readonly parked: readonly string[] }>;
  /** These runs are started: no longer ours to care for. */
  markStarted(ids: readonly string[]): Promise<void>;
  /** These runs will never start by themselves. */
  park(runs: readonly { readonly id: string; readonly error: string }[]): Promise<void>;
  /** These runs wait for another attempt. */
  giveBack(returns: readonly Return[]): Promise<void>;
  /** What an operator holds back: `<source>` or `<source>/<route>`. */
  paused(): Promise<ReadonlySet<string>>;
  /** Accepted runs, and the age of the oldest in seconds. */
  backlog(): Promise<{ readonly accepted: number; readonly oldestSeconds: number; readonly parked: number }>;
}

export interface ClaimsParts {
  readonly pool: Pool;
  readonly sources: Readonly<Record<string, JournalSource>>;
  readonly owner: string;
  readonly leaseSeconds: number;
}

// $1 sources, $2 how many in all, $3 routes left alone, $4 lease seconds, $5 owner, $6 seconds after which
// a start that may have happened is no longer repeated. Each source's oldest in turn. Route by route, each found by
// one look into the index: what is held back costs nothing, however much of it waits.
export const claimRuns = `
with recursive routes as (
  select of.source, (
    select min(r.route) from everhook.runs r where r.state = 'accepted' and r.source = of.source
  ) as route
  from unnest($1::text[]) as of (source)
  union all
  select last.source, (
    select min(r.route) from everhook.runs r
    where r.state = 'accepted' and r.source = last.source and r.route > last.route
  )
  from routes last where last.route is not null
),
due as (
  select r.*, row_number() over (partition by of.source order by r.lease_until) as place
  from routes of
  cross join lateral (
    select r.id, r.lease_until, r.first_attempt_at,
      r.turn is null and r.first_attempt_at < now() - make_interval(secs => $6) as too_late
    from everhook.runs r
    where r.state = 'accepted' and r.source = of.source and r.route = of.route and r.lease_until <= now()
    order by r.lease_until
    limit $2
    for update of r skip locked
  ) r
  where of.source || '/' || of.route <> all ($3::text[])
    and not exists (select from everhook.pauses p where p.source = of.source and p.route in ('', of.route))
  order by place
  limit $2
)
update everhook.runs r
set lease_until = now() + make_interval(secs => $4),
  leased_by = $5,
  attempts = attempts + 1,
  first_attempt_at = coalesce(r.first_attempt_at, now()),
  state = case when too_late then 'parked' else state end,
  state_at = case when too_late then now() else state_at end,
  last_error = case when too_late then 'outcome_unknown: ' || coalesce(last_error, 'no answer') else last_error end
from due
where r.id = due.id
returning r.id, r.event, r.n, r.source, r.route, r.kind, r.workflow, r.task_queue, r.priority, r.workflow_id,
  r.turn, r.turn_key, r.attempts, due.first_attempt_at, too_late`;

const readEvents = `
select e.id, d.body_bytes, ${storedColumns.replace('d.body', `case when d.body_bytes <= ${inlineBytes} then d.body end as body`)}
from everhook.events e join everhook.deliveries d on d.id = e.delivery_id
where e.id = any ($1::bigint[])`;

const readOne = `
select ${storedColumns}
from everhook.events e join everhook.deliveries d on d.id = e.delivery_id
where e.id = $1`;

const markStarted = `
update everhook.runs set state = 'started', state_at = now(), last_error = null
where id = any ($1::bigint[]) and state = 'accepted'`;

const park = `
update everhook.runs r set state = 'parked', state_at = now(), last_error = t.error
from json_to_recordset($1::json) as t (id bigint, error text)
where r.id = t.id and r.state = 'accepted'`;

const giveBack = `
update everhook.runs r
set lease_until = now() + make_interval(secs => t.seconds),
  last_error = coalesce(t.error, r.last_error),
  first_attempt_at = case when t.untouched then null else r.first_attempt_at end
from json_to_recordset($1::json) as t (id bigint, seconds double precision, error text, untouched boolean)
where r.id = t.id and r.state = 'accepted' and r.leased_by = $2`;

const countBacklog = `
select count(*) filter (where state = 'accepted')::int as accepted,
  coalesce(extract(epoch from now() - min(accepted_at) filter (where state = 'accepted' and kind <> 'feedBy')), 0)::float8
    as oldest,
  count(*) filter (where state = 'parked')::int as parked
from everhook.runs
where state = 'accepted' or state = 'parked'`;

/** Dispatch's view of the journal. Its methods throw what PostgreSQL says. */
export function createClaims({ pool, sources, owner, leaseSeconds }: ClaimsParts): Claims {
  const names = Object.keys(sources);
  const giveBackAll = async (returns: readonly Return[]) => {
    const rows = returns.map(({ id, delaySeconds, error, untouched }) => ({
      id,
      seconds: delaySeconds,
      error: error === undefined ? undefined : storableNote(error),
      untouched,
    }));
    await pool.query(giveBack, [JSON.stringify(rows), owner]);
  };
  /** Claimed, and not read: they go back, so that nobody takes them for started. */
  const giveUp = (due: readonly RunRow[]) => async (cause: unknown) => {
    const returns = due.map(({ id, first_attempt_at }) => ({
      id,
      delaySeconds: 0,
      untouched: first_attempt_at === null,
    }));
    await giveBackAll(returns).catch(() => undefined);
    throw cause;
  };

  return {
    async claim({ limit, except, unknownSeconds }) {
      const values = [names, limit, except, leaseSeconds, owner, unknownSeconds];
      const { rows } = await pool.query<RunRow>({ name: 'everhook-claim', text: claimRuns, values });
      const due = rows.filter(({ too_late }) => !too_late);
      const parked = rows.filter(({ too_late }) => too_late).map(({ source }) => source);
      return { runs: due.length === 0 ? [] : await withEvents(due).catch(giveUp(due)), parked };
    },
    async markStarted(ids) {
      await pool.query({ name: 'everhook-started', text: markStarted, values: [ids] });
    },
    async park(runs) {
      const rows = runs.map(({ id, error }) => ({ id, error: storableNote(error) }));
      await pool.query(park, [JSON.stringify(rows)]);
    },
    giveBack: giveBackAll,
    async paused() {
      const { rows } = await pool.query<{ name: string }>(
        `select source || case route when '' then '' else '/' || route end as name from everhook.pauses`,
      );
      return new Set(rows.map(({ name }) => name));
    },
    async backlog() {
      const { rows } = await pool.query<{ accepted: number; oldest: number; parked: number }>(countBacklog);
      const { accepted, oldest, parked } = rows[0]!;
      return { accepted, oldestSeconds: oldest, parked };
    },
  };

  async function withEvents(due: readonly RunRow[]): Promise<ClaimedRun[]> {
    const { rows } = await pool.query<EventRow>({
      name: 'everhook-read',
      text: readEvents,
      values: [due.map(({ event }) => event)],
    });
    const events = new Map(rows.map((row) => [row.id, row]));
    return due.map((run) => claimed(run, events.get(run.event)));
  }

  function claimed(row: RunRow, stored: EventRow | undefined): ClaimedRun {
    const whole = stored !== undefined && (stored.body !== null || stored.body_bytes <= inlineBytes);
    return {
      id: row.id,
      n: row.n,
      source: row.source,
      route: row.route,
      kind: row.kind,
      workflow: row.workflow,
      taskQueue: row.task_queue,
      ...(row.priority !== null && { priority: row.priority }),
      ...(row.workflow_id !== null && { workflowId: row.workflow_id }),
      ...(row.turn !== null && { turn: row.turn }),
      ...(row.turn_key !== null && { turnKey: row.turn_key }),
      attempts: row.attempts,
      mayBeStarted: row.first_attempt_at !== null,
      bytes: whole ? stored.body_bytes : 0,
      async event() {
        if (whole) return readStored(stored, sources);
        const { rows } = await pool.query<StoredEvent>(readOne, [row.event]);
        return readStored(rows[0]!, sources);
      },
    };
  }
}

interface RunRow {
  readonly id: string;
  readonly event: string;
  readonly n: number;
  readonly source: string;
  readonly route: string;
  readonly kind: RowKind;
  readonly workflow: string;
  readonly task_queue: string;
  readonly priority: number | null;
  readonly workflow_id: string | null;
  readonly turn: string | null;
  readonly turn_key: string | null;
  readonly attempts: number;
  readonly first_attempt_at: Date | null;
  readonly too_late: boolean;
}

interface EventRow extends StoredEvent {
  readonly id: string;
  readonly body_bytes: number;
}
