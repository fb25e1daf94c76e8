import { createHmac } from 'node:crypto';
import { payment } from '../../src/providers/payment.ts';
import type { ConformanceSuite } from './conformance.ts';
import {
  now,
  bodyWith,
  read,
  noTime,
  noHandshake,
  idInBody,
  requestOf,
  bodies,
  signatures,
} from './generic.ts';
import { withHeader } from './requests.ts';

export function paymentSuite(): ConformanceSuite {
  const provider = payment();
  const environment = { WEBHOOK_SECRET: 'first secret' };
  const request = requestOf(provider, environment);
  const header = 'x-webhook-signature';
  const base = request(bodyWith('plain'));
  const by = (algorithm: string) => createHmac(algorithm, 'first secret').update(base.body).digest('hex');
  return {
    name: 'payment',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    caseless: [header],
    cases: [
      {
        kind: 'published vector',
        title: "RFC 4231's second; a body that is no JSON is proven, and unreadable",
        request: withHeader(
          request('what do ya want for nothing?'),
          header,
          '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
        ),
        environment: { WEBHOOK_SECRET: 'Jefe' },
        expect: { refused: 'not_json' },
      },
      {
        kind: 'official signer',
        title: 'signed with node:crypto',
        request: withHeader(base, header, by('sha256')),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'the same in upper-case hex',
        request: withHeader(base, header, by('sha256').toUpperCase()),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { WEBHOOK_SECRET: 'another' }),
        expect: { refused: 'signature_mismatch' },
      },
      ...signatures(base, header),
      ...bodies(request),
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: 'first secret' },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'a SHA-512 HMAC',
        request: withHeader(base, header, by('sha512')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'a SHA-1 HMAC',
        request: withHeader(base, header, by('sha1')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'signed, without the path token that is demanded besides',
        request: base,
        environment: { ...environment, WEBHOOK_PATH_TOKEN: 'secret-path' },
        expect: { refused: 'signature_missing' },
      },
    ],
    without: { ...noTime, ...idInBody, ...noHandshake },
  };
}
