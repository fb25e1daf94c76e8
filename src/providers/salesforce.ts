import { randomBytes } from 'node:crypto';
import type { Element } from '@xmldom/xmldom';
import { z } from 'zod';
import { ConfigError, WebhookError } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import { accessNames, accessOf, requireToken, verifyAccess } from './access.ts';
import { isoTime, requireId, textsOnly } from './json.ts';
import type { Provider, ReadEvent } from './provider.ts';
import { salesforceSamples, sampleOrganizationId } from './salesforce-samples.ts';
import { eraseSession } from './salesforce-session.ts';
import { signatureInvalid } from './signature.ts';
import { childOf, childrenOf, parseXml, textOf } from './xml.ts';

/** A field of a record: text as it came, or null; of compound fields their parts. */
export type SalesforceValue = string | null | { readonly [part: string]: SalesforceValue };

/** A record as its outbound message tells of it: the fields that were chosen there, and the message's own. */
export interface SalesforceRecord {
  /** 18 characters. */
  readonly Id?: string | null;
  /** Which outbound message it was; 18 characters. */
  readonly ActionId?: string;
  readonly OrganizationId: string;
  /** Where its API is. */
  readonly EnterpriseUrl?: string;
  readonly PartnerUrl?: string;
  readonly [field: string]: SalesforceValue | undefined;
}

export interface SalesforceContact extends SalesforceRecord {
  readonly AccountId?: string | null;
  readonly Email?: string | null;
  readonly FirstName?: string | null;
  readonly LastName?: string | null;
  readonly Phone?: string | null;
  readonly LastModifiedDate?: string | null;
}

/** Standard objects that outbound messages are made for; others are taken by `'*'`. */
type StandardObject =
  | 'Account'
  | 'Asset'
  | 'Campaign'
  | 'CampaignMember'
  | 'Case'
  | 'CaseComment'
  | 'Contract'
  | 'ContractLineItem'
  | 'Entitlement'
  | 'Event'
  | 'Lead'
  | 'Opportunity'
  | 'OpportunityLineItem'
  | 'Order'
  | 'OrderItem'
  | 'Product2'
  | 'Quote'
  | 'QuoteLineItem'
  | 'ServiceContract'
  | 'Task'
  | 'User'
  | 'WorkOrder'
  | `${string}__c`;

/** Types by object, `Contact`, and by what `actions` calls its messages, `Contact.welcome`. */
export type SalesforceEvents = { [Type in 'Contact' | `Contact.${string}`]: SalesforceContact } & {
  [Type in StandardObject | `${StandardObject}.${string}`]: SalesforceRecord;
};

/** A Salesforce event as a workflow takes it: `SalesforceEvent<'Contact'>`. */
export type SalesforceEvent<Type extends keyof SalesforceEvents = keyof SalesforceEvents> = {
  [T in Type]: WebhookEvent<T, SalesforceEvents[T]>;
}[Type];

export interface SalesforceOptions {
  /** The field that says when the event occurred: `LastModifiedDate`. Default none, for messages carry no time. */
  readonly occurredAt?: string;
  /** Names for outbound messages by their ActionId: their events are `<object>.<name>`, and `<object>` as before. */
  readonly actions?: Readonly<Record<string, string>>;
}

/** The secret at the end of the URL, and the organisation that messages must be of. */
export interface SalesforceProof {
  readonly pathTokens: readonly [string, ...string[]];
  /** The 15 characters that tell one organisation from another. */
  readonly organization: string;
}

const idForm = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;

const proof: z.ZodType<SalesforceProof> = z
  .object({
    WEBHOOK_PATH_TOKEN: z.string().min(1),
    WEBHOOK_PATH_TOKEN_PREVIOUS: accessNames.WEBHOOK_PATH_TOKEN_PREVIOUS,
    ORGANIZATION_ID: z.string().regex(idForm, 'must be one id of 15 or 18 letters and digits'),
  })
  .transform(({ ORGANIZATION_ID, WEBHOOK_PATH_TOKEN, WEBHOOK_PATH_TOKEN_PREVIOUS: previous }) => ({
    pathTokens: previous === undefined ? [WEBHOOK_PATH_TOKEN] : [WEBHOOK_PATH_TOKEN, previous],
    organization: caseSensitive(ORGANIZATION_ID),
  }));

