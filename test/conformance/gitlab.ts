import { createHash } from 'node:crypto';
import { gitlab } from '../../src/providers/gitlab.ts';
import type { ConformanceSuite } from './conformance.ts';
import { signed, withHeader } from './requests.ts';
import { now, other, secret, standardCases } from './standard.ts';

const provider = gitlab();
const bodyWith = (text: string) =>
  `{"object_kind":"issue","object_attributes":{"iid":7,"title":"${text}","action":"open"},"project":{"id":15}}`;
const tokenOnly = { WEBHOOK_TOKEN: 'a secret token' };
const withToken = (by: Readonly<Record<string, string>>) =>
  signed(provider, by, { body: bodyWith('plain'), type: 'issue.open', at: now, id: 'msg_1' });

/** docs.gitlab.com/user/project/integrations/webhooks; signed by the library of Standard Webhooks, whose scheme it is. */
export function gitlabSuite(): ConformanceSuite {
  const { base, cases, environment, read } = standardCases({
    provider,
    set: 'webhook-',
    variable: 'WEBHOOK_SIGNING_TOKEN',
    type: 'issue.open',
    bodyWith,
  });
  const both = { ...environment, ...tokenOnly };
  const byToken = withToken(tokenOnly);
  const bare = ['webhook-id', 'webhook-timestamp', 'idempotency-key'].reduce(
    (request, name) => withHeader(request, name),
    byToken,
  );
  const hashed = createHash('sha256').update('Issue Hook\n').update(base.body).digest('hex');
  return {
    name: 'gitlab',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] },
    cases: [
      ...cases,
      {
        kind: 'official signer',
        title: 'no signature, the right X-Gitlab-Token, where a token alone is set',
        request: byToken,
        environment: tokenOnly,
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'signature and token, where both are set',
        request: withToken(both),
        environment: both,
        expect: read,
      },
      {
        kind: 'forged',
        title: 'another X-Gitlab-Token',
        request: withToken({ WEBHOOK_TOKEN: 'a secret tokem' }),
        environment: tokenOnly,
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'an X-Gitlab-Token that is longer',
        request: withToken({ WEBHOOK_TOKEN: 'a secret token, and more' }),
        environment: tokenOnly,
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no X-Gitlab-Token',
        request: withHeader(byToken, 'x-gitlab-token'),
        environment: tokenOnly,
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'a right signature and another token, where both are set',
        request: withHeader(withToken(both), 'x-gitlab-token', 'another'),
        environment: both,
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'repeated header',
        title: 'X-Gitlab-Token came twice',
        request: withHeader(byToken, 'x-gitlab-token', 'a secret token', 'a secret token'),
        environment: tokenOnly,
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'repeated header',
        title: 'Idempotency-Key came twice, unsigned',
        request: withHeader(byToken, 'idempotency-key', 'msg_1', 'msg_2'),
        environment: tokenOnly,
        expect: { refused: 'field_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'the previous X-Gitlab-Token',
        request: byToken,
        environment: { WEBHOOK_TOKEN: 'the new one', WEBHOOK_TOKEN_PREVIOUS: tokenOnly.WEBHOOK_TOKEN },
        expect: read,
      },
      {
        kind: 'downgrade',
        title: 'the right token and no signature, where a signing token is set',
        request: byToken,
        environment: both,
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'the right token and a signature by another key, where both are set',
        request: withToken({ ...tokenOnly, WEBHOOK_SIGNING_TOKEN: other }),
        environment: both,
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'downgrade',
        title: 'the right token beside a signature, where no signing token is set to judge it by',
        request: withToken({ ...tokenOnly, WEBHOOK_SIGNING_TOKEN: secret }),
        environment: tokenOnly,
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'downgrade',
        title: 'the signature as X-Gitlab-Signature, which GitLab never sent',
        request: {
          ...base,
          headers: base.headers.map(
            ([name, value]) => [name === 'webhook-signature' ? 'x-gitlab-signature' : name, value] as const,
          ),
        },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'another Idempotency-Key beside a signature: the signed webhook-id is the id',
        request: withHeader(base, 'idempotency-key', 'msg_2'),
        expect: read,
      },
      {
        kind: 'replay under another id',
        title: 'no id at all, as before 17.4: hook and bytes are the id, so the same ones are one event',
        request: bare,
        environment: tokenOnly,
        expect: { ids: [hashed], types: ['issue.open'] },
      },
    ],
    without: {
      'published vector':
        'GitLab publishes none; that of Standard Webhooks has a body that is no GitLab event',
      handshake: 'GitLab asks nothing; its test is an event like others',
    },
  };
}
