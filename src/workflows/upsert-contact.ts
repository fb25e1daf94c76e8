import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { contactOf, type ContactTold } from './contact-of.ts';
import { limits } from './limits.ts';
import { refOf } from './ref-of.ts';

const { writeContact } = proxyActivities<Activities>({ ...limits.contacts, summary: 'write the contact' });

/** What became of a contact. */
export interface UpsertedContact {
  readonly contactId: string;
  /** `unchanged`: a later event had told of it already, or this one tells of nothing that is kept. */
  readonly outcome: 'created' | 'updated' | 'unchanged';
  /** The names of what was written: `email`. */
  readonly fields: readonly string[];
}

/** Keeps a contact as its source last told of it; an event that comes late changes nothing. */
export async function upsertContact(event: ContactTold): Promise<UpsertedContact> {
  const { externalId, fields } = contactOf(event);
  const occurredAt = event.occurredAt ?? event.receivedAt;
  const { contactId, createdBy, written } = await writeContact({
    event: refOf(event),
    externalId,
    occurredAt,
    fields,
  });
  // Also where an attempt of our own was cut off after its commit.
  const created = createdBy === `${event.source}:${event.id}`;
  const outcome = created ? 'created' : written.length > 0 ? 'updated' : 'unchanged';
  setCurrentDetails(`${event.source} contact ${externalId}: ${[outcome, ...written].join(', ')}`);
  return { contactId, outcome, fields: written };
}
