import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ConfigError, WebhookError } from '../errors.ts';
import { requireFresh, timestampHeader as timestampOf } from './freshness.ts';
import { at, parseJson, pointerPath, requireId, scalarText, utf8 } from './json.ts';
import { developmentSecret, hmacProof, timedHmacProof, type HmacProof } from './proof.ts';
import type { Delivery, Provider } from './provider.ts';
import {
  hmac as hmacText,
  requireMatch,
  sha256,
  signatureInvalid,
  singleHeader,
  type HmacAlgorithm,
  type TextEncoding,
} from './signature.ts';

/** `header:<name>`, or a JSON Pointer (RFC 6901) into the body. */
export type Location = string;

export interface HmacOptions<Schemas extends Record<string, z.ZodType>> {
  /** Where the signature is. Default `x-webhook-signature`. */
  readonly header?: string;
  /** Default `sha256`. */
  readonly algorithm?: HmacAlgorithm;
  /** Default `hex`, read in either case; base64 is read as written. */
  readonly encoding?: TextEncoding;
  /** Text in front of the signature, such as `sha256=`. Default none. */
  readonly prefix?: string;
  /** What is signed: `{body}` once, and `{timestamp}` where a time is. Default `{body}`. */
  readonly signed?: string;
  /** Where the time is, in Unix seconds; needed when `signed` names it, refused otherwise. */
  readonly timestampHeader?: string;
  /** Where the event's id is. Without it the id is the body's SHA-256, so equal bodies are one event. */
  readonly id?: Location;
  /** Where the event's type is. Default `/type`. */
  readonly type?: Location;
  /** Where that is which the event is about. Default none. */
  readonly key?: Location;
  /** What bodies look like, by type. They type your rows, and judge what arrives. */
  readonly events?: Schemas;
  /** Bodies for `everhook send` and tests, by type. */
  readonly samples?: { readonly [Type in keyof Schemas]?: () => unknown };
}

/** What the schemas say of bodies; without schemas every type is taken, its payload unknown. */
export type HmacEvents<Schemas> = string extends keyof Schemas
  ? Record<string, unknown>
  : { [Type in keyof Schemas]: Schemas[Type] extends z.ZodType ? z.input<Schemas[Type]> : never };

const defaultToleranceSeconds = 300;

/**
 * Any sender that signs with a shared secret. With no options: lower-case hex HMAC-SHA256 of the body
 * in `x-webhook-signature`, type at `/type`. Throws ConfigError when the options contradict each other.
 */
export function hmac<Schemas extends Record<string, z.ZodType> = Record<string, z.ZodType>>(
  options: HmacOptions<Schemas> = {},
): Provider<HmacEvents<Schemas>, HmacProof> {
  const { header = 'x-webhook-signature', algorithm = 'sha256', encoding = 'hex', prefix = '' } = options;
  const { signed = '{body}', timestampHeader, events: schemas, samples } = options;
  const template = compileTemplate(signed, timestampHeader);
  const typeLocation = options.type ?? '/type';
  const locate = {
    id: options.id === undefined ? undefined : compileLocation(options.id),
    type: compileLocation(typeLocation),
    key: options.key === undefined ? undefined : compileLocation(options.key),
  };
  const form = signatureForm(algorithm, encoding);
  const signature = (secret: string, timestamp: string, body: Buffer) =>
    hmacText(secret, template(timestamp, body), { algorithm, encoding });

  return {
    name: 'hmac',
    proof: timestampHeader === undefined ? hmacProof : timedHmacProof,

    verify({ headers, body }, { secrets, toleranceSeconds = defaultToleranceSeconds }, { now }) {
      const value = singleHeader(headers, header);
      const given = canonical(value.slice(prefix.length), encoding);
      if (!value.startsWith(prefix) || !form.test(given)) {
        throw signatureInvalid(
          'signature_malformed',
          `${header} is not ${prefix}<${algorithm}, ${encoding}>`,
        );
      }
      const timestamp = timestampHeader === undefined ? '' : timestampOf(headers, timestampHeader);
      requireMatch([given], secrets, (secret) => signature(secret, timestamp, body));
      if (timestampHeader !== undefined) requireFresh(Number(timestamp), now, { toleranceSeconds });
    },

    read(delivery) {
      const payload = parseJson(utf8(delivery.body));
      if (typeof payload !== 'object' || payload === null) {
        throw new WebhookError('payload_unreadable', { reason: 'field_malformed', note: 'not an object' });
      }
      const id = locate.id ? requireId(locate.id(delivery, payload), options.id!) : sha256(delivery.body);
      const type = scalarText(locate.type(delivery, payload));
      if (!type) {
        throw new WebhookError('payload_unreadable', { reason: 'field_missing', note: typeLocation });
      }
      const key = scalarText(locate.key?.(delivery, payload));
      const echo = options.id?.startsWith('header:') ? { echo: sha256(delivery.body) } : {};
      return { events: [{ id, types: [type], ...(key !== undefined && { key }), payload, ...echo }] };
    },

    answer: ({ events, body }) => ({
      status: 200,
      body: { ...body, status: 'received', event_type: events[0]?.type },
    }),

    sign({ body, type, id = randomUUID() }, { secrets }, moment) {
      const timestamp = String(Math.floor(moment.getTime() / 1000));
      return {
        'content-type': 'application/json',
        ...headerAt(options.id, id),
        ...headerAt(options.type, type),
        ...(timestampHeader !== undefined && { [timestampHeader]: timestamp }),
        [header]: prefix + signature(secrets[0], timestamp, body),
      };
    },

    keepHeaders: keptHeaders(header, timestampHeader, options),
    samples: (samples ?? {}) as Provider<HmacEvents<Schemas>>['samples'],
    ...(schemas && { schemas }),
    develop: () => developmentSecret(),
  };
}

