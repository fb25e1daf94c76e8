import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { WebhookEvent } from '../event.ts';
import { at, expectShape, isoTime, parseJson, requireHeader, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret, hmacProof, type HmacProof } from './proof.ts';
import type { Provider } from './provider.ts';
import { sentrySamples } from './sentry-samples.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';

/** What every body has. */
export interface SentryBody<Action extends string = string, Data = Readonly<Record<string, unknown>>> {
  readonly action: Action;
  /** Whose Sentry it is: one for each organization that has installed the integration. */
  readonly installation: { readonly uuid: string };
  readonly data: Data;
  readonly actor: { readonly type: string; readonly id: string | number; readonly name: string };
}

export interface SentryIssue {
  readonly id: string;
  readonly shortId: string;
  readonly title: string;
  readonly culprit: string | null;
  readonly level: string;
  readonly status: string;
  readonly substatus?: string | null;
  readonly statusDetails: Readonly<Record<string, unknown>>;
  readonly assignedTo: Readonly<Record<string, unknown>> | null;
  /** A number as text, as of the moment of sending. */
  readonly count: string;
  readonly userCount: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly project: { readonly id: string; readonly name: string; readonly slug: string };
  readonly [field: string]: unknown;
}

/** One occurrence of an issue. */
export interface SentryError {
  readonly event_id: string;
  readonly issue_id: string;
  readonly issue_url: string;
  readonly url: string;
  readonly web_url: string;
  readonly title: string;
  readonly level?: string;
  readonly datetime: string;
  readonly project: number;
  readonly [field: string]: unknown;
}

export interface SentryMetricAlert {
  readonly id: string;
  readonly identifier: string;
  readonly title: string;
  readonly status: number;
  readonly alert_rule: Readonly<Record<string, unknown>>;
  readonly date_started: string;
  readonly date_closed: string | null;
  readonly [field: string]: unknown;
}

interface DataOf {
  readonly installation: { readonly installation: Readonly<Record<string, unknown>> };
  readonly issue: { readonly issue: SentryIssue };
  readonly error: { readonly error: SentryError };
  readonly event_alert: {
    readonly event: SentryError;
    readonly triggered_rule: string;
    readonly issue_alert?: { readonly id: string | number; readonly [field: string]: unknown };
  };
  readonly metric_alert: {
    readonly metric_alert: SentryMetricAlert;
    readonly description_title: string;
    readonly description_text: string;
    readonly web_url: string;
  };
  readonly comment: {
    readonly comment_id: number;
    readonly issue_id: number;
    readonly project_slug: string;
    readonly timestamp: string;
    readonly comment: string;
  };
  readonly seer: { readonly run_id: number; readonly group_id: number; readonly [field: string]: unknown };
}

interface ActionsOf {
  readonly installation: 'created' | 'deleted';
  /** `archived` is called `ignored` by older versions. */
  readonly issue: 'created' | 'resolved' | 'assigned' | 'archived' | 'ignored' | 'unresolved';
  readonly error: 'created';
  readonly event_alert: 'triggered';
  readonly metric_alert: 'critical' | 'warning' | 'resolved';
  readonly comment: 'created' | 'updated' | 'deleted';
  readonly seer:
    | 'root_cause_started'
    | 'root_cause_completed'
    | 'solution_started'
    | 'solution_completed'
    | 'coding_started'
    | 'coding_completed'
    | 'pr_created';
}

type Pair = { [Resource in keyof DataOf]: [Resource, ActionsOf[Resource]] }[keyof DataOf];

/** Resource and action (`issue.created`), and the resource alone (`issue`). */
export type SentryEvents = {
  [P in Pair as `${P[0]}.${P[1]}`]: SentryBody<P[1], DataOf[P[0]]>;
} & {
  [Resource in keyof DataOf]: SentryBody<string, DataOf[Resource]>;
};

/** A Sentry event as a workflow takes it: `SentryEvent<'issue.created'>`. */
export type SentryEvent<Type extends keyof SentryEvents = keyof SentryEvents> = {
  [T in Type]: WebhookEvent<T, SentryEvents[T]>;
}[Type];

const header = 'sentry-hook-signature';
const resourceHeader = 'sentry-hook-resource';

/**
 * Webhooks of Sentry's integration platform. The signature covers the body alone, by the integration's client secret:
 * neither the resource nor any time. docs.sentry.io/integrations/integration-platform/webhooks;
 * github.com/getsentry/sentry `sentry_apps/api/serializers/app_platform_event.py`, `sentry_apps/tasks/sentry_apps.py`
 */
