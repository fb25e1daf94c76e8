import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { WebhookEvent } from '../event.ts';
import {
  at,
  expectShape,
  isoTime,
  parseJson,
  requireHeader,
  requireId,
  scalarText,
  textsOnly,
  utf8,
} from './json.ts';
import { pagerdutySamples } from './pagerduty-samples.ts';
import { developmentSecret, hmacProof, type HmacProof } from './proof.ts';
import type { DeliveryHeaders, Provider } from './provider.ts';
import { hmac, requireMatch, sha256, signatureInvalid } from './signature.ts';

/** A resource of PagerDuty's, named by another. */
export interface PagerdutyReference {
  readonly id: string;
  readonly type: string;
  readonly summary?: string | null;
  readonly self?: string | null;
  readonly html_url?: string | null;
}

export interface PagerdutyIncident {
  readonly id: string;
  readonly type: 'incident';
  readonly self: string;
  readonly html_url: string;
  readonly number: number;
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly incident_key?: string | null;
  readonly created_at?: string;
  readonly title: string;
  readonly service: PagerdutyReference;
  readonly assignees: readonly PagerdutyReference[];
  readonly escalation_policy: PagerdutyReference;
  readonly teams: readonly PagerdutyReference[];
  readonly priority: PagerdutyReference | null;
  readonly urgency: 'high' | 'low';
  readonly resolve_reason: unknown;
}

/** What is about an incident, and names it. */
export interface PagerdutyOfIncident {
  readonly type: string;
  readonly id?: string;
  readonly incident: PagerdutyReference;
  readonly [field: string]: unknown;
}

/** What else there is. */
export interface PagerdutyOther {
  readonly type: string;
  readonly id?: string;
  readonly [field: string]: unknown;
}

type IncidentType = `incident.${
  | 'acknowledged'
  | 'delegated'
  | 'escalated'
  | 'incident_type.changed'
  | 'priority_updated'
  | 'reassigned'
  | 'reopened'
  | 'resolved'
  | 'service_updated'
  | 'triggered'
  | 'unacknowledged'}`;
type OfIncidentType = `incident.${
  | 'action_invocation.created'
  | 'action_invocation.terminated'
  | 'action_invocation.updated'
  | 'annotated'
  | 'conference_bridge.updated'
  | 'custom_field_values.updated'
  | 'responder.added'
  | 'responder.replied'
  | 'status_update_published'
  | 'task.completed'
  | 'task.created'
  | 'task.updated'
  | 'workflow.completed'
  | 'workflow.started'}`;
type OtherType =
  | 'incident'
  | 'incident.role.assigned'
  | 'service'
  | `service.${'created' | 'custom_field_values.updated' | 'deleted' | 'updated'}`
  | 'pagey.ping';

/** An event of version 3, as its body has it. */
export interface PagerdutyBody<Type extends string, Data> {
  readonly event: {
    readonly id: string;
    readonly event_type: Type;
    readonly resource_type: string;
    readonly occurred_at: string;
    readonly agent: PagerdutyReference | null;
    readonly client: { readonly name?: string } | null;
    readonly data: Data;
  };
}

/** The event types of PagerDuty's table, `pagey.ping`, and wide ones (`incident`). */
export type PagerdutyEvents = {
  [Type in IncidentType]: PagerdutyBody<Type, PagerdutyIncident>;
} & {
  [Type in OfIncidentType]: PagerdutyBody<Type, PagerdutyOfIncident>;
} & {
  [Type in OtherType]: PagerdutyBody<string, PagerdutyOther>;
};

/** A PagerDuty event as a workflow takes it: `PagerdutyEvent<'incident.triggered'>`. */
export type PagerdutyEvent<Type extends keyof PagerdutyEvents = keyof PagerdutyEvents> = {
  [T in Type]: WebhookEvent<T, PagerdutyEvents[T]>;
}[Type];

export interface PagerdutyOptions {
  /**
   * `'each'`: what several subscriptions send of one event are several events, each with the subscription in its id.
   * Default `'once'`: they are one.
   */
  readonly subscriptions?: 'once' | 'each';
}