/** `{timestamp}.{body}` as a function that gives the parts to sign. */
function compileTemplate(signed: string, timestampHeader: string | undefined) {
  const parts = signed.split(/(\{[^}]*\})/).filter((part) => part !== '');
  const unknown = parts.find((part) => part.startsWith('{') && part !== '{body}' && part !== '{timestamp}');
  if (unknown !== undefined)
    throw new ConfigError(`hmac: signed knows {body} and {timestamp}, not ${unknown}`);
  if (parts.filter((part) => part === '{body}').length !== 1) {
    throw new ConfigError(`hmac: signed must name {body} once: ${signed}`);
  }
  if (parts.includes('{timestamp}') !== (timestampHeader !== undefined)) {
    throw new ConfigError('hmac: {timestamp} in signed and timestampHeader go together');
  }
  return (timestamp: string, body: Buffer) =>
    parts.map((part) => (part === '{body}' ? body : part === '{timestamp}' ? timestamp : part));
}

function compileLocation(location: Location) {
  if (location.startsWith('header:') && location.length > 'header:'.length) {
    const name = location.slice('header:'.length);
    return ({ headers }: Delivery): unknown => {
      if (headers.repeated(name)) {
        throw new WebhookError('payload_unreadable', { reason: 'field_repeated', note: name });
      }
      return headers.get(name);
    };
  }
  if (!location.startsWith('/')) {
    throw new ConfigError(`hmac: ${location} is neither header:<name> nor a JSON Pointer`);
  }
  const path = pointerPath(location);
  return (_delivery: Delivery, payload: unknown): unknown => at(payload, path);
}

function keptHeaders(
  header: string,
  timestampHeader: string | undefined,
  { id, type, key }: { id?: Location; type?: Location; key?: Location },
): string[] {
  const locations = [id, type, key].filter((location) => location?.startsWith('header:'));
  const names = locations.map((location) => location!.slice('header:'.length));
  const all = [header, ...(timestampHeader === undefined ? [] : [timestampHeader]), ...names];
  return all.map((name) => name.toLowerCase());
}

const headerAt = (location: Location | undefined, value: string): Record<string, string> =>
  location?.startsWith('header:') ? { [location.slice('header:'.length)]: value } : {};

/** The spelling that is compared: hex in lower case, base64url without padding. */
const canonical = (given: string, encoding: TextEncoding): string =>
  encoding === 'hex' ? given.toLowerCase() : encoding === 'base64url' ? given.replace(/=+$/, '') : given;

function signatureForm(algorithm: HmacAlgorithm, encoding: TextEncoding): RegExp {
  const length = hmacText('', [''], { algorithm, encoding }).length;
  const alphabet = { hex: '[0-9a-f]', base64: '[A-Za-z0-9+/=]', base64url: '[A-Za-z0-9_-]' }[encoding];
  return new RegExp(`^${alphabet}{${length}}$`);
}
