import type { Schema } from '../postgres/migrate.ts';

/**
 * The journal's schema. No foreign keys on the way of a delivery: its rows are written by one statement,
 * so they are there together or not at all, and the checks would cost a third of the insert.
 */
export const journalSchema: Schema = {
  name: 'everhook',
  // 'everhook' in ASCII.
  lockKey: '7311142587135389547',
  migrations: [
    {
      version: 1,
      name: 'journal',
      sql: `
        -- An HTTP request to a known source: what came, and what became of it.
        create table everhook.deliveries (
          id             uuid        primary key, -- UUIDv7: in the order of their arrival
          source         text        not null,
          received_at    timestamptz not null,
          remote_address text,
          method         text        not null,
          url            text        not null, -- without a path token
          headers        jsonb       not null, -- those that the provider lists
          body           bytea,                -- null: the same bytes are with an earlier delivery, or it was purged
          body_bytes     integer     not null,
          sha256         bytea       not null, -- of the bytes received
          sealed         boolean     not null default false, -- the body is encrypted
          redacted       boolean     not null default false, -- the provider's own fields were erased
          verdict        text        not null check (verdict in ('new', 'duplicate', 'conflict', 'handshake', 'refused')),
          code           text,
          reason         text,
          note           text,
          repeats        bigint[]              -- the events that it tells of once more
        );
        create index deliveries_repeats on everhook.deliveries using gin (repeats) where repeats is not null;
        create index deliveries_quarantine on everhook.deliveries (source, id)
          where verdict in ('refused', 'handshake');

        create table everhook.events (
          id              bigint      generated always as identity primary key,
          source          text        not null,
          event_id        text        not null,
          once            text,                 -- what is signed, where the id is not
          echo            text,                 -- a hash of the signed bytes, where the id is not in them
          position        integer     not null, -- in its delivery
          delivery_id     uuid        not null, -- the one that holds the body
          type            text        not null,
          key             text,
          labels          jsonb,
          occurred_at     timestamptz,          -- by the provider's clock
          received_at     timestamptz not null, -- by ours
          fingerprint     bytea       not null, -- of what must be equal for "the same event again"
          reader          text        not null, -- what reads the body again: provider and version
          possible_replay boolean     not null default false, -- signed bytes that another event had before
          unique (source, event_id)
        );
        create unique index events_once on everhook.events (source, once, position) where once is not null;
        create index events_echo on everhook.events (source, echo) where echo is not null;
        create index events_key on everhook.events (key, id) where key is not null;

        -- What an event has been made to do. Frozen at acceptance: nothing here is looked up in today's routes.
        create table everhook.runs (
          id               bigint      generated always as identity primary key,
          event            bigint      not null,
          n                integer     not null default 1 check (n >= 1),
          source           text        not null,
          route            text,
          kind             text        not null check (kind in ('none', 'plain', 'external', 'inOrderBy', 'feedBy')),
          workflow         text,
          task_queue       text,
          priority         smallint,
          workflow_id      text,                 -- the run's own; none where a keyed run takes the event itself
          turn             text,                 -- the workflow id of the keyed run that takes its events in turn
          turn_key         text,
          settling_seconds double precision,
          state            text        not null check (state in ('accepted', 'started', 'handled', 'ignored', 'parked')),
          accepted_at      timestamptz not null default now(),
          first_attempt_at timestamptz,          -- since when it may have been started without our knowing
          lease_until      timestamptz,          -- nobody else touches it until then; also its back-off
          leased_by        text,
          attempts         integer     not null default 0,
          last_error       text,
          state_at         timestamptz not null default now(),
          requested_by     text,
          why              text,
          outcome          text,
          outcome_at       timestamptz,
          unique (event, n)
        );
        create index runs_accepted on everhook.runs (source, lease_until) where state = 'accepted';
        create index runs_turn on everhook.runs (turn, state, id) where turn is not null;
        create index runs_parked on everhook.runs (id) where state = 'parked';

        -- The same id with another content, or signed bytes under another id. Not run unless a person says so.
        create table everhook.conflicts (
          id          bigint      generated always as identity primary key,
          event       bigint      not null, -- the one it contradicts
          why         text        not null check (why in ('other_content', 'other_id')),
          delivery_id uuid        not null,
          position    integer     not null,
          source      text        not null,
          event_id    text        not null,
          type        text        not null,
          fingerprint bytea       not null,
          noticed_at  timestamptz not null default now(),
          unique (event, event_id, fingerprint)
        );

        -- What an operator holds back: a source, or one row of it.
        create table everhook.pauses (
          source text        not null,
          route  text        not null default '', -- '' is all of the source
          by     text        not null,
          why    text,
          at     timestamptz not null default now(),
          primary key (source, route)
        );

        -- Payloads too large to travel through Temporal.
        create table everhook.blobs (
          key        text        primary key,
          data       bytea       not null,
          made_at    timestamptz not null default now(),
          used_at    timestamptz not null default now() -- stored last
        );

        -- Which workflows name a blob, so that it is kept as long as Temporal knows one of them. '' is nobody
        -- whom we can ask after: kept for good.
        create table everhook.blob_uses (
          key         text        not null references everhook.blobs on delete cascade,
          namespace   text        not null,
          workflow_id text        not null,
          used_at     timestamptz not null default now(), -- stored last, for this workflow
          look_at     timestamptz not null,               -- when to ask Temporal again
          primary key (key, namespace, workflow_id)
        );
        create index blob_uses_look on everhook.blob_uses (look_at);
      `,
    },
    {
      version: 2,
      name: 'retention',
      sql: `
        -- How far the walk over deliveries has come that erases a source's bodies, or forgets its ids.
        create table everhook.retention (
          source text    not null,
          task   text    not null check (task in ('bodies', 'ids')),
          days   integer not null, -- what it went by; with another number it begins again
          walked uuid,             -- the last delivery that was looked at; null: none
          forgot timestamptz,      -- no event that occurred later was ever forgotten
          primary key (source, task)
        );

        -- Deliveries that the walk has passed, and that something still holds.
        create table everhook.kept_longer (
          delivery_id uuid        not null,
          task        text        not null check (task in ('bodies', 'ids')),
          source      text        not null,
          look_at     timestamptz not null, -- when to look again
          primary key (delivery_id, task)
        );
        create index kept_longer_look on everhook.kept_longer (source, task, look_at);
      `,
    },
    {
      version: 3,
      name: 'events by delivery',
      concurrent: true,
      sql: 'create index concurrently if not exists events_delivery on everhook.events (delivery_id)',
    },
    {
      version: 4,
      name: 'due runs by route',
      concurrent: true,
      sql: `create index concurrently if not exists runs_due on everhook.runs (source, route, lease_until)
        where state = 'accepted'`,
    },
    {
      version: 5,
      name: 'due runs by source no more',
      concurrent: true,
      sql: 'drop index concurrently if exists everhook.runs_accepted',
    },
    {
      version: 6,
      name: 'bodies up to 8 KB as they are',
      // PostgreSQL begins to compress at 2 KB, which took it a tenth of its time for a delivery.
      sql: 'alter table everhook.deliveries set (toast_tuple_target = 8160)',
    },
  ],
};

/** The version that this code needs. */
export const journalVersion = Math.max(...journalSchema.migrations.map(({ version }) => version));
