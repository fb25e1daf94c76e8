import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
// oxlint-disable-next-line import/no-unassigned-import -- tells the library what it runs on
import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';
import { describe, expect, test } from 'vitest';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { shopify } from '../../src/providers/shopify.ts';
import { providerContract } from './contract.ts';

const bodyWith = (text: string) =>
  `{"id":820982911,"email":"jon@example.com","note":"${text}","admin_graphql_api_id":"gid:\\/\\/shopify\\/Order\\/820982911"}`;

providerContract('shopify', {
  provider: shopify(),
  type: 'orders/create',
  bodyWith,
  header: 'x-shopify-hmac-sha256',
  freshness: 'none',
  expected: {
    id: 'id-1',
    types: ['orders/create'],
    key: 'everhook-sample.myshopify.com:820982911',
  },
  signatureAt: () => 0,
  timeInHeader: true,
});

const secret = 'shpss_of_the_test';
const proof = shopify().proof.parse({ WEBHOOK_SECRET: secret });
const fixture = (name: string) =>
  readFileSync(new URL(`fixtures/shopify/${name}.json`, import.meta.url), 'utf8');
/** As Shopify signs, by another hand. */
const digest = (body: string | Buffer) => createHmac('sha256', secret).update(body).digest('base64');
const delivery = (body: string | Buffer, headers: Readonly<Record<string, string>>): Delivery => ({
  method: 'POST',
  url: '/webhooks/shopify',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: Buffer.from(body),
  receivedAt: new Date(),
});
const webhook = (body: string, more: Readonly<Record<string, string>> = {}) => ({
  'X-Shopify-Topic': 'orders/create',
  'X-Shopify-Hmac-Sha256': digest(body),
  'X-Shopify-Shop-Domain': 'shop.myshopify.com',
  'X-Shopify-API-Version': '2026-10',
  'X-Shopify-Webhook-Id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
  'X-Shopify-Event-Id': '98880550-7158-44d4-b7cd-2c97c8a091b5',
  'X-Shopify-Triggered-At': '2026-11-26T18:00:27.877041743Z',
  ...more,
});
const change = (body: string, more: Readonly<Record<string, string>> = {}) => ({
  'Shopify-Topic': 'Product',
  'Shopify-Action': 'update',
  'Shopify-Hmac-Sha256': digest(body),
  'Shopify-Shop-Domain': 'shop.myshopify.com',
  'Shopify-API-Version': 'unstable',
  'Shopify-Webhook-Id': 'webhook-1',
  'Shopify-Event-Id': 'event-1',
  'Shopify-Resource-Id': 'gid://shopify/Product/123',
  'Shopify-Triggered-At': '2026-11-26T18:00:27Z',
  ...more,
});
const without = (headers: Readonly<Record<string, string>>, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
const verify = async (given: Delivery) => await shopify().verify(given, proof, { now: new Date() });
const readOne = (given: Delivery, provider = shopify()) => {
  const reading = provider.read(given);
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};

describe('agrees with the official library', () => {
  const official = shopifyApi({
    apiKey: 'key',
    apiSecretKey: secret,
    apiVersion: ApiVersion.January26,
    hostName: 'hooks.example.com',
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Error, log: () => undefined },
  });
  const judged = async (body: string, headers: Readonly<Record<string, string>>) => {
    const { valid } = await official.webhooks.validate({
      rawBody: body,
      rawRequest: { method: 'POST', url: '/', headers } as never,
      rawResponse: {} as never,
    });
    return valid;
  };

  test('it accepts what sign makes', async () => {
    const body = bodyWith('ünïcode 🐎');
    const request = { method: 'POST', url: '', body: Buffer.from(body), type: 'orders/create' };
    expect(await judged(body, shopify().sign(request, proof, new Date()))).toBe(true);
  });

  test.each([
    ['a webhook', webhook],
    ['one of the Events', change],
  ])('both accept %s, and both refuse its signature over another body', async (_name, headersOf) => {
    const body = fixture('orders-create');
    expect(await judged(body, headersOf(body))).toBe(true);
    await expect(verify(delivery(body, headersOf(body)))).resolves.toBeUndefined();
    const other = body.replace('\\/', '/');
    expect(await judged(other, headersOf(body))).toBe(false);
    await expect(verify(delivery(other, headersOf(body)))).rejects.toMatchObject({
      reason: 'signature_mismatch',
    });
  });
});

describe('one set of headers, never a mix', () => {
  const body = fixture('event-product-update');

  test('a genuine signature of a webhook does not carry one of the Events', async () => {
    const forged = { ...webhook(body), 'Shopify-Hmac-Sha256': digest('another') };
    await expect(verify(delivery(body, forged))).rejects.toMatchObject({ reason: 'signature_mismatch' });
  });

  test('nor the other way round where the newer one is not there', async () => {
    const headers = { ...without(change(body), 'Shopify-Hmac-Sha256'), 'X-Shopify-Topic': 'orders/create' };
    await expect(verify(delivery(body, headers))).rejects.toMatchObject({ reason: 'signature_missing' });
  });

  test('id and topic of the other set are not read', () => {
    const mixed = { ...without(change(body), 'Shopify-Webhook-Id'), 'X-Shopify-Webhook-Id': 'other' };
    expect(() => readOne(delivery(body, mixed))).toThrow(
      expect.objectContaining({ code: 'event_id_missing', reason: 'field_missing' }),
    );
    const topic = { ...without(webhook(body), 'X-Shopify-Topic'), 'Shopify-Topic': 'Product' };
    expect(() => readOne(delivery(body, topic))).toThrow(
      expect.objectContaining({ code: 'payload_unreadable', reason: 'field_missing' }),
    );
  });
});

