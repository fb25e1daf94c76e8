import { basic } from '../../src/providers/basic.ts';
import type { ConformanceSuite } from './conformance.ts';
import { now, bodyWith, read, places, unsigned, requestOf, bodies } from './generic.ts';
import { headerOf, withHeader } from './requests.ts';

export function basicSuite(): ConformanceSuite {
  const provider = basic(places);
  const environment = { WEBHOOK_BASIC: 'Aladdin:open sesame' };
  const request = requestOf(provider, environment);
  const header = 'authorization';
  const base = request(bodyWith('plain'));
  return {
    name: 'basic',
    provider,
    environment,
    now,
    base,
    // Letters of the scheme alone: a case asks for those of the base64.
    covers: { body: false, headers: [header] },
    caseless: [header],
    cases: [
      {
        kind: 'published vector',
        title: "RFC 7617's example",
        request: withHeader(base, header, 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'the scheme in lower case (RFC 9110, 11.1)',
        request: withHeader(base, header, 'basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'another password',
        request: request(bodyWith('plain'), { WEBHOOK_BASIC: 'Aladdin:open Sesame' }),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'a letter of the base64 in another case',
        request: withHeader(base, header, 'Basic qWxhZGRpbjpvcGVuIHNlc2FtZQ=='),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'another base64 text for the same bytes',
        request: withHeader(base, header, 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZR=='),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no password',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      ...bodies(request),
      {
        kind: 'repeated header',
        title: 'the password came twice',
        request: withHeader(base, header, headerOf(base, header), headerOf(base, header)),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'the previous password',
        request: base,
        environment: { WEBHOOK_BASIC: 'new:one', WEBHOOK_BASIC_PREVIOUS: 'Aladdin:open sesame' },
        expect: read,
      },
      {
        kind: 'downgrade',
        title: 'the password as a token',
        request: withHeader(base, header, 'Bearer sesame'),
        expect: { refused: 'signature_malformed' },
      },
    ],
    without: unsigned,
  };
}