const header = 'x-pagerduty-signature';
const subscriptionHeader = 'x-webhook-subscription';

/**
 * PagerDuty's webhook subscriptions, version 3. The signature covers the body alone; during a rotation there is one for
 * each secret. github.com/PagerDuty/developer-docs `docs/webhooks` (Overview, Behavior, Signatures)
 */
export const pagerduty = ({ subscriptions = 'once' }: PagerdutyOptions = {}): Provider<
  PagerdutyEvents,
  HmacProof
> => ({
  name: 'pagerduty',
  proof: hmacProof,

  verify({ headers, body }, { secrets }) {
    requireMatch(signaturesOf(headers), secrets, (secret) => hmac(secret, [body]));
  },

  read({ headers, body }) {
    const payload = parseJson(utf8(body));
    const { event } = expectShape(envelope, payload);
    const id = requireId(at(payload, ['event', 'id']), '/event/id');
    const type = event.event_type;
    const resource = type.split('.')[0];
    const key = keyOf(event.data);
    const occurredAt = isoTime(event.occurred_at);
    return {
      events: [
        {
          id:
            subscriptions === 'once'
              ? id
              : `${id}:${requireHeader(headers, subscriptionHeader, 'event_id_missing')}`,
          types: resource === undefined || resource === type ? [type] : [type, resource],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // The subscription's header is not signed, so with it in the id a replay could have another.
          ...(subscriptions === 'each' && { echo: sha256(body) }),
          labels: labels(headers, event.data),
        },
      ],
    };
  },

  sign({ body, id = randomUUID() }, { secrets }) {
    return {
      'content-type': 'application/json',
      'user-agent': 'PagerDuty-Webhook/V3.0',
      'x-webhook-id': id,
      [subscriptionHeader]: 'PXXXXXX',
      [header]: `v1=${hmac(secrets[0], [body])}`,
    };
  },

  keepHeaders: [header, subscriptionHeader, 'x-webhook-id'],
  // "PagerDuty expects a 2xx response within 5 seconds."
  answerWithinMs: 5000,
  signedTime: true,
  samples: pagerdutySamples,
  develop: () => developmentSecret(),
});

const envelope = z.looseObject({
  event: z.looseObject({
    event_type: z.string().min(1),
    occurred_at: z.unknown().optional(),
    data: z.unknown().optional(),
  }),
});

/** Those of `v1=…,v1=…`, also where the header came twice: it is a list. Other versions are nothing to us. */
function signaturesOf(headers: DeliveryHeaders): string[] {
  const value = headers.get(header);
  if (value === undefined || value.trim() === '') throw signatureInvalid('signature_missing', `no ${header}`);
  const parts = value.split(',').map((part) => part.trim());
  const signatures = parts.filter((part) => part.startsWith('v1=')).map((part) => part.slice('v1='.length));
  if (signatures.some((signature) => /^[0-9a-f]{64}$/.test(signature))) return signatures;
  if (signatures.length === 0 && parts.every((part) => /^v\d+=/.test(part)))
    throw signatureInvalid('signature_missing', 'no v1=');
  throw signatureInvalid('signature_malformed', `${header} has no v1= with 64 lower-case hex digits`);
}

/** The incident, which notes, responders and the like name; of a service's event the service. */
const keyOf = (data: unknown): string | undefined =>
  scalarText(
    at(data, ['incident', 'id']) ??
      at(data, ['incident_role_assignments', 0, 'incident', 'id']) ??
      at(data, ['id']) ??
      at(data, ['service', 'id']),
  );

function labels(headers: DeliveryHeaders, data: unknown): Record<string, string> {
  const service = at(data, ['type']) === 'service' ? at(data, ['id']) : at(data, ['service', 'id']);
  return textsOnly({
    subscription: headers.get(subscriptionHeader),
    webhook: headers.get('x-webhook-id'),
    service,
    urgency: at(data, ['urgency']),
  });
}
