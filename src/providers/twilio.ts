import { parse, stringify } from 'node:querystring';
import { z } from 'zod';
import { WebhookError } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import { formFields, isForm } from './form.ts';
import { at, expectShape, isoTime, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret, hmacProof, type HmacProof } from './proof.ts';
import type { Answer, Delivery, DeliveryHeaders, Outcome, Provider, ReadEvent } from './provider.ts';
import {
  hmac,
  requireMatch,
  sha256,
  signatureInvalid,
  singleHeader,
  type HmacAlgorithm,
} from './signature.ts';
import { readForm, signedFields } from './twilio-form.ts';
import { twilioSamples } from './twilio-samples.ts';
import type { TwilioEvents } from './twilio-types.ts';

/** A Twilio event as a workflow takes it: `TwilioEvent<'message.received'>`. */
export type TwilioEvent<Type extends keyof TwilioEvents = keyof TwilioEvents> = {
  [T in Type]: WebhookEvent<T & string, TwilioEvents[T]>;
}[Type];

const header = 'x-twilio-signature';
const settingsHeader = 'x-twilio-webhooks-signature-settings';
const bodyHash = 'bodySHA256';

/**
 * Twilio: messages, calls and their progress, which are forms, and Event Streams, which are JSON. The signature is a
 * base64 HMAC-SHA1 by the account's auth token, over the address that was called and the form's fields; of JSON over
 * the address alone, which then names the body's hash.
 * www.twilio.com/docs/usage/webhooks/webhooks-security; `validateRequest` and `validateRequestWithBody` of the npm
 * package twilio 6.2.0, lib/webhooks/webhooks
 */
