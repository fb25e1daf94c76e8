import { createHmac } from 'node:crypto';
import { sign as officialSign } from '@octokit/webhooks-methods';
import { hmac } from '../../src/providers/hmac.ts';
import type { ConformanceCase, ConformanceSuite } from './conformance.ts';
import { now, seconds, bodyWith, noHandshake, requestOf, bodies, signatures, times } from './generic.ts';
import { withHeader } from './requests.ts';

export async function hmacSuite(): Promise<ConformanceSuite> {
  const header = 'x-signature';
  const timeHeader = 'x-time';
  const options = { header, encoding: 'base64', prefix: 'v1=', id: 'header:x-id', type: '/type' } as const;
  const provider = hmac({ ...options, signed: '{timestamp}.{body}', timestampHeader: timeHeader });
  const environment = { WEBHOOK_SECRET: 'first secret' };
  const request = requestOf(provider, environment);
  const base = request(bodyWith('plain'));
  const own = { ids: ['id-1'], types: ['thing.happened'] };
  const ofHeader = (cases: ConformanceCase[]) =>
    cases.map((one) => ('ids' in one.expect ? { ...one, expect: own } : one));
  const by = (algorithm: string) =>
    createHmac(algorithm, 'first secret').update(`${seconds}.`).update(base.body).digest('base64');
  const official = await officialSign('first secret', `${seconds}.${base.body.toString()}`);
  const hex = official.replace('sha256=', '');
  return {
    name: 'hmac',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header, timeHeader] },
    cases: [
      {
        kind: 'official signer',
        title: 'time and body signed by @octokit/webhooks-methods, its hex as base64',
        request: withHeader(base, header, `v1=${Buffer.from(hex, 'hex').toString('base64')}`),
        expect: own,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { WEBHOOK_SECRET: 'another' }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'another time than the signed one',
        request: withHeader(base, timeHeader, String(Number(seconds) + 1)),
        expect: { refused: 'signature_mismatch' },
      },
      ...signatures(base, header),
      ...ofHeader(times(base, timeHeader, request)),
      ...ofHeader(bodies(request)),
      {
        kind: 'repeated header',
        title: 'the id came twice',
        request: withHeader(base, 'x-id', 'id-1', 'id-2'),
        expect: { refused: 'field_repeated' },
      },
      {
        kind: 'repeated header',
        title: 'the time came twice',
        request: withHeader(base, timeHeader, seconds, seconds),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: 'first secret' },
        expect: own,
      },
      {
        kind: 'wrong algorithm',
        title: 'a SHA-512 HMAC',
        request: withHeader(base, header, `v1=${by('sha512')}`),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'a prefix of another version',
        request: withHeader(base, header, `v0=${by('sha256')}`),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'replay under another id',
        title: 'the same signed body under another id in the header: known again by its bytes',
        request: withHeader(base, 'x-id', 'id-2'),
        expect: { ids: ['id-2'], knownAgain: true },
      },
    ],
    without: { 'published vector': 'the scheme is an invention; that of payment has one', ...noHandshake },
  };
}
