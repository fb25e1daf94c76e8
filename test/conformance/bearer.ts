import { bearer } from '../../src/providers/bearer.ts';
import type { ConformanceSuite } from './conformance.ts';
import { now, bodyWith, read, places, unsigned, requestOf, bodies } from './generic.ts';
import { headerOf, withHeader } from './requests.ts';

export function bearerSuite(): ConformanceSuite {
  const provider = bearer(places);
  // Of digits: its letters' case would count, that of the scheme's does not.
  const environment = { WEBHOOK_TOKEN: '0123-4567.89' };
  const request = requestOf(provider, environment);
  const header = 'authorization';
  const base = request(bodyWith('plain'));
  return {
    name: 'bearer',
    provider,
    environment,
    now,
    base,
    covers: { body: false, headers: [header] },
    caseless: [header],
    cases: [
      {
        kind: 'published vector',
        title: "RFC 6750's example",
        request: withHeader(base, header, 'Bearer mF_9.B5f-4.1JqM'),
        environment: { WEBHOOK_TOKEN: 'mF_9.B5f-4.1JqM' },
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'the scheme in lower case (RFC 9110, 11.1)',
        request: withHeader(base, header, 'bearer 0123-4567.89'),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'another token',
        request: request(bodyWith('plain'), { WEBHOOK_TOKEN: '0123-4567.8' }),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no token',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      ...bodies(request),
      {
        kind: 'repeated header',
        title: 'the token came twice',
        request: withHeader(base, header, headerOf(base, header), headerOf(base, header)),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'the previous token',
        request: base,
        environment: { WEBHOOK_TOKEN: 'new', WEBHOOK_TOKEN_PREVIOUS: '0123-4567.89' },
        expect: read,
      },
      {
        kind: 'downgrade',
        title: 'the token as a password',
        request: withHeader(base, header, `Basic ${Buffer.from(':0123-4567.89').toString('base64')}`),
        expect: { refused: 'signature_malformed' },
      },
    ],
    without: unsigned,
  };
}
