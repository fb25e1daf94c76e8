import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accessHeaders, verifyAccess } from './access.ts';
import type { BitbucketEvents } from './bitbucket-events.ts';
import { bitbucketSamples } from './bitbucket-samples.ts';
import { at, expectShape, isoTime, parseJson, requireHeader, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret } from './proof.ts';
import type { DeliveryHeaders, Provider } from './provider.ts';
import { secretAndAccess, type SecretAndAccess } from './secret-and-access.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';

const header = 'x-hub-signature';
const ping = 'diagnostics:ping';
const cloudId = 'x-request-uuid';
const serverId = 'x-request-id';

/**
 * Bitbucket Cloud and Bitbucket Data Center. Both sign the body alone, in `X-Hub-Signature`, which is SHA-256 here and not
 * GitHub's old SHA-1. They are told apart by the header of the request's id.
 * support.atlassian.com/bitbucket-cloud/docs/event-payloads and /manage-webhooks;
 * confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
 */
export const bitbucket = (): Provider<BitbucketEvents, SecretAndAccess> => ({
  name: 'bitbucket',
  proof: secretAndAccess,

  verify(delivery, { secrets, access }) {
    const { headers, body } = delivery;
    verifyAccess(delivery, access);
    // Data Center tests a connection without signing. It is answered, and nothing comes of it.
    if (headers.get('x-event-key') === ping && headers.get(header) === undefined) return;
    const given = singleHeader(headers, header);
    if (!/^sha256=[0-9a-f]{64}$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not sha256= and 64 lower-case hex digits`);
    }
    requireMatch([given], secrets, (secret) => `sha256=${hmac(secret, [body])}`);
  },

  read({ headers, body }) {
    if (headers.get('x-event-key') === ping) return { handshake: { status: 200, body: { received: true } } };
    const payload = parseJson(utf8(body));
    const { eventKey } = expectShape(envelope, payload);
    // Data Center says it in what it signs, too.
    const type = eventKey ?? requireHeader(headers, 'x-event-key', 'payload_unreadable');
    const id = requireHeader(headers, idHeader(headers), 'event_id_missing');
    const repository = repositoryOf(payload);
    const key = scalarText(at(repository, ['uuid']) ?? at(repository, ['id']));
    const occurredAt = timeOf(payload);
    return {
      events: [
        {
          id,
          types: [type],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // The request's id is not signed.
          echo: sha256(body),
          labels: labels(headers, payload, repository),
        },
      ],
    };
  },

  sign({ body, type, id = randomUUID() }, { secrets, access }) {
    const server = isServers(type);
    return {
      'content-type': server ? 'application/json; charset=utf-8' : 'application/json',
      ...accessHeaders(access),
      'x-event-key': type,
      ...(server ? { [serverId]: id } : { [cloudId]: id, 'x-hook-uuid': everyHook, 'x-attempt-number': '1' }),
      [header]: `sha256=${hmac(secrets[0], [body])}`,
    };
  },

  pathToken: ({ access }) => access.pathTokens[0],
  keepHeaders: ['x-event-key', cloudId, serverId, 'x-hook-uuid', 'x-attempt-number', header],
  // support.atlassian.com/bitbucket-cloud/docs/troubleshoot-webhooks
  answerWithinMs: 10_000,
  bodyLimitBytes: 26_214_400,
  samples: bitbucketSamples,
  develop: () => developmentSecret(),
});

const envelope = z.looseObject({ eventKey: z.string().min(1).optional() });

const everyHook = '{00000000-0000-4000-8000-000000000000}';

/** Cloud's, where it is there: X-Request-Id may be a proxy's. */
const idHeader = (headers: DeliveryHeaders): string => (headers.get(cloudId) ? cloudId : serverId);

/** Whether only Data Center has such an event. */
const isServers = (type: string): boolean =>
  type.startsWith('pr:') || ['repo:refs_changed', 'repo:forked', 'repo:modified', ping].includes(type);

const repositoryOf = (payload: unknown): unknown =>
  at(payload, ['repository']) ??
  at(payload, ['pullRequest', 'toRef', 'repository']) ??
  // A repository that got another name.
  at(payload, ['new']);

/** Bitbucket's clock: Data Center dates every event; of Cloud's a push has no time but its commits'. */
function timeOf(payload: unknown): string | undefined {
  const paths = [
    ['date'],
    ['approval', 'date'],
    ['comment', 'updated_on'],
    ['commit_status', 'updated_on'],
    ['pullrequest', 'updated_on'],
    ['issue', 'updated_on'],
  ];
  return paths.map((path) => isoTime(at(payload, path))).find((time) => time !== undefined);
}

const labels = (headers: DeliveryHeaders, payload: unknown, repository: unknown): Record<string, string> =>
  textsOnly({
    hook: headers.get('x-hook-uuid'),
    repository: at(repository, ['full_name']) ?? serverName(repository),
    ref:
      at(payload, ['push', 'changes', '0', 'new', 'name']) ??
      at(payload, ['changes', '0', 'ref', 'displayId']) ??
      at(payload, ['pullrequest', 'source', 'branch', 'name']) ??
      at(payload, ['pullRequest', 'fromRef', 'displayId']),
    number: scalarText(
      at(payload, ['pullrequest', 'id']) ??
        at(payload, ['pullRequest', 'id']) ??
        at(payload, ['issue', 'id']),
    ),
  });

/** `PROJECT/repository` */
function serverName(repository: unknown): string | undefined {
  const [project, slug] = [at(repository, ['project', 'key']), at(repository, ['slug'])];
  return typeof project === 'string' && typeof slug === 'string' ? `${project}/${slug}` : undefined;
}
