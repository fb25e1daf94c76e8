import { z } from 'zod';
import { WebhookError } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import {
  accessHeaders,
  accessNames,
  accessOf,
  demandsAccess,
  developmentToken,
  requireToken,
  verifyAccess,
  type AccessProof,
} from './access.ts';
import { datadogSamples } from './datadog-samples.ts';
import { formFields, isForm } from './form.ts';
import { at, expectShape, isoTime, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import { headerName } from './proof.ts';
import type { Delivery, Provider } from './provider.ts';
import { singleHeader } from './signature.ts';

/** A notification by the template that docs/providers/datadog.md gives; others may have other fields. */
export interface DatadogNotification {
  readonly id: string;
  readonly event_type: string;
  readonly alert_transition?: string;
  readonly alert_cycle_key?: string;
  readonly aggreg_key?: string;
  readonly title?: string;
  readonly body?: string;
  /** Milliseconds since 1970, as text. */
  readonly date?: string;
  readonly last_updated?: string;
  readonly org?: { readonly id?: string; readonly name?: string };
  readonly [field: string]: unknown;
}

/** Datadog publishes no list of its event types, so every name is one. */
export type DatadogEvents = Record<string, DatadogNotification>;

/** A Datadog event as a workflow takes it. */
export type DatadogEvent<Type extends string = string> = WebhookEvent<Type, DatadogNotification>;

/** What is set is demanded. */
export interface DatadogProof {
  readonly access: AccessProof;
  /** A header of the user's choice, whose whole value is a token. */
  readonly header: { readonly name: string; readonly tokens: readonly [string, ...string[]] } | undefined;
}

export interface DatadogOptions {
  /**
   * Where the body says what the event is about. Default `alert_cycle_key` (one alert from its trigger to its
   * recovery) or, where the body has none, `aggreg_key`.
   */
  readonly key?: 'alert_cycle_key' | 'aggreg_key';
}

const names = z.object({ ...accessNames, WEBHOOK_HEADER: headerName.optional() });

const proof: z.ZodType<DatadogProof> = names
  .superRefine((given, context) => {
    const complain = (name: keyof typeof given, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (given.WEBHOOK_HEADER !== undefined && given.WEBHOOK_TOKEN === undefined)
      complain('WEBHOOK_TOKEN', 'is not set, and WEBHOOK_HEADER is: it names the header that holds it');
    if (given.WEBHOOK_HEADER === 'authorization' && given.WEBHOOK_BASIC !== undefined)
      complain('WEBHOOK_BASIC', 'is set, and WEBHOOK_HEADER names the one header that both would be in');
    if (!demandsAccess(accessOf(given)))
      complain('WEBHOOK_TOKEN', 'is not set, nor is WEBHOOK_BASIC or WEBHOOK_PATH_TOKEN');
  })
  .transform((given): DatadogProof => {
    const access = accessOf(given);
    const [token, ...others] = access.tokens;
    if (given.WEBHOOK_HEADER === undefined || token === undefined) return { access, header: undefined };
    return {
      access: { ...access, tokens: [] },
      header: { name: given.WEBHOOK_HEADER, tokens: [token, ...others] },
    };
  });

/**
 * Datadog's webhooks, which sign nothing and send what a template of the user's makes, as JSON or as a form.
 * docs.datadoghq.com/integrations/webhooks
 */
export const datadog = ({ key }: DatadogOptions = {}): Provider<DatadogEvents, DatadogProof> => ({
  name: 'datadog',
  proof,

  verify(delivery, { access, header }) {
    if (header !== undefined)
      requireToken(singleHeader(delivery.headers, header.name), header.tokens, `the value of ${header.name}`);
    verifyAccess(delivery, access);
  },

  read(delivery) {
    const payload = payloadOf(delivery);
    const { event_type: type } = expectShape(envelope, payload);
    const id = requireId(at(payload, ['id']), '/id');
    const transition = textAt(payload, 'alert_transition');
    const about =
      key === undefined
        ? (textAt(payload, 'alert_cycle_key') ?? textAt(payload, 'aggreg_key'))
        : textAt(payload, key);
    const occurredAt = timeOf(at(payload, ['date']));
    return {
      events: [
        {
          // Nobody has said whether what follows in an alert has another $ID: with the transition both ways are right.
          id: transition === undefined ? id : `${id}:${transition}`,
          types: [type],
          ...(about !== undefined && { key: about }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          labels: textsOnly({
            transition,
            monitor: textAt(payload, 'alert_id'),
            priority: textAt(payload, 'alert_priority'),
            organization: scalarText(at(payload, ['org', 'id'])),
          }),
        },
      ],
    };
  },

  sign: (_request, { access, header }) => ({
    'content-type': 'application/json',
    ...accessHeaders(access),
    ...(header !== undefined && { [header.name]: header.tokens[0] }),
  }),

  pathToken: ({ access }) => access.pathTokens[0],
  // The proofs are never kept, and `read` needs no header but the content type.
  keepHeaders: [],
  // "The timeout for any individual request is 15 seconds."
  answerWithinMs: 15_000,
  samples: datadogSamples,
  develop: developmentToken,
});

const envelope = z.looseObject({ event_type: z.string().min(1) });

/**
 * The JSON, or by "Encode as form" an object of the form's fields. A form with one field `payload` that holds JSON is
 * taken as that.
 */
function payloadOf({ headers, body }: Delivery): unknown {
  const text = utf8(body);
  if (!isForm(headers)) return parseJson(text);
  const fields = formFields(text);
  const [first] = fields;
  if (fields.length === 1 && first?.[0] === 'payload') return parseJson(first[1]);
  const seen = new Set<string>();
  for (const [name] of fields) {
    if (seen.has(name))
      throw new WebhookError('payload_unreadable', { reason: 'field_repeated', note: name.slice(0, 64) });
    seen.add(name);
  }
  return Object.fromEntries(fields);
}

/** A field that is there and not blank; what a template leaves empty is nothing. */
function textAt(payload: unknown, field: string): string | undefined {
  const text = scalarText(at(payload, [field]))?.trim();
  return text === '' ? undefined : text;
}

/** Milliseconds, which come as text. */
function timeOf(value: unknown): string | undefined {
  const text = scalarText(value) ?? '';
  return /^\d{12,14}$/.test(text) ? isoTime(Number(text) / 1000) : undefined;
}
