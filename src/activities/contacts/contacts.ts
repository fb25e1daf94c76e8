import { ApplicationFailure } from '@temporalio/common';
import type { Pool } from 'pg';
import { eventName, type EventRef } from '../../event.ts';
import { storeFailure } from '../store-failure.ts';

/** What is kept of a contact: what a source has not told is not there, what it has emptied is null. */
export interface ContactFields {
  readonly email?: string | null;
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly phone?: string | null;
}

/** What an event tells of a contact. */
export interface ContactChange {
  readonly event: EventRef;
  /** The contact's id at its source. */
  readonly externalId: string;
  /** ISO 8601. A later one wins, field by field. */
  readonly occurredAt: string;
  readonly fields: ContactFields;
}

/** What became of it. */
export interface WrittenContact {
  readonly contactId: string;
  /** The event that told of it first, `<source>:<event id>`: the same in every answer. */
  readonly createdBy: string;
  /** The fields that are now as this event says; not among them are those of which a later event has told. */
  readonly written: readonly string[];
}

interface Row {
  readonly id: string;
  readonly created_by: string;
  readonly written: string[];
}

// The update that changes nothing gives the row's id, and makes writers of one contact wait for each other. Of two
// events of one moment that with the greater name wins, whichever comes first.
const write = `
  with contact as (
    insert into contacts.contacts (source, external_id, created_by)
    values ($1, $2, $3)
    on conflict (source, external_id) do update set external_id = excluded.external_id
    returning id, created_by
  ), written as (
    insert into contacts.fields as field (contact, name, value, occurred_at, event)
    select contact.id, told.key, told.value, $4::timestamptz, $3
    from contact, json_each_text($5::json) told
    order by told.key
    on conflict (contact, name) do update
    set value = excluded.value, occurred_at = excluded.occurred_at, event = excluded.event
    where (field.occurred_at, field.event) <= (excluded.occurred_at, excluded.event)
    returning name
  )
  select id, created_by, array(select name from written order by name) as written from contact`;

/** The contacts of all sources, each as its source last told of it, however its events come in. */
export const contacts = (pool: Pick<Pool, 'query'>) => ({
  /** Makes a contact, or changes of it what nothing later has told of. */
  async writeContact({ event, externalId, occurredAt, fields }: ContactChange): Promise<WrittenContact> {
    const values = [event.source, externalId, eventName(event), occurredAt, JSON.stringify(fields)];
    try {
      const { rows } = await pool.query<Row>(write, values);
      const { id, created_by: createdBy, written } = rows[0]!;
      return { contactId: id, createdBy, written };
    } catch (error) {
      throw storeFailure(error, { name: 'Contacts', called: 'contacts are' });
    }
  },
});

/** The contacts where no database is named: no shipped row needs them, and a row of one's own is told so. */
export const missingContacts: ReturnType<typeof contacts> = {
  writeContact: () =>
    Promise.reject(
      ApplicationFailure.nonRetryable('DATABASE_URL is not set: contacts need it', 'ContactsMissing'),
    ),
};
