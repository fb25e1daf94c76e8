import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { forgejo } from '../../src/providers/forgejo.ts';
import { gitea } from '../../src/providers/gitea.ts';
import type { Captured } from '../../src/judge/captured.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const now = new Date('2026-11-20T12:00:00Z');
const secret = 'IsWishesWereHorsesWedAllBeEatingSteak!';
const environment = { WEBHOOK_SECRET: secret };
const recorded = readFileSync(new URL('../providers/fixtures/gitea/push-event.json', import.meta.url));
const bodyWith = (text: string) =>
  `{"action":"opened","number":3,"issue":{"id":31,"number":3,"title":"${text}"},"repository":{"id":42,"full_name":"octo/hello"}}`;
const read = { ids: ['uuid-1'], types: ['issues.opened'] };

/** go-gitea/gitea services/webhook/deliver.go; signed with node:crypto, and by go-playground/webhooks. */
export const giteaSuite = (): ConformanceSuite => familySuite('gitea', ['gitea']);

/** forgejo services/webhook/shared/payloader.go */
export const forgejoSuite = (): ConformanceSuite => familySuite('forgejo', ['forgejo', 'gitea']);

function familySuite(name: 'gitea' | 'forgejo', sets: readonly string[]): ConformanceSuite {
  const provider = name === 'gitea' ? gitea() : forgejo();
  const request = (
    body: string | Buffer,
    by: Readonly<Record<string, string>> = environment,
    id = 'uuid-1',
  ) => signed(provider, by, { body, type: 'issues.opened', at: now, id });
  const base = request(bodyWith('plain'));
  const header = `x-${name}-signature`;
  const signature = headerOf(base, header);
  const withAll = (suffix: string, to: Captured, ...values: readonly string[]) =>
    sets.reduce((changed, set) => withHeader(changed, `x-${set}-${suffix}`, ...values), to);
  const unsigned = withHeader(withAll('signature', base), 'x-hub-signature-256');
  const by = (algorithm: string) => createHmac(algorithm, secret).update(base.body).digest('hex');
  const cut = base.body.subarray(0, -1);
  const payload = bodyWith('in a form 🐎');
  const formText = new URLSearchParams({ payload }).toString();
  const form = (signedText: string) =>
    withHeader(
      withHeader(withBody(unsigned, formText), 'content-type', 'application/x-www-form-urlencoded'),
      header,
      createHmac('sha256', secret).update(signedText).digest('hex'),
    );
  return {
    name,
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [...sets.map((set) => `x-${set}-signature`), 'x-hub-signature-256'] },
    cases: [
      {
        kind: 'published vector',
        title: 'a recorded push, with the signature that go-playground/webhooks publishes for it',
        request: withAll(
          'event',
          withAll(
            'event-type',
            withHeader(
              withBody(unsigned, recorded),
              header,
              '60fe446c74fa0cb9474f98cc557db79e10c7aaf22cf324ad65239600b9e4d915',
            ),
            'push',
          ),
          'push',
        ),
        expect: { ids: ['uuid-1'], types: ['push'] },
      },
      {
        kind: 'official signer',
        title: `${header} alone, signed with node:crypto`,
        request: withHeader(unsigned, header, by('sha256')),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'X-Hub-Signature-256 alone, signed with node:crypto',
        request: withHeader(unsigned, 'x-hub-signature-256', `sha256=${by('sha256')}`),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'a form, its field payload signed',
        request: form(payload),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'a form, signed as it is',
        request: form(formText),
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
        request: unsigned,
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'empty signatures, as a hook without a secret sends',
        request: withHeader(withAll('signature', base, ''), 'x-hub-signature-256', 'sha256='),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'a right signature beside a wrong one',
        request: withHeader(base, 'x-hub-signature-256', `sha256=${'0'.repeat(64)}`),
        expect: { refused: 'signature_mismatch' },
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
        request: withHeader(base, `x-${name}-delivery`, 'uuid-1', 'uuid-2'),
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
        title: 'a SHA-512 HMAC',
        request: withHeader(unsigned, header, by('sha512')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'the SHA-1 signature alone',
        request: withHeader(unsigned, 'x-hub-signature', `sha1=${by('sha1')}`),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'the authorization that is demanded besides, and no signature',
        request: withHeader(unsigned, 'authorization', 'Bearer 0123'),
        environment: { ...environment, WEBHOOK_TOKEN: '0123' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'signed, without the authorization that is demanded besides',
        request: base,
        environment: { ...environment, WEBHOOK_TOKEN: '0123' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'the same signed body under another id: known again by its bytes',
        request: withAll('delivery', base, 'uuid-2'),
        expect: { ids: ['uuid-2'], knownAgain: true },
      },
    ],
    without: {
      stale: 'no time is signed; who sends again by hand may do so days later',
      future: 'no time is signed',
      handshake: 'nothing is sent but events; the test of a hook is a push',
    },
  };
}
