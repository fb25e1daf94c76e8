import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ConfigError, WebhookError } from '../errors.ts';
import { formFields, isForm } from './form.ts';
import { at, parseJson, pointerPath, requireId, scalarText, utf8 } from './json.ts';
import type { Delivery, Outcome, Provider, ReadEvent, UnsignedRequest } from './provider.ts';
import { sha256 } from './signature.ts';
import { headerName } from './template.ts';

/** `header:<name>`, or a JSON Pointer (RFC 6901) into the body. */
export type Location = string;

/** Schemas of bodies by event type. */
export type Schemas = Record<string, z.ZodType>;

/** Where a generic sender says what it sends. The same for every proof. */
export interface GenericOptions<Known extends Schemas> {
  /** Where the event's id is. Without it the id is the body's SHA-256, so equal bodies are one event. */
  readonly id?: Location;
  /** Where the event's type is. Default `/type`. */
  readonly type?: Location;
  /** Where that is which the event is about. Default none. */
  readonly key?: Location;
  /** What bodies look like, by type. They type your rows, and judge what arrives. */
  readonly events?: Known;
  /** Bodies for `everhook send` and tests, by type. */
  readonly samples?: { readonly [Type in keyof Known]?: () => unknown };
}

/** What the schemas say of bodies; without schemas every type is taken, its payload unknown. */
export type SchemaEvents<Known> = string extends keyof Known
  ? Record<string, unknown>
  : { [Type in keyof Known]: Known[Type] extends z.ZodType ? z.input<Known[Type]> : never };

/** What a generic provider is besides its proof. */
export interface GenericParts<Known extends Schemas> {
  /** The headers that `read` looks at, lower case. */
  readonly headers: readonly string[];
  /** What says id and type in the headers of a request, where that is where they are. */
  sentHeaders(request: Pick<UnsignedRequest, 'id' | 'type'>): Record<string, string>;
  /** To be spread into the provider. */
  readonly provider: Pick<Provider<SchemaEvents<Known>>, 'read' | 'answer' | 'samples' | 'schemas'>;
}

/**
 * Reads bodies that are JSON, or forms: then the payload is an object of the fields' texts. Throws ConfigError, which
 * names the provider and the option, where a location is none.
 */
export function genericParts<Known extends Schemas>(
  name: string,
  { type = '/type', events: schemas, samples, ...options }: GenericOptions<Known>,
): GenericParts<Known> {
  const idAt = options.id === undefined ? undefined : locate(name, 'id', options.id);
  const typeAt = locate(name, 'type', type);
  const keyAt = options.key === undefined ? undefined : locate(name, 'key', options.key);
  return {
    headers: [idAt, typeAt, keyAt].flatMap((place) => place?.header ?? []),

    sentHeaders: (request) => ({
      ...(idAt?.header !== undefined && { [idAt.header]: request.id ?? randomUUID() }),
      ...(typeAt.header !== undefined && { [typeAt.header]: request.type }),
    }),

    provider: {
      read(delivery) {
        const payload = payloadOf(delivery);
        const id = idAt
          ? requireId(idAt.find(delivery, payload, 'event_id_missing'), options.id!)
          : sha256(delivery.body);
        const found = scalarText(typeAt.find(delivery, payload, 'payload_unreadable'));
        if (!found) throw new WebhookError('payload_unreadable', { reason: 'field_missing', note: type });
        const key = scalarText(keyAt?.find(delivery, payload, 'payload_unreadable'));
        const event: ReadEvent = {
          id,
          types: [found],
          ...(key && { key }),
          payload,
          // An id in a header is not signed.
          ...(idAt?.header !== undefined && { echo: sha256(delivery.body) }),
        };
        return { events: [event] };
      },

      answer: ({ events, body }: Outcome) => ({
        status: 200,
        body: { ...body, status: 'received', event_type: events[0]?.type },
      }),

      samples: (samples ?? {}) as Provider<SchemaEvents<Known>>['samples'],
      ...(schemas && { schemas }),
    },
  };
}

/**
 * The value that a body holds. JSON is taken for JSON whatever the request says of it, because clients such as curl
 * call it a form; a form becomes an object of texts, and of lists of texts where a field is repeated.
 */
function payloadOf({ headers, body }: Delivery): object {
  const text = utf8(body);
  const payload = isForm(headers) && !/^\s*(?:[[{]|$)/.test(text) ? formObject(text) : parseJson(text);
  if (typeof payload === 'object' && payload !== null) return payload;
  throw new WebhookError('payload_unreadable', { reason: 'field_malformed', note: 'not an object' });
}

function formObject(text: string): object {
  const fields = new Map<string, string[]>();
  for (const [name, value] of formFields(text)) {
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

interface Place {
  /** Its name in lower case, where the place is a header. */
  readonly header?: string;
  find(delivery: Delivery, payload: unknown, code: 'event_id_missing' | 'payload_unreadable'): unknown;
}

function locate(provider: string, option: string, location: Location): Place {
  const [, named] = /^header:(.+)$/s.exec(location) ?? [];
  if (named !== undefined) {
    const header = headerName(provider, option, named);
    return {
      header,
      find({ headers }, _payload, code) {
        if (headers.repeated(header))
          throw new WebhookError(code, { reason: 'field_repeated', note: header });
        return headers.get(header);
      },
    };
  }
  if (!location.startsWith('/') || /~(?![01])/.test(location)) {
    throw new ConfigError(`${provider}: ${option} is neither header:<name> nor a JSON Pointer: ${location}`);
  }
  const path = pointerPath(location);
  return { find: (_delivery, payload) => at(payload, path) };
}
