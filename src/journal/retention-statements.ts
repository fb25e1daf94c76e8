// Every statement of the walk that erases bodies and forgets ids. Each is a transaction of its own over one batch, and
// may be repeated, also by two walkers at once: who comes second finds it done. Deliveries are locked in the order of
// their ids, so that two walkers never wait for each other.

/** $1 source, $2 task, $3 days: how far the walk has come; with other days than before it begins again. */
export const beginWalk = `
insert into everhook.retention as r (source, task, days) values ($1, $2, $3)
on conflict (source, task) do update
set days = excluded.days, walked = case when r.days = excluded.days then r.walked end
returning walked`;

/** Of `everhook.deliveries d`: how many bytes there are to erase. */
const bytes = `case when d.body is null then 0 else d.body_bytes end as bytes`;

/** $1 source, $2 task, $3 now, $4 up to this delivery, $5 how many: what was held, and is to be looked at again. */
export const dueAgain = `
select k.delivery_id as id, k.source, ${bytes}
from everhook.kept_longer k left join everhook.deliveries d on d.id = k.delivery_id
where k.source = $1 and k.task = $2 and k.look_at <= $3 and k.delivery_id < $4
order by k.look_at
limit $5`;

/**
 * $1 after this delivery, $2 up to this one, $3 how many. Of every source: one with few deliveries has no need of an
 * index of its own to find them.
 */
export const nextDeliveries = `
select d.id, d.source, ${bytes}
from everhook.deliveries d
where d.id > $1 and d.id < $2
order by d.id
limit $3`;

/** $1 deliveries: the workflows that may still need what they brought, where Temporal says that they are open. */
export const startedRuns = `
select distinct r.workflow_id
from everhook.events e join everhook.runs r on r.event = e.id
where e.delivery_id = any ($1::uuid[]) and r.state = 'started' and r.workflow_id is not null`;

/** $2 the workflows that have ended: what is not known to have ended holds. */
const holds = `
  (r.state in ('accepted', 'parked') or r.state = 'started' and (r.workflow_id = any ($2::text[])) is not true)`;

/**
 * $1 deliveries, $2 workflows that have ended, $3 source, $4 when to look again. Erases what nothing holds, and
 * says of how many bodies. Looked at once more here: what a run needs by now stays.
 */
export const eraseBodies = `
with held as materialized (
    select distinct e.delivery_id as id
    from everhook.events e join everhook.runs r on r.event = e.id
    where e.delivery_id = any ($1::uuid[]) and ${holds}
  ),
  free as materialized (
    select d.id, d.body is not null as had_body
    from everhook.deliveries d
    where d.id = any ($1::uuid[]) and d.id not in (select id from held)
      and (d.body is not null or d.headers <> '{}' or d.remote_address is not null)
    order by d.id
    for update
  ),
  erased as (
    update everhook.deliveries d set body = null, headers = '{}', remote_address = null
    from free
    where d.id = free.id
    returning free.had_body
  ),
  kept as (
    insert into everhook.kept_longer (delivery_id, task, source, look_at)
    select id, 'bodies', $3::text, $4::timestamptz from held order by id
    on conflict (delivery_id, task) do update set look_at = excluded.look_at
  ),
  done as (
    delete from everhook.kept_longer
    where task = 'bodies' and delivery_id = any ($1::uuid[]) and delivery_id not in (select id from held)
  )
select count(*) filter (where had_body)::int as count from erased`;

/**
 * $1 deliveries, $2 workflows that have ended, $3 source, $4 when to look again, $5 before when all of it must have
 * been received and have occurred. Deletes a delivery's events, all of them or none, with their runs and conflicts;
 * the delivery itself when no event is left that it tells of. Says how many events. Quarantine has its own bounds.
 */
export const forgetIds = `
with candidate as materialized (
    select d.id, d.repeats
    from everhook.deliveries d
    where d.id = any ($1::uuid[]) and d.verdict not in ('refused', 'handshake')
    order by d.id
    for update
  ),
  own as materialized (
    select e.id, e.delivery_id, e.occurred_at,
      coalesce(e.received_at < $5 and e.occurred_at < $5, false)
        and not exists (select from everhook.runs r where r.event = e.id and ${holds}) as free
    from everhook.events e
    where e.delivery_id in (select id from candidate)
  ),
  gone as (
    delete from everhook.events e using own
    where e.id = own.id
      and own.delivery_id not in (select other.delivery_id from own other where not other.free)
    returning e.id, e.occurred_at
  ),
  gone_runs as (delete from everhook.runs where event in (select id from gone)),
  gone_conflicts as (delete from everhook.conflicts where event in (select id from gone)),
  told as materialized ( -- what a delivery still tells of
    select delivery_id, occurred_at from own where id not in (select id from gone)
    union all
    select c.id, e.occurred_at
    from candidate c join everhook.events e on e.id = any (c.repeats)
    where e.id not in (select id from gone)
  ),
  gone_deliveries as (
    delete from everhook.deliveries
    where id in (select id from candidate) and id not in (select delivery_id from told)
    returning id
  ),
  later as materialized ( -- without its own time an event is never forgotten
    select delivery_id as id from told group by delivery_id having bool_and(occurred_at is not null)
  ),
  kept as (
    insert into everhook.kept_longer (delivery_id, task, source, look_at)
    select id, 'ids', $3::text, $4::timestamptz from later order by id
    on conflict (delivery_id, task) do update set look_at = excluded.look_at
  ),
  done as (
    delete from everhook.kept_longer k
    where k.delivery_id = any ($1::uuid[])
      and (k.task = 'ids' and k.delivery_id not in (select id from later)
        or k.delivery_id in (select id from gone_deliveries))
  ),
  noted as (
    update everhook.retention set forgot = greatest(forgot, (select max(occurred_at) from gone))
    where source = $3 and task = 'ids' and exists (select from gone)
  )
select count(*)::int as count from gone`;

/** $1 source, $2 task, $3 days, $4 the last delivery that was looked at. */
export const advanceWalk = `
update everhook.retention set walked = $4
where source = $1 and task = $2 and days = $3 and (walked is null or walked < $4)`;

/** $1 sources: up to when each has forgotten events, by their own time. */
export const forgottenUpTo = `
select source, forgot from everhook.retention where source = any ($1::text[]) and forgot is not null`;
