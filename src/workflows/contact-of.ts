import { ApplicationFailure } from '@temporalio/workflow';
import type { ContactFields } from '../activities/index.ts';
import type { HubspotEvent } from '../providers/hubspot.ts';
import type { SalesforceEvent } from '../providers/salesforce.ts';

/** The events that tell of a contact. */
export type ContactTold =
  | HubspotEvent<'contact.creation' | 'contact.propertyChange'>
  | SalesforceEvent<'Contact' | `Contact.${string}`>;

/** A contact as its event tells of it. */
export interface ToldContact {
  /** Its id at its source: HubSpot's with the portal before it. */
  readonly externalId: string;
  readonly fields: ContactFields;
}

/** What is kept, by HubSpot's names of properties. */
const properties: Readonly<Record<string, keyof ContactFields>> = {
  email: 'email',
  firstname: 'firstName',
  lastname: 'lastName',
  phone: 'phone',
};

/** Reads of which contact an event tells, and what. Fails the run as `ContactUnreadable` when it has no id. */
export function contactOf(event: ContactTold): ToldContact {
  const { key: externalId } = event;
  if (externalId === undefined) {
    throw ApplicationFailure.nonRetryable('the event does not say which contact', 'ContactUnreadable');
  }
  return { externalId, fields: fieldsOf(event) };
}

function fieldsOf(event: ContactTold): ContactFields {
  // HubSpot tells of one property at a time; that a contact is new comes without any.
  if (event.type === 'contact.creation') return {};
  if (event.type === 'contact.propertyChange') {
    const { propertyName, propertyValue } = event.payload;
    const name = Object.hasOwn(properties, propertyName) ? properties[propertyName] : undefined;
    return name === undefined ? {} : { [name]: textOf(propertyValue) };
  }
  // What was not chosen for the outbound message is undefined, and stays as it is.
  const { Email: email, FirstName: firstName, LastName: lastName, Phone: phone } = event.payload;
  return Object.fromEntries(
    Object.entries({ email, firstName, lastName, phone })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, textOf(value)]),
  );
}

/** Typed as text, and perhaps a number all the same; empty is nothing. */
function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}
