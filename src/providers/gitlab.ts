import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { requireToken } from './access.ts';
import type { GitlabEvents } from './gitlab-events.ts';
import { gitlabSamples } from './gitlab-samples.ts';
import { WebhookError } from '../errors.ts';
import { at, parseJson, requireHeader, scalarText, textsOnly, utf8 } from './json.ts';
import { seconds } from './proof.ts';
import type { DeliveryHeaders, Provider } from './provider.ts';
import { sha256, signatureInvalid, singleHeader } from './signature.ts';
import {
  developmentKey,
  headerNames,
  hmacKey,
  present,
  requireOne,
  standardHeaders,
  verifyStandard,
} from './standard-signature.ts';
import { zonedTime } from './zoned-time.ts';

/** What a hook of GitLab's may have, either or both: what is set here is demanded. */
export interface GitlabProof {
  /** Of `X-Gitlab-Token`. */
  readonly tokens: readonly string[];
  /** The bytes of the signing token, from GitLab 19.0 on. */
  readonly signingKeys: readonly Buffer[];
  readonly toleranceSeconds: number | undefined;
}

const tokenHeader = 'x-gitlab-token';
const signatureHeader = 'webhook-signature';
const eventHeader = 'x-gitlab-event';

/**
 * GitLab: a secret token in a header (`GITLAB_WEBHOOK_TOKEN`), and from 19.0 on a signature over id, time and body by a
 * signing token (`GITLAB_WEBHOOK_SIGNING_TOKEN`). `webhook-id` and `webhook-timestamp` come with every delivery, signed
 * or not, so they decide nothing: the signature's header does, and what is configured.
 * docs.gitlab.com/user/project/integrations/webhooks; gitlabhq/gitlabhq, app/services/web_hook_service.rb
 */
export const gitlab = (): Provider<GitlabEvents, GitlabProof> => ({
  name: 'gitlab',
  proof: gitlabProof,

  verify(delivery, { tokens, signingKeys, toleranceSeconds }, { now }) {
    const { headers } = delivery;
    if (signingKeys.length > 0) {
      const keys = { secrets: signingKeys, publicKeys: [] };
      // GitLab names no window; 300 s is the habit of Standard Webhooks.
      verifyStandard(delivery, keys, { set: 'webhook-', now, toleranceSeconds });
    } else if (isSigned(headers)) {
      // A present signature must pass, and without a signing token none can: a token alone would be the weaker proof.
      throw signatureInvalid('signature_mismatch', 'it is signed, and WEBHOOK_SIGNING_TOKEN is not set');
    }
    if (tokens.length > 0) requireToken(singleHeader(headers, tokenHeader), tokens, tokenHeader);
  },

  read({ headers, body }) {
    const payload = parseJson(utf8(body));
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      throw new WebhookError('payload_unreadable', { reason: 'field_malformed', note: 'not an object' });
    }
    const kind = kindOf(headers, payload);
    const action = at(payload, ['object_attributes', 'action']) ?? at(payload, ['action']);
    const key = scalarText(at(payload, ['project', 'id']) ?? at(payload, ['project_id']));
    const occurredAt = timeOf(kind, payload);
    return {
      events: [
        {
          id: idOf(headers, body),
          types: typeof action === 'string' && action !== '' ? [`${kind}.${action}`, kind] : [kind],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // Of a signed delivery the id is signed too. A token is no signature: nothing else tells a replay.
          ...(!isSigned(headers) && { echo: sha256(body) }),
          labels: labels(kind, payload),
        },
      ],
    };
  },

  sign({ body, type, id = randomUUID() }, { tokens, signingKeys }, at) {
    const [key] = signingKeys;
    const signed = standardHeaders({ id, body }, { secret: key }, { set: 'webhook-', at });
    return {
      'content-type': 'application/json',
      'user-agent': 'GitLab/19.0.0',
      'idempotency-key': id,
      [eventHeader]: hookName(type),
      'x-gitlab-webhook-uuid': randomUUID(),
      'x-gitlab-event-uuid': randomUUID(),
      'x-gitlab-instance': 'https://gitlab.example.com',
      ...(tokens[0] !== undefined && { [tokenHeader]: tokens[0] }),
      'webhook-id': id,
      'webhook-timestamp': signed['webhook-timestamp']!,
      ...(key !== undefined && { [signatureHeader]: signed[signatureHeader]! }),
    };
  },

  keepHeaders: [
    ...headerNames('webhook-'),
    'idempotency-key',
    eventHeader,
    'x-gitlab-instance',
    'x-gitlab-webhook-uuid',
    'x-gitlab-event-uuid',
  ],
  answerWithinMs: 10_000,
  // REQUEST_BODY_SIZE_LIMIT = 25.megabytes: app/services/web_hook_service.rb
  bodyLimitBytes: 26_214_400,
  samples: gitlabSamples,
  develop: () => ({ WEBHOOK_SIGNING_TOKEN: developmentKey() }),
});

