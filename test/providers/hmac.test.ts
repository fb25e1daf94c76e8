import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { AnyProvider } from '../../src/define.ts';
import { hmac } from '../../src/providers/hmac.ts';
import { payment } from '../../src/providers/payment.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { providerContract } from './contract.ts';

const bodyWith = (text: string) =>
  `{"id":"evt_1","type":"payment.succeeded","data":{"payment_id":"pay_1","note":"${text}"}}`;

providerContract('payment', {
  provider: payment(),
  type: 'payment.succeeded',
  bodyWith,
  header: 'x-webhook-signature',
  freshness: 'none',
  expected: { id: 'evt_1', types: ['payment.succeeded'], key: 'pay_1' },
  signatureAt: () => 0,
});

providerContract('hmac with a prefix and a signed time', {
  provider: hmac({
    header: 'x-signature',
    prefix: 'v1=',
    signed: '{timestamp}.{body}',
    timestampHeader: 'x-time',
    id: '/id',
  }),
  type: 'payment.succeeded',
  bodyWith,
  header: 'x-signature',
  freshness: 'both',
  expected: { id: 'evt_1', types: ['payment.succeeded'] },
  signatureAt: () => 3,
});

const secret = 'first secret';
const body = Buffer.from(bodyWith('x'));
const check = async (provider: AnyProvider, headers: Record<string, string>, bytes = body) =>
  await provider.verify(delivery(headers, bytes), provider.proof.parse({ WEBHOOK_SECRET: secret }), {
    now: new Date(),
  });
const delivery = (headers: Record<string, string>, bytes = body): Delivery => ({
  method: 'POST',
  url: '/webhooks/own',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: bytes,
  receivedAt: new Date(),
});
const readOne = (provider: AnyProvider, headers: Record<string, string> = {}, bytes = body) => {
  const reading = provider.read(delivery(headers, bytes));
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};

describe('every algorithm in every encoding', () => {
  for (const algorithm of ['sha1', 'sha256', 'sha512'] as const) {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      test(`${algorithm} ${encoding} is accepted, and refused as any other`, async () => {
        const provider = hmac({ algorithm, encoding });
        const made = (a: string, e: typeof encoding) => createHmac(a, secret).update(body).digest(e);
        await expect(
          check(provider, { 'x-webhook-signature': made(algorithm, encoding) }),
        ).resolves.toBeUndefined();
        const other = algorithm === 'sha1' ? 'sha256' : 'sha1';
        await expect(check(provider, { 'x-webhook-signature': made(other, encoding) })).rejects.toMatchObject(
          { reason: 'signature_malformed' },
        );
      });
    }
  }
});

test('hex is read in either case, base64 as written', async () => {
  const digest = createHmac('sha256', secret).update(body).digest();
  const hex = digest.toString('hex');
  await expect(check(hmac(), { 'x-webhook-signature': hex.toUpperCase() })).resolves.toBeUndefined();
  const base64 = digest.toString('base64');
  await expect(
    check(hmac({ encoding: 'base64' }), { 'x-webhook-signature': base64.toLowerCase() }),
  ).rejects.toMatchObject({ reason: 'signature_mismatch' });
});

describe('a signed time', () => {
  const provider = hmac({ signed: 'v0:{timestamp}:{body}', timestampHeader: 'x-time' });
  const sign = (time: string) =>
    createHmac('sha256', secret).update(`v0:${time}:`).update(body).digest('hex');
  const now = () => String(Math.floor(Date.now() / 1000));

  test('is signed by an independent hand as the template says', async () => {
    const time = now();
    await expect(
      check(provider, { 'x-webhook-signature': sign(time), 'x-time': time }),
    ).resolves.toBeUndefined();
  });

  test.each([
    ['missing', {}, 'timestamp_missing'],
    ['not a number', { 'x-time': 'soon' }, 'signature_malformed'],
    ['another than the signed', { 'x-time': '1' }, 'signature_mismatch'],
  ])('%s is refused', async (_name, headers, reason) => {
    await expect(check(provider, { 'x-webhook-signature': sign(now()), ...headers })).rejects.toMatchObject({
      reason,
    });
  });
});

describe('where id, type and key are', () => {
  test('headers', () => {
    const provider = hmac({ id: 'header:X-Id', type: 'header:X-Type', key: 'header:X-Key' });
    expect(readOne(provider, { 'x-id': 'a', 'x-type': 'b.c', 'x-key': 'k' })).toMatchObject({
      id: 'a',
      types: ['b.c'],
      key: 'k',
    });
  });

  test('JSON Pointers, with numbers as text and escapes', () => {
    const provider = hmac({ id: '/a~1b/1', type: '/t~0', key: '/n' });
    const bytes = Buffer.from('{"a/b":[0,12345678901234567890],"t~":"x","n":5}');
    expect(readOne(provider, {}, bytes)).toMatchObject({
      id: '12345678901234567890',
      types: ['x'],
      key: '5',
    });
  });

  test('without an id location the body is the id: equal bytes are one event', () => {
    const provider = hmac();
    expect(readOne(provider).id).toBe(createHash('sha256').update(body).digest('hex'));
    expect(readOne(provider, {}, Buffer.concat([body, Buffer.from(' ')])).id).not.toBe(readOne(provider).id);
  });

  test.each([
    [{ id: '/nothing' }, 'event_id_missing', 'field_missing'],
    [{ id: '/data' }, 'event_id_missing', 'field_malformed'],
    [{ id: '/constructor/name' }, 'event_id_missing', 'field_missing'],
    [{ type: '/nothing' }, 'payload_unreadable', 'field_missing'],
  ])('refuses a body without them: %j', (options, code, reason) => {
    expect(() => readOne(hmac(options))).toThrow(expect.objectContaining({ code, reason }));
  });
});

test('the answer names status and type, and keeps what else is so', () => {
  const answer = payment().answer!({
    events: [{ id: 'evt_1', type: 'payment.succeeded' }],
    body: { received: true, duplicate: true },
  });
  expect(answer).toEqual({
    status: 200,
    body: { received: true, duplicate: true, status: 'received', event_type: 'payment.succeeded' },
  });
});

test('schemas type the events', () => {
  const provider = hmac({ events: { 'order.paid': z.object({ type: z.string(), total: z.number() }) } });
  const payload: NonNullable<(typeof provider)['events']>['order.paid'] = { type: 'order.paid', total: 1 };
  expect(provider.schemas?.['order.paid']?.safeParse(payload).success).toBe(true);
});

test.each([
  [{ signed: '{timestamp}.{body}' }, /timestampHeader/],
  [{ timestampHeader: 'x-time' }, /timestampHeader/],
  [{ signed: 'nothing' }, /\{body\} once/],
  [{ signed: '{body}{body}' }, /\{body\} once/],
  [{ signed: '{url}.{body}' }, /not \{url\}/],
  [{ id: 'id' }, /neither header:<name> nor a JSON Pointer/],
  [{ type: 'header:' }, /neither/],
])('options that contradict themselves stop the start: %j', (options, message) => {
  expect(() => hmac(options)).toThrow(message);
});
