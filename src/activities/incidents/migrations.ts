import type { Migration } from '../../postgres/migrate.ts';

/** The schema of incidents, step by step, forward only. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'incidents',
    sql: `
      create table incidents.incidents (
        id        uuid        primary key default gen_random_uuid(),
        source    text        not null,
        key       text        not null,
        title     text        not null,
        opened_by text        not null, -- <source>:<event id>
        opened_at timestamptz not null, -- as all times here, by the event's clock
        closed_by text,                 -- null also where nobody said that it is over
        closed_at timestamptz,
        outcome   text        check (outcome in ('resolved', 'idle')),
        check ((closed_at is null) = (outcome is null)),
        -- an event opens one, however often its run is tried, reset or replayed
        unique (source, key, opened_by)
      );
      -- and nothing is open twice
      create unique index incidents_open on incidents.incidents (source, key) where closed_at is null;

      create table incidents.entries (
        incident    uuid        not null references incidents.incidents,
        event       text        not null, -- <source>:<event id>
        type        text        not null,
        happened_at timestamptz not null,
        primary key (incident, event)
      );
    `,
  },
];