test.each([
  ['hex', (body: string) => createHmac('sha256', secret).update(body).digest('hex'), 'signature_malformed'],
  ['base64url', (body: string) => digest(body).replaceAll(/[+/]/g, '-'), 'signature_m'],
  [
    'SHA-1',
    (body: string) => createHmac('sha1', secret).update(body).digest('base64'),
    'signature_malformed',
  ],
  [
    'another secret',
    (body: string) => createHmac('sha256', 'x').update(body).digest('base64'),
    'signature_mismatch',
  ],
  ['nothing', () => '', 'signature_missing'],
])('a signature in %s is refused', async (_name, sign, reason) => {
  const body = bodyWith('x');
  const headers = webhook(body, { 'X-Shopify-Hmac-Sha256': sign(body) });
  await expect(verify(delivery(body, headers))).rejects.toMatchObject({
    reason: expect.stringContaining(reason) as string,
  });
});

describe('reading', () => {
  test('takes id, topic, shop, time and subscription from the headers', () => {
    const body = fixture('orders-create');
    expect(readOne(delivery(body, webhook(body, { 'X-Shopify-Name': 'orders-eu' })))).toMatchObject({
      id: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      types: ['orders/create'],
      occurredAt: '2026-11-26T18:00:27.877Z',
      labels: {
        shop: 'shop.myshopify.com',
        event: '98880550-7158-44d4-b7cd-2c97c8a091b5',
        version: '2026-10',
        subscription: 'orders-eu',
      },
    });
  });

  test('ids beyond the safe integers keep every digit', () => {
    const body = fixture('orders-create');
    const event = readOne(delivery(body, webhook(body)));
    expect(event.key).toBe('shop.myshopify.com:820982911946154508');
    expect(event.payload).toMatchObject({
      id: '820982911946154508',
      line_items: [{ id: '866550311766439020', quantity: 1 }],
    });
  });

  test.each([
    ['products-update', 'shop.myshopify.com:9554194432293'],
    [
      'inventory-levels-update',
      'shop.myshopify.com:gid://shopify/InventoryLevel/24826418?inventory_item_id=271878346596884015',
    ],
    ['event-product-update', 'shop.myshopify.com'],
  ])('the key of %s is the shop and what it is about', (name, key) => {
    const body = fixture(name);
    expect(readOne(delivery(body, webhook(body))).key).toBe(key);
  });

  test('one of the Events has topic and action as its type, and the resource of its header', () => {
    const body = fixture('event-product-update');
    expect(readOne(delivery(body, change(body)))).toMatchObject({
      id: 'webhook-1',
      types: ['Product/update'],
      key: 'shop.myshopify.com:gid://shopify/Product/123',
    });
  });

  test('the event id is the id where that is asked for, and falls back where there is none', () => {
    const body = fixture('orders-create');
    const byEvent = shopify({ id: 'event' });
    expect(readOne(delivery(body, webhook(body)), byEvent).id).toBe('98880550-7158-44d4-b7cd-2c97c8a091b5');
    const bare = without(webhook(body), 'X-Shopify-Event-Id');
    expect(readOne(delivery(body, bare), byEvent).id).toBe('b54557e4-bdd9-4b37-8a5f-bf7d70bcd043');
  });

  test('the same bytes under another id are known again', () => {
    const body = fixture('orders-create');
    const [one, other] = ['a', 'b'].map((id) =>
      readOne(delivery(body, webhook(body, { 'X-Shopify-Webhook-Id': id }))),
    );
    expect(one?.id).not.toBe(other?.id);
    expect(one?.echo).toBe(other?.echo);
  });

  test('its time is not called signed, for a header says it', () => {
    expect(shopify().signedTime).toBeUndefined();
  });

  test.each([
    ['X-Shopify-Webhook-Id', 'event_id_missing'],
    ['X-Shopify-Topic', 'payload_unreadable'],
  ])('refuses a delivery without %s, or with two', (name, code) => {
    const headers = webhook('{}');
    expect(() => readOne(delivery('{}', without(headers, name)))).toThrow(
      expect.objectContaining({ code, reason: 'field_missing' }),
    );
    const twice: Delivery = {
      ...delivery('{}', headers),
      headers: new DeliveryHeaders([...Object.entries(headers), [name.toLowerCase(), 'other']]),
    };
    expect(() => readOne(twice)).toThrow(expect.objectContaining({ code, reason: 'field_repeated' }));
  });

  test('keeps every header that it reads', () => {
    const body = fixture('event-product-update');
    for (const headers of [webhook(body), change(body)]) {
      const whole = delivery(body, headers);
      const kept = whole.headers.pick(shopify().keepHeaders!);
      const again = {
        ...whole,
        headers: new DeliveryHeaders(
          Object.entries(kept).map(([name, values]) => [name, values[0]!] as const),
        ),
      };
      expect(readOne(again)).toEqual(readOne(whole));
    }
  });
});
