import { WebhookError } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import { timestampHeader } from './freshness.ts';
import { hubspotSamples } from './hubspot-samples.ts';
import { at, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret, timedHmacProof, type HmacProof } from './proof.ts';
import type { Provider, ReadEvent } from './provider.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';

/** What each of HubSpot's events says. Ids beyond the safe integers are texts. */
export interface HubspotPayload {
  readonly eventId: number | string;
  readonly subscriptionId: number | string;
  readonly portalId: number | string;
  readonly appId: number | string;
  /** In milliseconds. */
  readonly occurredAt: number;
  readonly attemptNumber: number;
  readonly subscriptionType?: string;
  /** The newer name of `subscriptionType`. */
  readonly eventType?: string;
  /** Missing where an association changed, for that has two. */
  readonly objectId?: number | string;
  /** `0-1` is a contact, `0-2` a company, `0-3` a deal. */
  readonly objectTypeId?: string;
  readonly changeSource?: string;
  readonly changeFlag?: string;
  readonly sourceId?: string;
  readonly [field: string]: unknown;
}

export interface HubspotPropertyChange extends HubspotPayload {
  readonly propertyName: string;
  readonly propertyValue?: string | null;
}

export interface HubspotMerge extends HubspotPayload {
  readonly primaryObjectId: number | string;
  readonly mergedObjectIds: readonly (number | string)[];
  readonly newObjectId?: number | string | null;
  readonly numberOfPropertiesMoved?: number;
}

export interface HubspotAssociationChange extends HubspotPayload {
  readonly associationType?: string;
  readonly fromObjectId: number | string;
  readonly toObjectId: number | string;
  readonly associationRemoved: boolean;
  readonly isPrimaryAssociation?: boolean;
}

export interface HubspotMessage extends HubspotPayload {
  readonly messageId?: string;
  readonly messageType?: string;
}

type CrmObject = 'contact' | 'company' | 'deal' | 'ticket' | 'product' | 'line_item' | 'object';

/** HubSpot's map of types, `contact.creation`; those of the newer subscriptions for all objects are `object.creation`. */
export type HubspotEvents = {
  [Type in `${CrmObject}.${'creation' | 'deletion' | 'restore'}`]: HubspotPayload;
} & { [Type in `${CrmObject}.propertyChange`]: HubspotPropertyChange } & {
  [Type in `${CrmObject}.merge`]: HubspotMerge;
} & { [Type in `${CrmObject}.associationChange`]: HubspotAssociationChange } & {
  [
    Type in 'contact.privacyDeletion' | `conversation.${'creation' | 'deletion' | 'privacyDeletion'}`
  ]: HubspotPayload;
} & {
  'conversation.propertyChange': HubspotPropertyChange;
  'conversation.newMessage': HubspotMessage;
};

/** A HubSpot event as a workflow takes it: `HubspotEvent<'contact.creation'>`. */
export type HubspotEvent<Type extends keyof HubspotEvents = keyof HubspotEvents> = {
  [T in Type]: WebhookEvent<T, HubspotEvents[T]>;
}[Type];

const header = 'x-hubspot-signature-v3';
const timeHeader = 'x-hubspot-request-timestamp';
const defaultToleranceSeconds = 300;
/** HubSpot sends up to 100; every list has an end. */
const mostEvents = 1000;

/**
 * HubSpot's app webhooks, by signature v3 alone: an HMAC of method, URL, body and a time in milliseconds, keyed with
 * the app's client secret. v1 and v2 are hashes without a time, which HubSpot sends beside it: they prove nothing here.
 * developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation; the age is that of
 * `Signature` in @hubspot/api-client.
 */
