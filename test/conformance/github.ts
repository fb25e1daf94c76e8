import { sign } from '@octokit/webhooks-methods';
import { github } from '../../src/providers/github.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = github();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: "It's a Secret to Everybody" };
const header = 'x-hub-signature-256';
const bodyWith = (text: string) =>
  `{"action":"opened","issue":{"id":1,"number":7,"title":"${text}"},"repository":{"id":42,"full_name":"octo/hello"}}`;
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'issues.opened', at: now, id: 'guid-1' });
const read = { ids: ['guid-1'], types: ['issues.opened'] };

/** docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries; signed by @octokit/webhooks-methods. */
export async function githubSuite(): Promise<ConformanceSuite> {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const official = bodyWith('signed by octokit 🐎');
  const rotated = { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET };
  const cut = base.body.subarray(0, -1);
  return {
    name: 'github',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'published vector',
        title:
          "GitHub's documented secret, body and signature; a body that is no JSON is proven, and unreadable",
        request: withHeader(
          request('Hello, World!'),
          header,
          'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
        ),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'official signer',
        title: 'signed by @octokit/webhooks-methods',
        request: withHeader(request(official), header, await sign(environment.WEBHOOK_SECRET, official)),
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
        title: 'no signature',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'sha256= and nothing behind it, as a hook without a secret sends',
        request: withHeader(base, header, 'sha256='),
        expect: { refused: 'signature_malformed' },
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
        title: 'the delivery id came twice',
        request: withHeader(base, 'x-github-delivery', 'guid-1', 'guid-2'),
        expect: { refused: 'field_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: rotated,
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
        title: 'the SHA-1 signature alone',
        request: withHeader(
          withHeader(base, header),
          'x-hub-signature',
          'sha1=5d61605c3feea9799210ddcb71307d4ba264225f',
        ),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'the same signed body under another X-GitHub-Delivery: known again by its bytes',
        request: withHeader(base, 'x-github-delivery', 'guid-2'),
        expect: { ids: ['guid-2'], knownAgain: true },
      },
      {
        kind: 'handshake',
        title: 'ping is an event like others',
        request: signed(provider, environment, {
          body: '{"zen":"Keep it logically awesome.","hook_id":5}',
          type: 'ping',
          at: now,
          id: 'guid-3',
        }),
        expect: { ids: ['guid-3'], types: ['ping'] },
      },
    ],
    without: {
      stale: 'GitHub signs no time; a redelivery may come days later',
      future: 'GitHub signs no time',
    },
  };
}
