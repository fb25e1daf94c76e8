import { Stripe } from 'stripe';
import { stripe } from '../../src/providers/stripe.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = stripe();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: 'whsec_first' };
const header = 'stripe-signature';
const bodyWith = (text: string) =>
  `{"id":"evt_1","type":"customer.created","created":1700000000,"data":{"object":{"id":"cus_1","name":"${text}"}}}`;
const agoSeconds = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const request = (body: string | Buffer, { by = environment, at = now } = {}) =>
  signed(provider, by, { body, type: 'customer.created', at });
const read = { ids: ['evt_1'], types: ['customer.created'] };

/** docs.stripe.com/webhooks; signed by stripe-node. Stripe publishes no vector. */
export function stripeSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const official = bodyWith('signed by stripe-node 🐎');
  const rotated = { WEBHOOK_SECRET: 'whsec_new', WEBHOOK_SECRET_PREVIOUS: 'whsec_first' };
  const cut = base.body.subarray(0, -1);
  return {
    name: 'stripe',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'official signer',
        title: "signed by stripe-node's generateTestHeaderString",
        request: withHeader(
          request(official),
          header,
          new Stripe('sk_test').webhooks.generateTestHeaderString({
            payload: official,
            secret: environment.WEBHOOK_SECRET,
            timestamp: now.getTime() / 1000,
          }),
        ),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { by: { WEBHOOK_SECRET: 'whsec_other' } }),
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
        title: 'the time is another than was signed',
        request: withHeader(base, header, signature.replace(/t=\d+/, `t=${now.getTime() / 1000 + 1}`)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'stale',
        title: '300 s old',
        request: request(bodyWith('plain'), { at: agoSeconds(300) }),
        expect: read,
      },
      {
        kind: 'stale',
        title: '301 s old',
        request: request(bodyWith('plain'), { at: agoSeconds(301) }),
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'future',
        title: 'an hour ahead: as in stripe-node, the future has no bound',
        request: request(bodyWith('plain'), { at: agoSeconds(-3600) }),
        expect: read,
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
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: rotated,
        expect: read,
      },
      {
        kind: 'rotated proof',
        title: 'two v1, the second of them right',
        request: withHeader(base, header, signature.replace(',v1=', `,v1=${'0'.repeat(64)},v1=`)),
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'v1 in base64',
        request: withHeader(
          base,
          header,
          signature.replace(
            /v1=(.*)$/,
            (_all, hex: string) => `v1=${Buffer.from(hex, 'hex').toString('base64')}`,
          ),
        ),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'the right digest as v0, which Stripe adds to test events',
        request: withHeader(base, header, signature.replace('v1=', 'v0=')),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'the id is in the signed body: with another it is forged',
        request: withBody(base, base.body.toString().replace('evt_1', 'evt_2')),
        expect: { refused: 'signature_mismatch' },
      },
    ],
    without: {
      'published vector': 'Stripe publishes none',
      handshake: 'Stripe asks nothing; v2.core.event_destination.ping is an event',
    },
  };
}
