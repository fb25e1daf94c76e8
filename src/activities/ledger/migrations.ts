import type { Migration } from '../../postgres/migrate.ts';

/** The ledger's schema, step by step, forward only. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'entries',
    sql: `
      create table ledger.entries (
        id           uuid        primary key default gen_random_uuid(),
        provider     text        not null,
        account      text        not null, -- '' is the provider's own account
        payment_id   text        not null,
        effect       text        not null,
        event        text        not null, -- <source>:<event id>
        amount_minor bigint      not null check (amount_minor >= 0),
        currency     text        not null check (currency ~ '^[A-Z]{3}$'),
        posted_at    timestamptz not null default now(),
        -- one payment makes several events, and has each effect once
        unique (provider, account, payment_id, effect)
      );

      create function ledger.refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'ledger entries are never changed: post another one'
          using errcode = 'restrict_violation';
      end
      $$;

      create trigger entries_are_immutable before update or delete on ledger.entries
        for each row execute function ledger.refuse_change();
      create trigger entries_are_not_truncated before truncate on ledger.entries
        for each statement execute function ledger.refuse_change();
    `,
  },
];
