import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { WebhookError } from '../errors.ts';
import { accessHeaders, verifyAccess } from './access.ts';
import { formField, formFields, isForm } from './form.ts';
import type { GiteaEvents } from './gitea-events.ts';
import { giteaSamples } from './gitea-samples.ts';
import { at, expectShape, isoTime, parseJson, requireHeader, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret } from './proof.ts';
import type { Delivery, DeliveryHeaders, Provider } from './provider.ts';
import { secretAndAccess, type SecretAndAccess } from './secret-and-access.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';

/** One of the sets of headers that are sent with equal values: `X-Gitea-Event`, `X-Forgejo-Event`. */
export type HeaderSet = 'gitea' | 'forgejo';

/**
 * Gitea and what descends from it. Each delivery carries several sets of headers of equal values; the first that is
 * there counts, in the order given. Signed is the payload alone: not the event's name, not its id, and no time.
 * go-gitea/gitea services/webhook/deliver.go, modules/webhook/type.go; forgejo services/webhook/shared/payloader.go
 */
export function giteaFamily(
  name: string,
  sets: readonly [HeaderSet, ...HeaderSet[]],
): Provider<GiteaEvents, SecretAndAccess> {
  const signatures = [
    ...sets.map((set) => ({ header: `x-${set}-signature`, prefix: '' })),
    // Another header's name for the same digest. X-Hub-Signature is SHA-1: nothing can be downgraded to it.
    { header: 'x-hub-signature-256', prefix: 'sha256=' },
  ];
  const named = (suffix: string) => sets.map((set) => `x-${set}-${suffix}`);
  const [ids, events, kinds] = [named('delivery'), named('event'), named('event-type')];

  return {
    name,
    proof: secretAndAccess,

    verify(delivery, { secrets, access }) {
      const { headers } = delivery;
      verifyAccess(delivery, access);
      const shown = signatures.filter(({ header }) => headers.get(header) !== undefined);
      // Of several each must be right: one that was put there does not help another.
      for (const { header, prefix } of shown.length > 0 ? shown : signatures.slice(0, 1)) {
        const given = singleHeader(headers, header);
        if (!given.startsWith(prefix) || !/^[0-9a-f]{64}$/.test(given.slice(prefix.length))) {
          throw signatureInvalid(
            'signature_malformed',
            `${header} is not ${prefix}<64 lower-case hex digits>`,
          );
        }
        const expected = signedForms(delivery).flatMap((signed) =>
          secrets.map((secret) => prefix + hmac(secret, [signed])),
        );
        requireMatch([given], expected, (digest) => digest);
      }
    },

    read(delivery) {
      const { headers } = delivery;
      const payload = parseJson(payloadText(delivery));
      const { action } = expectShape(envelope, payload);
      const id = requireHeader(headers, firstOf(headers, ids), 'event_id_missing');
      const types = typesOf(headers, action, { events, kinds });
      const key = scalarText(at(payload, ['repository', 'id']));
      const occurredAt = timeOf(payload);
      return {
        events: [
          {
            id,
            types,
            ...(key !== undefined && { key }),
            ...(occurredAt !== undefined && { occurredAt }),
            payload,
            // Neither the event's name nor its id is signed; and who sends again by hand sends under a new id.
            echo: sha256(delivery.body),
            labels: textsOnly({
              repository: at(payload, ['repository', 'full_name']),
              ref: at(payload, ['ref']),
              number: scalarText(at(payload, ['number']) ?? at(payload, ['issue', 'number'])),
            }),
          },
        ],
      };
    },

    sign({ body, type, id = randomUUID() }, { secrets, access }) {
      const kind = type.split('.')[0] ?? type;
      const digest = hmac(secrets[0], [body]);
      return {
        'content-type': 'application/json',
        ...accessHeaders(access),
        ...all(ids, id),
        ...all(events, eventsByKind[kind] ?? kind),
        ...all(kinds, kind),
        ...all(named('signature'), digest),
        'x-hub-signature-256': `sha256=${digest}`,
      };
    },

    pathToken: ({ access }) => access.pathTokens[0],
    keepHeaders: [...ids, ...events, ...kinds, ...signatures.map(({ header }) => header)],
    // DELIVER_TIMEOUT of app.ini: 5 s by default.
    answerWithinMs: 5000,
    bodyLimitBytes: 26_214_400,
    samples: giteaSamples,
    develop: () => developmentSecret(),
  };
}

const envelope = z.looseObject({ action: z.string().optional() });

/**
 * What may be signed. Gitea signs its JSON, and then perhaps wraps it in a form, though its documentation speaks of the
 * request's body: both are taken, for both prove the JSON that is read.
 */
function signedForms({ headers, body }: Delivery): (string | Buffer)[] {
  if (!isForm(headers)) return [body];
  try {
    return [body, payloadField(body)];
  } catch (error) {
    // Nothing is proven yet, so it is not the form that is refused.
    if (error instanceof WebhookError) return [body];
    throw error;
  }
}

const payloadText = ({ headers, body }: Delivery): string =>
  isForm(headers) ? payloadField(body) : utf8(body);

function payloadField(body: Buffer): string {
  const payload = formField(formFields(utf8(body)), 'payload');
  if (payload !== undefined) return payload;
  throw new WebhookError('payload_unreadable', { reason: 'not_form', note: 'no field named payload' });
}

/** The first of these headers that is there and not empty; the first of all where none is. */
const firstOf = (headers: DeliveryHeaders, names: readonly string[]): string =>
  names.find((name) => headers.get(name)) ?? names[0] ?? '';

/**
 * `issues.label_updated`, `issue_label`, `issues`. The name of the event is empty for kinds that it has no case for:
 * packages, statuses; then the kind is its name.
 */
function typesOf(
  headers: DeliveryHeaders,
  action: string | undefined,
  { events, kinds }: { events: readonly string[]; kinds: readonly string[] },
): [string, ...string[]] {
  const kindHeader = firstOf(headers, kinds);
  const kind = headers.get(kindHeader) ? requireHeader(headers, kindHeader, 'payload_unreadable') : undefined;
  const eventHeader = firstOf(headers, events);
  const event =
    headers.get(eventHeader) || kind === undefined
      ? requireHeader(headers, eventHeader, 'payload_unreadable')
      : kind;
  const wider = kind === undefined || kind === event ? [event] : [kind, event];
  return action === undefined || action === ''
    ? (wider as [string, ...string[]])
    : [`${event}.${action}`, ...wider];
}

/** Gitea's own clock. A push has no time but its commits', which are the committers'. */
function timeOf(payload: unknown): string | undefined {
  const subjects = ['comment', 'issue', 'pull_request', 'release'];
  const fields = ['updated_at', 'published_at', 'created_at'];
  return subjects
    .flatMap((subject) => fields.map((field) => at(payload, [subject, field])))
    .filter((time) => !String(time).startsWith('0001-'))
    .map(isoTime)
    .find((time) => time !== undefined);
}

/** The event's name by its kind, where they differ: modules/webhook/type.go. */
const eventsByKind: Readonly<Record<string, string>> = {
  issue_assign: 'issues',
  issue_label: 'issues',
  issue_milestone: 'issues',
  pull_request_assign: 'pull_request',
  pull_request_label: 'pull_request',
  pull_request_milestone: 'pull_request',
  pull_request_sync: 'pull_request',
  pull_request_review_request: 'pull_request',
  pull_request_review_approved: 'pull_request_approved',
  pull_request_review_rejected: 'pull_request_rejected',
  pull_request_review_comment: 'pull_request_comment',
};

const all = (names: readonly string[], value: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, value]));