export const sentry = (): Provider<SentryEvents, HmacProof> => ({
  name: 'sentry',
  proof: hmacProof,

  verify({ headers, body }, { secrets }) {
    const given = singleHeader(headers, header);
    if (!/^[0-9a-f]{64}$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not 64 lower-case hex digits`);
    }
    requireMatch([given], secrets, (secret) => hmac(secret, [body]));
  },

  read({ headers, body }) {
    const payload = parseJson(utf8(body));
    const { action, data } = expectShape(envelope, payload);
    const resource = requireHeader(headers, resourceHeader, 'payload_unreadable');
    const type = `${resource}.${action}`;
    const { entity, key, occurredAt } = aboutOf(resource, action, data);
    const id = entity === undefined ? `${type}:${sha256(body)}` : fitting(type, `${type}:${entity}`);
    return {
      events: [
        {
          id,
          types: [type, resource],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // What a retry says is written anew: the counts of an issue, and when it was last seen, have gone on by then.
          sameness: id,
          // The resource is not signed.
          echo: sha256(body),
          labels: labels(payload),
        },
      ],
    };
  },

  sign({ body, type }, { secrets }, moment) {
    return {
      'content-type': 'application/json',
      'user-agent': 'sentry-everhook',
      'request-id': randomUUID().replaceAll('-', ''),
      [resourceHeader]: type.split('.')[0] ?? type,
      'sentry-hook-timestamp': String(Math.floor(moment.getTime() / 1000)),
      [header]: hmac(secrets[0], [body]),
    };
  },

  keepHeaders: [resourceHeader, 'sentry-hook-timestamp', 'request-id', header],
  // It waits one second; a thousand time-outs in a day end the subscription.
  answerWithinMs: 1000,
  samples: sentrySamples,
  develop: () => developmentSecret(),
});

const envelope = z.looseObject({ action: z.string().min(1), data: z.looseObject({}) });

interface About {
  /** What the id is made of, after the type; undefined where only the bytes can tell one event from another. */
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly occurredAt?: string | undefined;
}

/**
 * The id's second half. Sentry sends none, and `Request-ID` is another at each try. What happens to a thing once is told
 * by the thing; what may happen to it again, by its time too; the rest by its bytes.
 */
function aboutOf(resource: string, action: string, data: unknown): About {
  const text = (...path: PropertyKey[]) => scalarText(at(data, path)) || undefined;
  const time = (...path: PropertyKey[]) => isoTime(at(data, path));
  switch (resource) {
    case 'installation':
      return { entity: text('installation', 'uuid') };
    case 'issue': {
      const issue = text('issue', 'id');
      if (action === 'created') return { entity: issue, key: issue, occurredAt: time('issue', 'firstSeen') };
      const seen = text('issue', 'lastSeen');
      const to =
        action === 'assigned' ? [text('issue', 'assignedTo', 'type'), text('issue', 'assignedTo', 'id')] : [];
      return { entity: issue && seen && joined(issue, seen, ...to), key: issue };
    }
    case 'error':
      return {
        entity: text('error', 'event_id'),
        key: text('error', 'issue_id'),
        occurredAt: time('error', 'datetime'),
      };
    case 'event_alert': {
      const event = text('event', 'event_id');
      const rule = text('issue_alert', 'id') ?? text('triggered_rule');
      return {
        entity: event && rule && joined(event, rule),
        key: text('event', 'issue_id'),
        occurredAt: time('event', 'datetime'),
      };
    }
    case 'metric_alert': {
      const id = text('metric_alert', 'id');
      // It ends once. Between, it may go from warning to critical and back, and no time in it says when.
      return { entity: action === 'resolved' ? id : undefined, key: id && `metric_alert:${id}` };
    }
    case 'comment': {
      const comment = text('comment_id');
      const moment = text('timestamp');
      return {
        entity: action === 'updated' ? comment && moment && joined(comment, moment) : comment,
        key: text('issue_id'),
        occurredAt: time('timestamp'),
      };
    }
    case 'seer':
      return { key: text('group_id') };
    default:
      return { key: text('issue', 'id') ?? text('issue_id') };
  }
}

const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(':');

const idBytes = 512;

/** A rule's name may be long. */
const fitting = (type: string, id: string): string =>
  Buffer.byteLength(id) <= idBytes ? id : `${type}:${sha256(id)}`;

const labels = (payload: unknown): Record<string, string> =>
  textsOnly({
    installation: at(payload, ['installation', 'uuid']),
    project: at(payload, ['data', 'issue', 'project', 'slug']) ?? at(payload, ['data', 'project_slug']),
    issue: at(payload, ['data', 'issue', 'shortId']),
    rule: at(payload, ['data', 'triggered_rule']),
  });
