import { randomUUID } from 'node:crypto';
import type { EmitterWebhookEvent, EmitterWebhookEventName } from '@octokit/webhooks';
import { z } from 'zod';
import { WebhookError } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import { formField, formFields, isForm } from './form.ts';
import { githubSamples } from './github-samples.ts';
import { at, expectShape, isoTime, parseJson, requireHeader, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret, hmacProof, type HmacProof } from './proof.ts';
import type { Delivery, DeliveryHeaders, Provider } from './provider.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';

/** GitHub's map of types, wide (`pull_request`) and specific (`pull_request.opened`). */
export type GithubEvents = {
  [Type in EmitterWebhookEventName]: EmitterWebhookEvent<Type>['payload'];
};

/** A GitHub event as a workflow takes it: `GithubEvent<'push'>`. */
export type GithubEvent<Type extends keyof GithubEvents = keyof GithubEvents> = {
  [T in Type]: WebhookEvent<T, GithubEvents[T]>;
}[Type];

const header = 'x-hub-signature-256';

/**
 * GitHub: JSON and form deliveries. The signature covers the body alone: not the event's name, not its
 * id, and no time. The old SHA-1 header is ignored, so nothing can be downgraded to it.
 * docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github = (): Provider<GithubEvents, HmacProof> => ({
  name: 'github',
  proof: hmacProof,

  verify({ headers, body }, { secrets }) {
    const given = singleHeader(headers, header);
    if (!/^sha256=[0-9a-f]{64}$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not sha256= and 64 lower-case hex digits`);
    }
    requireMatch([given], secrets, (secret) => `sha256=${hmac(secret, [body])}`);
  },

  read(delivery) {
    const { headers } = delivery;
    const payload = parseJson(bodyText(delivery));
    const { action } = expectShape(envelope, payload);
    const id = requireHeader(headers, 'x-github-delivery', 'event_id_missing');
    const name = requireHeader(headers, 'x-github-event', 'payload_unreadable');
    const key = scalarText(at(payload, ['repository', 'id']));
    const occurredAt = timeOf(name, payload);
    return {
      events: [
        {
          id,
          types: action === undefined ? [name] : [`${name}.${action}`, name],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // GitHub signs neither the event's name nor its id.
          echo: sha256(delivery.body),
          labels: labels(headers, payload),
        },
      ],
    };
  },

  sign({ body, type, id = randomUUID() }, { secrets }) {
    return {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/everhook',
      'x-github-event': type.split('.')[0] ?? type,
      'x-github-delivery': id,
      'x-github-hook-id': '1',
      [header]: `sha256=${hmac(secrets[0], [body])}`,
    };
  },

  keepHeaders: ['x-github-event', 'x-github-delivery', 'x-github-hook-id', header],
  answerWithinMs: 10_000,
  // "Payloads are capped at 25 MB": docs.github.com/webhooks/webhook-events-and-payloads
  bodyLimitBytes: 26_214_400,
  samples: githubSamples,
  develop: () => developmentSecret(),
});

const envelope = z.looseObject({ action: z.string().optional() });

/** The JSON, or the form field `payload` that holds it; GitHub's web form makes hooks of the second kind. */
function bodyText({ headers, body }: Delivery): string {
  const text = utf8(body);
  if (!isForm(headers)) return text;
  const payload = formField(formFields(text), 'payload');
  if (payload !== undefined) return payload;
  throw new WebhookError('payload_unreadable', { reason: 'not_form', note: 'no field named payload' });
}

/** GitHub's own clock: of a push when it was received, never the committer's. */
function timeOf(name: string, payload: unknown): string | undefined {
  if (name === 'push') return isoTime(at(payload, ['repository', 'pushed_at']));
  const subjects = ['comment', 'review', name, 'issue'];
  const fields = ['updated_at', 'submitted_at', 'completed_at', 'published_at', 'created_at'];
  const times = subjects.flatMap((subject) => fields.map((field) => isoTime(at(payload, [subject, field]))));
  return times.find((time) => time !== undefined);
}

function labels(headers: DeliveryHeaders, payload: unknown): Record<string, string> {
  return textsOnly({
    hook: headers.get('x-github-hook-id'),
    repository: at(payload, ['repository', 'full_name']),
    ref: at(payload, ['ref']),
    number: scalarText(at(payload, ['number']) ?? at(payload, ['issue', 'number'])),
  });
}