export const hubspot = (): Provider<HubspotEvents, HmacProof> => ({
  name: 'hubspot',
  proof: timedHmacProof,

  verify(
    { method, publicUrl, headers, body },
    { secrets, toleranceSeconds = defaultToleranceSeconds },
    { now },
  ) {
    const given = singleHeader(headers, header);
    if (!/^[A-Za-z0-9+/]{43}=$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not the base64 of 32 bytes`);
    }
    const time = timestampHeader(headers, timeHeader, 'Unix milliseconds');
    if (publicUrl === undefined) {
      throw signatureInvalid('signature_mismatch', 'the URL is signed, and EVERHOOK_PUBLIC_URL is not set');
    }
    const uri = signedUri(publicUrl);
    requireMatch([given], secrets, (secret) => signature(secret, [method, uri, body, time]));
    // As in HubSpot's own library only the past is bounded, to the millisecond.
    const ageMs = now.getTime() - Number(time);
    if (ageMs > toleranceSeconds * 1000) throw signatureInvalid('timestamp_stale', `${ageMs} ms old`);
  },

  read({ body }) {
    const payload = parseJson(utf8(body));
    if (!Array.isArray(payload)) throw unreadable('field_malformed', 'not an array');
    if (payload.length === 0) throw unreadable('field_missing', '/0');
    if (payload.length > mostEvents) throw unreadable('field_malformed', `more than ${mostEvents} events`);
    return { events: payload.map(readEvent) };
  },

  sign({ method, url, body }, { secrets: [secret] }, moment) {
    const time = String(moment.getTime());
    return {
      'content-type': 'application/json',
      [header]: signature(secret, [method, signedUri(url), body, time]),
      [timeHeader]: time,
      'x-hubspot-signature-version': 'v1',
      'x-hubspot-signature': sha256(Buffer.concat([Buffer.from(secret), body])),
    };
  },

  keepHeaders: [header, timeHeader, 'x-hubspot-signature-version'],
  signedTime: true,
  signsUrl: true,
  answerWithinMs: 5000,
  // No limit is published; a hundred properties of up to 65,536 characters each are more than 1.5 MiB.
  bodyLimitBytes: 10_485_760,
  samples: hubspotSamples,
  develop: () => developmentSecret(),
});

const signature = (secret: string, parts: Iterable<string | Buffer>): string =>
  hmac(secret, parts, { encoding: 'base64' });

/** The URL as HubSpot signs it: these escapes are undone, in one pass, and no other. */
const signedUri = (url: string): string =>
  url.replace(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/g, (escape) => decodeURIComponent(escape));

function readEvent(event: unknown, index: number): ReadEvent {
  const field = (name: string) => scalarText(at(event, [name]));
  const type = field('subscriptionType') || field('eventType');
  const eventId = requireId(at(event, ['eventId']), `/${index}/eventId`);
  if (!type) throw unreadable('field_missing', `/${index}/subscriptionType`);
  const portal = field('portalId');
  if (portal === undefined) throw unreadable('field_missing', `/${index}/portalId`);
  // An association has two ends, and perhaps no objectId.
  const association = field('fromObjectId') && `${field('fromObjectId')}-${field('toObjectId') ?? ''}`;
  const object = field('objectId') ?? field('fromObjectId') ?? field('primaryObjectId');
  const occurredAt = isoMilliseconds(at(event, ['occurredAt']));
  return {
    // eventId alone "is not guaranteed to be unique".
    id: [
      portal,
      field('appId') ?? '',
      field('subscriptionId') ?? '',
      eventId,
      association ?? object ?? '',
      field('occurredAt') ?? '',
    ].join(':'),
    types: [type],
    ...(object !== undefined && { key: `${portal}:${object}` }),
    ...(occurredAt !== undefined && { occurredAt }),
    payload: event,
    // HubSpot counts its attempts in the signed body.
    sameness: { ...(event as object), attemptNumber: undefined },
    labels: textsOnly({
      portal,
      object,
      objectType: at(event, ['objectTypeId']),
      property: at(event, ['propertyName']),
      changeSource: at(event, ['changeSource']),
    }),
  };
}

/** `isoTime` takes seconds, and a division could lose a millisecond. */
function isoMilliseconds(value: unknown): string | undefined {
  const date = new Date(typeof value === 'number' ? value : NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

const unreadable = (reason: 'field_missing' | 'field_malformed', note: string): WebhookError =>
  new WebhookError('payload_unreadable', { reason, note });
