import type { Migration } from '../../postgres/migrate.ts';

/** The contacts' schema, step by step, forward only. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'contacts',
    sql: `
      create table contacts.contacts (
        id          uuid        primary key default gen_random_uuid(),
        source      text        not null,
        external_id text        not null,
        created_by  text        not null, -- <source>:<event id>
        created_at  timestamptz not null default now(),
        unique (source, external_id)
      );

      -- each field has a time of its own: some sources tell of one at a time, in any order
      create table contacts.fields (
        contact     uuid             not null references contacts.contacts on delete cascade,
        name        text             not null,
        value       text,            -- null: the source has emptied it
        occurred_at timestamptz      not null,
        event       text collate "C" not null, -- <source>:<event id>
        primary key (contact, name)
      );

      create view contacts.people as
      select c.id, c.source, c.external_id,
        max(f.value) filter (where f.name = 'email') as email,
        max(f.value) filter (where f.name = 'firstName') as first_name,
        max(f.value) filter (where f.name = 'lastName') as last_name,
        max(f.value) filter (where f.name = 'phone') as phone,
        max(f.occurred_at) as changed_at
      from contacts.contacts c left join contacts.fields f on f.contact = c.id
      group by c.id;
    `,
  },
];
