import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bitbucket } from '../../src/providers/bitbucket.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = bitbucket();
const now = new Date('2026-11-20T12:00:00Z');
const secret = 'secret';
const environment = { WEBHOOK_SECRET: secret };
const header = 'x-hub-signature';
const recorded = readFileSync(
  new URL('../providers/fixtures/bitbucket/server/repo-refs-changed.json', import.meta.url),
);
const bodyWith = (text: string) =>
  `{"pullrequest":{"id":4,"title":"${text}"},"repository":{"uuid":"{r-1}","full_name":"octo/hello"}}`;
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'pullrequest:created', at: now, id: 'uuid-1' });
const read = { ids: ['uuid-1'], types: ['pullrequest:created'] };

/** Atlassian's documentation of both products; signed with node:crypto, and by go-playground/webhooks. */
export function bitbucketSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const by = (algorithm: string) => createHmac(algorithm, secret).update(base.body).digest('hex');
  const cut = base.body.subarray(0, -1);
  const server = signed(provider, environment, {
    body: recorded,
    type: 'repo:refs_changed',
    at: now,
    id: 'request-1',
  });
  const ping = withHeader(
    withHeader(withBody(server, '{"test":true}'), 'x-event-key', 'diagnostics:ping'),
    header,
  );
  return {
    name: 'bitbucket',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'published vector',
        title: "Data Center's recorded push, with the signature that go-playground/webhooks publishes for it",
        request: withHeader(
          server,
          header,
          'sha256=8a60f7487d167f55886df87d4077192035d76f76a8e0b3a48fd8ae8cad25f391',
        ),
        expect: { ids: ['request-1'], types: ['repo:refs_changed'] },
      },
      {
        kind: 'official signer',
        title: 'signed with node:crypto',
        request: withHeader(base, header, `sha256=${by('sha256')}`),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { WEBHOOK_SECRET: 'another' }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature, as a hook without a secret sends',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'a test of the connection with a wrong signature',
        request: withHeader(ping, header, signature),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'another event under the key of a connection test, beside its own',
        request: withHeader(withHeader(base, header), 'x-event-key', 'diagnostics:ping', 'repo:push'),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, cut),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(cut),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the body',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a text, signed as they are',
        request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'repeated header',
        title: 'the signature came twice',
        request: withHeader(base, header, signature, signature),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'repeated header',
        title: "the request's id came twice",
        request: withHeader(base, 'x-request-uuid', 'uuid-1', 'uuid-2'),
        expect: { refused: 'field_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: secret },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'sha512= in front of the SHA-256',
        request: withHeader(base, header, signature.replace('sha256=', 'sha512=')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: "SHA-1, as GitHub's header of that name has it",
        request: withHeader(base, header, `sha1=${by('sha1')}`),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'the password that is demanded besides, and no signature',
        request: withHeader(withHeader(base, header), 'authorization', 'Basic dTpw'),
        environment: { ...environment, WEBHOOK_BASIC: 'u:p' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'the same signed body under another id: known again by its bytes',
        request: withHeader(base, 'x-request-uuid', 'uuid-2'),
        expect: { ids: ['uuid-2'], knownAgain: true },
      },
      {
        kind: 'replay under another id',
        title: "Data Center's push under another event key: the signed one counts",
        request: withHeader(server, 'x-event-key', 'repo:forked'),
        expect: { ids: ['request-1'], types: ['repo:refs_changed'] },
      },
      {
        kind: 'handshake',
        title: "Data Center's unsigned test of the connection",
        request: ping,
        expect: { handshake: true },
      },
    ],
    without: {
      stale: 'no time is signed',
      future: 'no time is signed',
    },
  };
}