export const twilio = (): Provider<TwilioEvents, HmacProof> => ({
  name: 'twilio',
  proof: hmacProof,
  signsUrl: true,

  verify(delivery, { secrets }) {
    const { headers, body, publicUrl } = delivery;
    const algorithm = algorithmOf(headers);
    const given = singleHeader(headers, header);
    if (!formOf[algorithm].test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not the base64 of ${algorithm}`);
    }
    if (publicUrl === undefined) {
      throw signatureInvalid('signature_mismatch', 'the URL is signed, and EVERHOOK_PUBLIC_URL is not set');
    }
    const hash = bodyHashOf(delivery);
    if (hash === undefined && !isForm(headers)) {
      throw signatureInvalid('signature_missing', `neither a form nor ${bodyHash} in the address`);
    }
    const fields = hash === undefined ? signedFields(formFields(utf8(body))) : '';
    const expected = secrets.flatMap((secret) =>
      signedUrls(publicUrl).map((url) => hmac(secret, [url, fields], { algorithm, encoding: 'base64' })),
    );
    requireMatch([given], expected, (signature) => signature);
    if (hash !== undefined && hash !== sha256(body)) {
      throw signatureInvalid('signature_mismatch', `${bodyHash} is the hash of another body`);
    }
  },

  read(delivery) {
    const text = utf8(delivery.body);
    const json = bodyHashOf(delivery) !== undefined;
    const fields = json ? [] : formFields(text);
    // Nothing stands between the fields that are signed, so one delivery can be cut into other fields, with another
    // id, under the same signature. What is signed shows it.
    const once = sha256(delivery.url + signedFields(fields));
    const events = json ? readJson(text) : [readForm(fields)];
    return { events: events.map((event) => ({ ...event, once })) };
  },

  answer: answerOf,

  sign({ url, body }, { secrets }) {
    const json = new URL(url).searchParams.has(bodyHash);
    const fields = json ? [] : [...new URLSearchParams(body.toString())];
    return {
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent': 'TwilioProxy/1.1',
      [header]: hmac(secrets[0], [url, signedFields(fields)], { algorithm: 'sha1', encoding: 'base64' }),
    };
  },

  keepHeaders: [header, settingsHeader, 'i-twilio-idempotency-token'],
  // Messages and calls wait for 15 s, Event Streams and Conversations for 5:
  // www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides, /events/webhook-quickstart
  answerWithinMs: 5000,
  samples: twilioSamples,
  develop: () => developmentSecret(),
});

const formOf = { sha1: /^[A-Za-z0-9+/]{27}=$/, sha256: /^[A-Za-z0-9+/]{43}=$/ };

/**
 * SHA-1, unless a Webhook Rule signs with a shared key and says by which algorithm (public beta):
 * www.twilio.com/docs/usage/webhooks/webhook-shared-keys
 */
function algorithmOf(headers: DeliveryHeaders): HmacAlgorithm & keyof typeof formOf {
  if (headers.get(settingsHeader) === undefined) return 'sha1';
  const settings = singleHeader(headers, settingsHeader).split(',');
  const named = settings.map((setting) => /^\s*algorithm=(\w+)\s*$/.exec(setting)?.[1]).filter(Boolean);
  if (named.length === 1 && named[0] === 'HMAC_SHA256') return 'sha256';
  if (named.length === 1 && named[0] === 'HMAC_SHA1') return 'sha1';
  throw signatureInvalid('signature_malformed', `${settingsHeader} names no algorithm that is known`);
}

/** What the address says of the body; undefined where it says nothing, and the body must be a form. */
const bodyHashOf = ({ url }: Delivery): string | undefined => {
  const query = url.indexOf('?');
  return query < 0 ? undefined : (new URLSearchParams(url.slice(query)).get(bodyHash) ?? undefined);
};

/**
 * The spellings of an address that Twilio may have signed, as its library tries them: with and without a port, then as
 * browsers normalise it, then with the query written anew.
 */
function signedUrls(url: string): string[] {
  const asCalled = [withoutPort(url), withPort(url)];
  if (!URL.canParse(url)) return asCalled;
  const normal = new URL(url).href;
  const normalised = [withoutPort(normal), withPort(normal)];
  return [...new Set([...asCalled, ...normalised, ...normalised.map(rewrittenQuery)])];
}

/** Scheme, host and port, and the rest; IPv6 hosts have brackets. */
const parts = /^(https?:\/\/(?:\[[^\]]*\]|[^/?#:]*))(:[^/?#]*)?(.*)$/is;

const withoutPort = (url: string): string => url.replace(parts, '$1$3');

function withPort(url: string): string {
  const [, origin = '', port, rest = ''] = parts.exec(url) ?? [];
  if (origin === '' || port !== undefined) return url;
  return `${origin}${/^https:/i.test(url) ? ':443' : ':80'}${rest}`;
}

function rewrittenQuery(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : `${url.slice(0, query)}?${stringify(parse(url.slice(query + 1)))}`;
}

const jsonEvent = z.looseObject({ type: z.string().min(1).default('other') });

/** Event Streams: CloudEvents in a list. Other JSON is one event, by its bytes where it has no id. */
function readJson(text: string): ReadEvent[] {
  const payload = parseJson(text);
  const list = Array.isArray(payload);
  const all: unknown[] = list ? payload : [payload];
  if (all.length === 0) {
    throw new WebhookError('event_id_missing', { reason: 'field_missing', note: 'an empty list' });
  }
  return all.map((event) => {
    const { type } = expectShape(jsonEvent, event);
    const key = subjectNames.map((name) => scalarText(at(event, ['data', name]))).find(Boolean);
    const occurredAt = isoTime(at(event, ['time']) ?? at(event, ['data', 'timestamp']));
    return {
      id: requireId(at(event, ['id']) ?? (list ? undefined : sha256(text)), '/id'),
      types: type.startsWith('com.twilio.') ? [type, 'com.twilio'] : [type],
      ...(key !== undefined && { key }),
      ...(occurredAt !== undefined && { occurredAt }),
      payload: event,
      labels: textsOnly({ account: at(event, ['data', 'accountSid']), subscription: at(event, ['source']) }),
    };
  });
}

/** What an event of Event Streams is about, in Twilio's several spellings. */
const subjectNames = ['messageSid', 'callSid', 'ConversationSid', 'verification_sid', 'sid'];

/** What `new MessagingResponse().toString()` of the npm package twilio gives: nothing to send, nothing to say. */
const emptyTwiml = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

/**
 * A message or call waits for TwiML, and anything else than that is an error to Twilio (12100, 12300). Conversations
 * take an empty answer for consent; Event Streams take any.
 */
function answerOf({ events, body }: Outcome): Answer {
  const type = events[0]?.type ?? '';
  if (/^(message|call|recording|conference)(\.|$)/.test(type)) {
    return { status: 200, headers: { 'content-type': 'text/xml' }, body: emptyTwiml };
  }
  return type.startsWith('com.twilio.') ? { status: 200, body } : { status: 200, body: '' };
}
