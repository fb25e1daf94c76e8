import { createHmac } from 'node:crypto';
import { shopify } from '../../src/providers/shopify.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = shopify();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: 'shpss_first' };
const header = 'x-shopify-hmac-sha256';
const bodyWith = (text: string) =>
  `{"id":820982911946154508,"note":"${text}","admin_graphql_api_id":"gid:\\/\\/shopify\\/Order\\/820982911946154508"}`;
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'orders/create', at: now, id: 'webhook-1' });
const digest = (body: string, algorithm = 'sha256') =>
  createHmac(algorithm, environment.WEBHOOK_SECRET).update(body).digest('base64');
const read = { ids: ['webhook-1'], types: ['orders/create'] };

/** shopify.dev/docs/apps/build/webhooks/verify-deliveries. @shopify/shopify-api verifies, but has no signer. */
export function shopifySuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const official = bodyWith('signed by another hand 🐎');
  const rotated = { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET };
  const cut = base.body.subarray(0, -1);
  const event = '{"topic":"Product","action":"update","handle":"prices"}';
  const events = {
    ...base,
    headers: [
      ['Shopify-Topic', 'Product'],
      ['Shopify-Action', 'update'],
      ['Shopify-Hmac-Sha256', digest(event)],
      ['Shopify-Webhook-Id', 'webhook-2'],
      ['Shopify-Event-Id', 'event-2'],
      ['Shopify-Shop-Domain', 'shop.myshopify.com'],
    ] as const,
    body: Buffer.from(event),
  };
  return {
    name: 'shopify',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'official signer',
        title: 'signed as its documentation says, by an independent hand; its library has no signer',
        request: withHeader(request(official), header, digest(official)),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'one of the newer Events, whose headers have no X-',
        request: events,
        expect: { ids: ['webhook-2'], types: ['Product/update'] },
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
        title: 'slashes without their escapes, as after a JSON round trip',
        request: withBody(base, base.body.toString().replaceAll('\\/', '/')),
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
        title: 'the webhook id came twice',
        request: withHeader(base, 'x-shopify-webhook-id', 'webhook-1', 'webhook-2'),
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
        title: 'the right digest in hex',
        request: withHeader(base, header, Buffer.from(signature, 'base64').toString('hex')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'wrong algorithm',
        title: 'SHA-1',
        request: withHeader(base, header, digest(base.body.toString(), 'sha1')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: "the signature of a webhook beside a forged one of the Events: the newer set's counts",
        request: withHeader(base, 'shopify-hmac-sha256', digest('another body')),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'downgrade',
        title: 'one of the Events with the id of the other set: nothing is mixed',
        request: withHeader(withHeader(events, 'shopify-webhook-id'), 'x-shopify-webhook-id', 'webhook-2'),
        expect: { refused: 'field_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'the same signed body under another X-Shopify-Webhook-Id: known again by its bytes',
        request: withHeader(base, 'x-shopify-webhook-id', 'webhook-3'),
        expect: { ids: ['webhook-3'], knownAgain: true },
      },
    ],
    without: {
      'published vector': 'Shopify publishes none',
      stale: 'Shopify signs no time; its retries take four hours',
      future: 'Shopify signs no time',
      handshake: 'Shopify asks nothing',
    },
  };
}