const namespaces = {
  envelope: 'http://schemas.xmlsoap.org/soap/envelope/',
  outbound: 'http://soap.sforce.com/2005/09/outbound',
  instance: 'http://www.w3.org/2001/XMLSchema-instance',
};
/** Where the types of records are. Outbound messages name the first; the second is that of the partner API. */
const recordNamespaces = ['urn:sobject.enterprise.soap.sforce.com', 'urn:sobject.partner.soap.sforce.com'];
const mostNotifications = 100;

/** The one answer that Salesforce takes for "delivered"; a plain 200, a fault or `false` it sends again. */
const acknowledgement =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  `<soapenv:Envelope xmlns:soapenv="${namespaces.envelope}"><soapenv:Body>` +
  `<notificationsResponse xmlns="${namespaces.outbound}"><Ack>true</Ack></notificationsResponse>` +
  '</soapenv:Body></soapenv:Envelope>';

/**
 * Salesforce's outbound messages: SOAP, up to 100 notifications each. Nothing is signed: the proof is a secret at the
 * end of the URL, `SALESFORCE_WEBHOOK_PATH_TOKEN`, and `SALESFORCE_ORGANIZATION_ID`, which a copied sandbox has not.
 * Throws ConfigError where the options name no ActionId. developer.salesforce.com/docs: SOAP API, "Understanding Notifications", "Understanding the Outbound Messaging WSDL".
 */
export const salesforce = ({ occurredAt, actions = {} }: SalesforceOptions = {}): Provider<
  SalesforceEvents,
  SalesforceProof
