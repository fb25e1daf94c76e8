// Every statement on the way of a delivery. Rows travel as two JSON texts and their bodies as one run of
// bytes: one round trip, one plan, whatever the number of rows.

const delivery = `
  delivery as materialized (
    select * from json_to_recordset($1::json) as t (
      id uuid, source text, received_at timestamptz, remote_address text, method text, url text, headers jsonb,
      body_at integer, stored_bytes integer, body_bytes integer, sha256 text, sealed boolean, redacted boolean,
      eventless boolean
    )
  )`;

const deliveryColumns = `
  id, source, received_at, remote_address, method, url, headers, body_bytes, sha256, sealed, redacted`;

const deliveryValues = `
  d.id, d.source, d.received_at, d.remote_address, d.method, d.url, d.headers, d.body_bytes,
  decode(d.sha256, 'hex'), d.sealed, d.redacted`;

const body = `substr($3::bytea, d.body_at, d.stored_bytes)`;

/**
 * $1 deliveries, $2 their events, $3 the bodies. Gives the events that are new, each with its run. What is
 * not in the answer was there before. Rows are written in the order of (source, event id): two batches in
 * another order could wait for each other.
 */
export const insertBatch = `
with ${delivery},
  event as materialized (
    select * from json_to_recordset($2::json) as t (
      delivery_id uuid, position integer, source text, event_id text, once text, echo text, echoed boolean,
      type text, key text, labels jsonb, occurred_at timestamptz, received_at timestamptz, fingerprint text,
      reader text, route text, kind text, workflow text, task_queue text, priority smallint, workflow_id text,
      turn text, turn_key text, settling_seconds double precision, state text, last_error text,
      lease_seconds double precision, leased_by text
    )
  ),
  new_event as (
    insert into everhook.events (
      source, event_id, once, echo, position, delivery_id, type, key, labels, occurred_at, received_at,
      fingerprint, reader, possible_replay
    )
    select source, event_id, once, echo, position, delivery_id, type, key, labels, occurred_at, received_at,
      decode(fingerprint, 'hex'), reader,
      echoed or (echo is not null and exists (
        select from everhook.events other where other.source = event.source and other.echo = event.echo
      ))
    from event
    order by source, event_id
    on conflict do nothing
    returning id, source, event_id, delivery_id, possible_replay
  ),
  new_run as (
    insert into everhook.runs (
      event, source, route, kind, workflow, task_queue, priority, workflow_id, turn, turn_key, settling_seconds,
      state, last_error, first_attempt_at, lease_until, leased_by, attempts
    )
    select n.id, e.source, route, kind, workflow, task_queue, priority, workflow_id, turn, turn_key,
      settling_seconds, state, last_error,
      case when leased_by is not null then now() end,
      case when state = 'accepted' then now() + make_interval(secs => lease_seconds) end,
      leased_by,
      case when leased_by is null then 0 else 1 end
    from new_event n join event e on e.source = n.source and e.event_id = n.event_id
    returning id, event
  ),
  new_delivery as (
    insert into everhook.deliveries (${deliveryColumns}, body, verdict)
    select ${deliveryValues}, ${body}, 'new'
    from delivery d
    where d.eventless or d.id in (select delivery_id from new_event)
  )
select n.source, n.event_id, n.possible_replay, r.id as run
from new_event n join new_run r on r.event = n.id`;

/**
 * $1 deliveries, $2 those of their events that were there before, $3 the bodies. Says of each what it is,
 * and keeps what it has to. A snapshot of its own, taken after the insert, sees what the insert ran into.
 */
export const judgeKnown = `
with ${delivery},
  asked as (
    select * from json_to_recordset($2::json) as t (
      delivery_id uuid, position integer, source text, event_id text, once text, type text, fingerprint text
    )
  ),
  judged as materialized (
    select a.*,
      coalesce(same.id, twin.id) as event,
      coalesce(same.delivery_id, twin.delivery_id) as first_delivery,
      case
        when same.fingerprint = decode(a.fingerprint, 'hex') then 'duplicate'
        when coalesce(same.id, twin.id) is not null then 'conflict'
      end as verdict,
      case when same.id is null then 'other_id' else 'other_content' end as why
    from asked a
    left join everhook.events same on same.source = a.source and same.event_id = a.event_id
    left join everhook.events twin
      on same.id is null and twin.source = a.source and twin.once = a.once and twin.position = a.position
  ),
  new_conflict as (
    insert into everhook.conflicts (
      event, why, delivery_id, position, source, event_id, type, fingerprint
    )
    select event, why, delivery_id, position, source, event_id, type, decode(fingerprint, 'hex')
    from judged
    where verdict = 'conflict'
    order by event, event_id
    on conflict do nothing
  ),
  kept as (
    insert into everhook.deliveries (${deliveryColumns}, body, verdict, repeats)
    select ${deliveryValues},
      case when j.same_bytes then null else ${body} end,
      j.verdict,
      j.repeats
    from delivery d join (
      select delivery_id,
        min(verdict) as verdict, -- a conflict comes before a duplicate
        array_agg(event order by position) as repeats,
        bool_or(exists (
          select from everhook.deliveries first, delivery again
          where again.id = judged.delivery_id and (first.id = first_delivery or first.id in (
            select c.delivery_id from everhook.conflicts c
            where c.event = judged.event and c.event_id = judged.event_id
              and c.fingerprint = decode(judged.fingerprint, 'hex')
          ))
            and first.sha256 = decode(again.sha256, 'hex')
        )) as same_bytes
      from judged
      where verdict is not null
      group by delivery_id
    ) j on j.delivery_id = d.id
    order by d.id
    on conflict (id) do update
    set repeats = excluded.repeats,
      verdict = case when excluded.verdict = 'conflict' then 'conflict' else deliveries.verdict end
  )
select delivery_id, position, verdict from judged`;