/** `WEBHOOK_TOKEN`, `WEBHOOK_SIGNING_TOKEN`, each with `_PREVIOUS`, of which one must be set. */
const gitlabProof: z.ZodType<GitlabProof> = z
  .object({
    WEBHOOK_TOKEN: z.string().min(1).optional(),
    WEBHOOK_TOKEN_PREVIOUS: z.string().min(1).optional(),
    WEBHOOK_SIGNING_TOKEN: hmacKey.optional(),
    WEBHOOK_SIGNING_TOKEN_PREVIOUS: hmacKey.optional(),
    WEBHOOK_TOLERANCE_SECONDS: seconds.optional(),
  })
  .superRefine(requireOne('WEBHOOK_SIGNING_TOKEN', 'WEBHOOK_TOKEN'))
  .transform((names): GitlabProof => ({
    tokens: present(names.WEBHOOK_TOKEN, names.WEBHOOK_TOKEN_PREVIOUS),
    signingKeys: present(names.WEBHOOK_SIGNING_TOKEN, names.WEBHOOK_SIGNING_TOKEN_PREVIOUS),
    toleranceSeconds: names.WEBHOOK_TOLERANCE_SECONDS,
  }));

const isSigned = (headers: DeliveryHeaders): boolean => headers.get(signatureHeader) !== undefined;

/**
 * The event's id: the signed `webhook-id`, else `Idempotency-Key`, which is the same and comes from 17.4 on; a resend
 * keeps both. Before 17.4 there is none: a hash of the hook's name and the body, so that two events of equal bytes are
 * one. `X-Gitlab-Webhook-UUID` is new with every request, and `X-Gitlab-Event-UUID` shared by what one event set off.
 */
function idOf(headers: DeliveryHeaders, body: Buffer): string {
  const names = isSigned(headers) ? ['webhook-id'] : ['idempotency-key', 'webhook-id'];
  const name = names.find((one) => headers.get(one) !== undefined);
  if (name !== undefined) return requireHeader(headers, name, 'event_id_missing');
  return sha256(Buffer.concat([Buffer.from(`${headers.get(eventHeader) ?? ''}\n`), body]));
}

/**
 * What the event is about: `object_kind`, or the name of the event where a body has no kind (members, groups, system
 * hooks). Both are in the body, which may be signed; the hook's name is not, and serves where a template left out both.
 */
function kindOf(headers: DeliveryHeaders, payload: object): string {
  const named = [at(payload, ['object_kind']), at(payload, ['event_name'])].find(
    (name): name is string => typeof name === 'string' && name !== '',
  );
  if (named !== undefined) return named;
  const hook = requireHeader(headers, eventHeader, 'payload_unreadable');
  const name = hook
    .replace(/ Hook$/, '')
    .toLowerCase()
    .replaceAll(' ', '_')
    .replace(/^confidential_/, '');
  return kindsOfHooks.find(([, of]) => of === name)?.[0] ?? name;
}

/** Kinds whose hooks are called otherwise. */
const kindsOfHooks = [
  ['build', 'job'],
  ['access_token', 'resource_access_token'],
] as const;

/** `Merge Request Hook` of `merge_request.open`. */
function hookName(type: string): string {
  const kind = type.split('.')[0] ?? type;
  const name = kindsOfHooks.find(([of]) => of === kind)?.[1] ?? kind;
  const words = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join(' ')} Hook`;
}

/**
 * When it happened by GitLab's clock. A push says only when its commits were made, by their authors' clocks, and a
 * release when it was created: of both there is none.
 */
function timeOf(kind: string, payload: object): string | undefined {
  const paths: readonly string[][] =
    kind === 'build'
      ? [['build_finished_at'], ['build_started_at'], ['build_created_at']]
      : kind === 'deployment'
        ? [['status_changed_at']]
        : kind === 'pipeline'
          ? [
              ['object_attributes', 'finished_at'],
              ['object_attributes', 'created_at'],
            ]
          : [['object_attributes', 'updated_at']];
  return paths.map((path) => zonedTime(at(payload, path))).find((time) => time !== undefined);
}

function labels(kind: string, payload: object): Record<string, string> {
  const attributes = 'object_attributes';
  return textsOnly({
    project: at(payload, ['project', 'path_with_namespace']),
    ref: at(payload, ['ref']) ?? at(payload, [attributes, 'ref']),
    number: scalarText(
      at(payload, ['merge_request', 'iid']) ??
        at(payload, ['issue', 'iid']) ??
        // A pipeline has a number as well, among pipelines.
        (kind === 'pipeline' ? undefined : at(payload, [attributes, 'iid'])),
    ),
    status: at(payload, ['build_status']) ?? at(payload, [attributes, 'status']) ?? at(payload, ['status']),
    environment: at(payload, ['environment']),
  });
}
