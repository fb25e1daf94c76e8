import { createHmac } from 'node:crypto';
import { configured } from '../../src/providers/configured.ts';
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

export function configuredSuite(): ConformanceSuite {
  const header = 'x-partner-signature';
  const scheme = {
    kind: 'hmac',
    header,
    algorithm: 'sha512',
    encoding: 'base64url',
    id: '/id',
    key: '/note',
  };
  const environment = { WEBHOOK_SCHEME: JSON.stringify(scheme), WEBHOOK_SECRET: 'first secret' };
  const provider = configured();
  const request = requestOf(provider, environment);
  const base = request(bodyWith('plain'));
  const by = (algorithm: string) =>
    createHmac(algorithm, 'first secret').update(base.body).digest('base64url');
  return {
    name: 'configured',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'official signer',
        title: 'the scheme of the environment, signed with node:crypto',
        request: withHeader(base, header, by('sha512')),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { ...environment, WEBHOOK_SECRET: 'another' }),
        expect: { refused: 'signature_mismatch' },
      },
      ...signatures(base, header),
      ...bodies(request),
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { ...environment, WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: 'first secret' },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'a SHA-256 HMAC',
        request: withHeader(base, header, by('sha256')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'a token that is set too, and no signature',
        request: withHeader(withHeader(base, header), 'authorization', 'Bearer 0123'),
        environment: { ...environment, WEBHOOK_TOKEN: '0123' },
        expect: { refused: 'signature_missing' },
      },
    ],
    without: {
      ...noTime,
      ...idInBody,
      ...noHandshake,
      'published vector': 'the scheme is an invention; that of payment has one',
    },
  };
}