> => {
  const unknown = Object.keys(actions).find((id) => !idForm.test(id));
  if (unknown !== undefined)
    throw new ConfigError(`salesforce: actions names ${unknown}, which is no ActionId`);
  const names = new Map(Object.entries(actions).map(([id, name]) => [caseSensitive(id), name]));
  return {
    name: 'salesforce',
    proof,

    verify(delivery, { pathTokens, organization }) {
      // Nothing is parsed of who does not know the URL.
      verifyAccess(delivery, { ...accessOf({}), pathTokens });
      const message = notificationsOf(parseXml(delivery.body));
      const given = childrenOf(message).filter((child) => isOutbound(child, 'OrganizationId'));
      if (given.length > 1) throw signatureInvalid('signature_repeated', 'more than one OrganizationId');
      if (!given[0]) throw signatureInvalid('signature_missing', 'no OrganizationId');
      requireToken(organizationOf(given[0]), [organization], 'the organisation');
    },

    read({ body }) {
      const message = notificationsOf(parseXml(body));
      const notifications = childrenOf(message).filter((child) => isOutbound(child, 'Notification'));
      if (notifications.length === 0) throw unreadable('field_missing', '/Notification');
      if (notifications.length > mostNotifications) {
        throw unreadable('field_malformed', `more than ${mostNotifications} of /Notification`);
      }
      const common = envelopeOf(message);
      return { events: notifications.map((one) => readNotification(one, common, { occurredAt, names })) };
    },

    answer: () => ({
      status: 200,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: acknowledgement,
    }),

    blank: eraseSession,
    // The URL that the sender was given is all the proof that it shows.
    sign: () => ({ 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' }),
    pathToken: ({ pathTokens }) => pathTokens[0],
    // No limit is published; a hundred records with long texts are more than 1.5 MiB.
    bodyLimitBytes: 10_485_760,
    samples: salesforceSamples,
    develop: () => ({
      WEBHOOK_PATH_TOKEN: randomBytes(32).toString('base64url'),
      ORGANIZATION_ID: sampleOrganizationId,
    }),
  };
};

/** Ids have 15 characters of which the case counts; three more are a checksum of the case. */
const caseSensitive = (id: string): string => id.slice(0, 15);

/** Of a text that is no id, a text that is none either. */
function organizationOf(element: Element): string {
  const id = textOf(element).trim();
  return idForm.test(id) ? caseSensitive(id) : '';
}

function notificationsOf(root: Element): Element {
  const envelope =
    root.namespaceURI === namespaces.envelope && root.localName === 'Envelope' ? root : undefined;
  const body = envelope && childOf(envelope, namespaces.envelope, 'Body');
  const message = body && childOf(body, namespaces.outbound, 'notifications');
  if (message) return message;
  throw unreadable('field_missing', '/Envelope/Body/notifications');
}

const isOutbound = (element: Element, localName: string): boolean =>
  element.namespaceURI === namespaces.outbound && element.localName === localName;

/** What a message says of all its notifications. Its session stays out. */
const envelopeOf = (message: Element): Record<string, string> =>
  textsOnly(
    Object.fromEntries(
      ['ActionId', 'OrganizationId', 'EnterpriseUrl', 'PartnerUrl'].map((name) => [
        name,
        textIn(message, name),
      ]),
    ),
  );

function textIn(element: Element, localName: string): string | undefined {
  const child = childOf(element, namespaces.outbound, localName);
  const text = child && valueOf(child);
  return typeof text === 'string' ? text.trim() : undefined;
}

function readNotification(
  notification: Element,
  common: Readonly<Record<string, string>>,
  { occurredAt, names }: { occurredAt: string | undefined; names: ReadonlyMap<string, string> },
): ReadEvent {
  const id = requireId(textIn(notification, 'Id'), '/Notification/Id');
  const record = childOf(notification, namespaces.outbound, 'sObject');
  if (!record) throw unreadable('field_missing', '/Notification/sObject');
  const type = typeOf(record);
  const fields = fieldsOf(record);
  const { ActionId: action, OrganizationId: organization } = common;
  const name = names.get(caseSensitive(action ?? ''));
  const key = typeof fields['Id'] === 'string' ? fields['Id'].trim() : '';
  const time = occurredAt === undefined ? undefined : isoTime(fields[occurredAt]);
  return {
    id,
    types: name === undefined ? [type] : [`${type}.${name}`, type],
    ...(key !== '' && { key }),
    ...(time !== undefined && { occurredAt: time }),
    payload: { ...fields, ...common },
    // A record is told as it is when it is sent: what is sent again may tell of later changes.
    sameness: { type, key, action, organization },
    labels: textsOnly({ action, organization }),
  };
}

/** What `xsi:type` names, its prefix looked up where it stands. */
function typeOf(record: Element): string {
  const value = record.getAttributeNS(namespaces.instance, 'type')?.trim() ?? '';
  if (value === '') throw unreadable('field_missing', '/Notification/sObject/@xsi:type');
  const [, prefix, localName = ''] = /^(?:([^:]+):)?([^:]+)$/.exec(value) ?? [];
  const namespace = record.lookupNamespaceURI(prefix ?? '');
  if (localName !== '' && namespace !== null && recordNamespaces.includes(namespace)) return localName;
  throw unreadable('field_malformed', '/Notification/sObject/@xsi:type');
}

function fieldsOf(record: Element): Record<string, SalesforceValue> {
  const fields = new Map<string, SalesforceValue>();
  for (const field of childrenOf(record)) {
    const name = field.localName ?? '';
    if (fields.has(name)) throw unreadable('field_repeated', `/Notification/sObject/${name}`);
    fields.set(name, valueOf(field));
  }
  return Object.fromEntries(fields);
}

function valueOf(field: Element): SalesforceValue {
  const nil = field.getAttributeNS(namespaces.instance, 'nil')?.trim();
  if (nil === 'true' || nil === '1') return null;
  return childrenOf(field).length > 0 ? fieldsOf(field) : textOf(field);
}

const unreadable = (
  reason: 'field_missing' | 'field_malformed' | 'field_repeated',
  note: string,
): WebhookError => new WebhookError('payload_unreadable', { reason, note });
