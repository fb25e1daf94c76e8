import type { Pool } from 'pg';

/** Who asks for a change, and why; kept with it. */
export interface Request {
  readonly by: string;
  readonly why?: string;
}

/** Holds back a source, or one row of it (its name in the routes): events are taken, and stay `accepted`. */
export async function pause(
  pool: Pool,
  { source, route = '' }: { source: string; route?: string },
  { by, why }: Request,
): Promise<void> {
  await pool.query(
    `insert into everhook.pauses (source, route, by, why) values ($1, $2, $3, $4)
     on conflict (source, route) do update set by = excluded.by, why = coalesce(excluded.why, pauses.why), at = pauses.at`,
    [source, route, by, why],
  );
}

/** Whether any run came of a row, by its name in the routes. */
export async function hasRunsOf(
  pool: Pool,
  { source, route }: { readonly source: string; readonly route: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    'select from everhook.runs where source = $1 and route = $2 limit 1',
    [source, route],
  );
  return rowCount === 1;
}

/** Lets go of what was paused; false where nothing was. Keyed events, which wait for a ring, are due at once. */
export async function resume(
  pool: Pool,
  { source, route = '' }: { source: string; route?: string },
): Promise<boolean> {
  const { rows } = await pool.query<{ paused: boolean }>(
    `with gone as (delete from everhook.pauses where source = $1 and route = $2 returning source),
     due as (
       update everhook.runs set lease_until = now()
       where (select count(*) from gone) > 0 and source = $1 and $2 in ('', route)
         and state = 'accepted' and turn is not null
     )
     select count(*) > 0 as paused from gone`,
    [source, route],
  );
  return rows[0]?.paused ?? false;
}

/** Which parked runs: of one event, or of a source, parked for a reason. */
export interface ParkedFilter {
  readonly source: string;
  readonly id?: string;
  readonly reason?: string;
}

// A row that gave no usable key has no run to retry: kind 'none'.
const parked = `
  from everhook.events e
  where r.event = e.id and r.state = 'parked' and r.kind <> 'none'
    and e.source = $1
    and ($2::text is null or e.event_id = $2)
    and ($3::text is null or split_part(coalesce(r.last_error, ''), ':', 1) = $3)`;

/** The latest run of an event: whether it is parked, and whether there is one to retry. */
export async function latestRun(
  pool: Pool,
  { source, id }: { readonly source: string; readonly id: string },
): Promise<{ readonly state: string; readonly kind: string; readonly error: string | null } | undefined> {
  const { rows } = await pool.query<{ state: string; kind: string; error: string | null }>(
    `select r.state, r.kind, r.last_error as error
     from everhook.events e join everhook.runs r on r.event = e.id
     where e.source = $1 and e.event_id = $2 order by (r.state = 'parked') desc, r.n desc limit 1`,
    [source, id],
  );
  return rows[0];
}

/** How many parked runs there are to retry. */
export async function countParked(pool: Pool, { source, id, reason }: ParkedFilter): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from everhook.runs r cross join lateral (select 1 ${parked}) one`,
    [source, id, reason],
  );
  return rows[0]?.count ?? 0;
}

/** Lets parked runs try again, under their own ids; gives how many. What they were parked for stays with them. */
export async function retryParked(
  pool: Pool,
  { source, id, reason }: ParkedFilter,
  { by, why }: Request,
): Promise<number> {
  const { rowCount } = await pool.query(
    `update everhook.runs r
     set state = 'accepted', state_at = now(), lease_until = now(), leased_by = null, attempts = 0,
       first_attempt_at = null, requested_by = $4, why = concat_ws('; ', $5::text, 'retry of ' || r.last_error)
     ${parked}`,
    [source, id, reason, by, why],
  );
  return rowCount ?? 0;
}
