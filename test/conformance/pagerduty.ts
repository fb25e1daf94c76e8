import { createHmac } from 'node:crypto';
import { pagerduty } from '../../src/providers/pagerduty.ts';
import { fixture } from '../providers/fixture.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = pagerduty();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: 'lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK' };
const header = 'x-pagerduty-signature';
const published = fixture('pagerduty/incident.priority_updated.json');
const bodyWith = (text: string) => published.toString().replace('A little bump in the road', () => text);
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'incident.priority_updated', at: now });
const read = { ids: ['01BWDWL3NYY7LUFPZCC28QUCMK'], types: ['incident.priority_updated'] };

/** github.com/PagerDuty/developer-docs `docs/webhooks/04-Signatures.md`; the vector is of go-pagerduty's tests. */
export function pagerdutySuite(): ConformanceSuite {
  const base = request(published);
  const signature = headerOf(base, header);
  const other = headerOf(request(published, { WEBHOOK_SECRET: 'another' }), header);
  const hmacOf = (algorithm: string) =>
    createHmac(algorithm, environment.WEBHOOK_SECRET).update(published).digest('hex');
  return {
    name: 'pagerduty',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'published vector',
        title: "the secret, body and signature of PagerDuty's go-pagerduty",
        request: withHeader(
          base,
          header,
          'v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd',
        ),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'signed by an independent implementation',
        request: withHeader(base, header, `v1=${hmacOf('sha256')}`),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: withHeader(base, header, other),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, published.subarray(0, -1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(published.subarray(0, -1)),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the title',
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
        title: 'the list of signatures in two headers',
        request: withHeader(base, header, other, signature),
        expect: read,
      },
      {
        kind: 'rotated proof',
        title: 'two signatures, the second with our secret',
        request: withHeader(base, header, `${other},${signature}`),
        expect: read,
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'v1= and a SHA-512',
        request: withHeader(base, header, `v1=${hmacOf('sha512')}`),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'the signature as another version, v0=',
        request: withHeader(base, header, signature.replace('v1=', 'v0=')),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'under another X-Webhook-Id and subscription: the same event',
        request: withHeader(withHeader(base, 'x-webhook-id', 'other'), 'x-webhook-subscription', 'other'),
        expect: read,
      },
      {
        kind: 'handshake',
        title: 'pagey.ping is an event like others',
        request: request('{"event":{"id":"ping-1","event_type":"pagey.ping","data":{"type":"ping"}}}'),
        expect: { ids: ['ping-1'], types: ['pagey.ping'] },
      },
    ],
    without: {
      stale: 'PagerDuty signs no time; it tries again for 48 hours',
      future: 'PagerDuty signs no time',
    },
  };
}
