import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { stripe } from '../../src/providers/stripe.ts';
import { providerContract } from './contract.ts';

const secret = 'whsec_test_secret';
const body = (text: string) =>
  `{\n  "id": "evt_1",\n  "object": "event",\n  "type": "customer.created",\n  "created": 1700000000,\n  "data": {"object": {"id": "cus_1", "name": "${text}"}},\n  "pending_webhooks": 1\n}`;

providerContract('stripe', {
  provider: stripe(),
  type: 'customer.created',
  bodyWith: body,
  header: 'stripe-signature',
  freshness: 'past',
  expected: { id: 'evt_1', types: ['customer.created'], key: 'cus_1' },
  signatureAt: (value) => value.indexOf('v1=') + 3,
});

const delivery = (bytes: string, signature: string, receivedAt = new Date()): Delivery => ({
  method: 'POST',
  url: '/webhooks/stripe',
  headers: new DeliveryHeaders([['Stripe-Signature', signature]]),
  body: Buffer.from(bytes),
  receivedAt,
});
const proof = stripe().proof.parse({ WEBHOOK_SECRET: secret });
const verify = async (given: Delivery, now = given.receivedAt) =>
  await stripe().verify(given, proof, { now });
const readOne = (bytes: string) => {
  const reading = stripe().read(delivery(bytes, ''));
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};

describe('agrees with the official library', () => {
  const official = new Stripe('sk_test_x');

  test('accepts what it signs', async () => {
    const header = official.webhooks.generateTestHeaderString({ payload: body('ünïcode'), secret });
    await expect(verify(delivery(body('ünïcode'), header))).resolves.toBeUndefined();
  });

  test('signs what it accepts', () => {
    const bytes = Buffer.from(body('ünïcode'));
    const headers = stripe().sign({ method: 'POST', url: '', body: bytes, type: 'x' }, proof, new Date());
    const event = official.webhooks.constructEvent(bytes, headers['stripe-signature']!, secret);
    expect(event.id).toBe('evt_1');
  });

  test('judges age alike: exactly the tolerance passes', () => {
    const seconds = 1_700_000_000;
    for (const age of [0, 299, 300, 301]) {
      const header = official.webhooks.generateTestHeaderString({
        payload: body(''),
        secret,
        timestamp: seconds - age,
      });
      const theirs = () =>
        official.webhooks.signature!.verifyHeader(body(''), header, secret, 300, undefined, seconds * 1000);
      const ours = () =>
        void stripe().verify(delivery(body(''), header), proof, { now: new Date(seconds * 1000) });
      const verdicts = [theirs, ours].map((check) => {
        try {
          check();
          return 'accepted';
        } catch {
          return 'refused';
        }
      });
      expect(new Set(verdicts).size, `at ${age} s`).toBe(1);
    }
  });
});

describe('the header', () => {
  const at = new Date('2026-11-20T12:00:00Z');
  const signature = (by = secret) =>
    stripe()
      .sign(
        { method: 'POST', url: '', body: Buffer.from(body('')), type: 'x' },
        stripe().proof.parse({ WEBHOOK_SECRET: by }),
        at,
      )
      ['stripe-signature']!.split(',')[1]!;
  const time = at.getTime() / 1000;

  test('may hold several v1, in any order, with blanks around them', async () => {
    for (const value of [
      `t=${time},${signature('other')},${signature()}`,
      `${signature()},t=${time}`,
      `t=${time}, ${signature()} , v0=junk`,
    ]) {
      await expect(verify(delivery(body(''), value, at))).resolves.toBeUndefined();
    }
  });

  test('is never downgraded to v0', async () => {
    await expect(
      verify(delivery(body(''), `t=${time},${signature().replace('v1', 'v0')}`, at)),
    ).rejects.toMatchObject({ reason: 'signature_missing' });
  });

  test.each([
    ['no time', signature(), 'timestamp_missing'],
    ['a time that is no number', `t=soon,${signature()}`, 'signature_malformed'],
    ['two times', `t=${time},t=${time},${signature()}`, 'signature_repeated'],
    ['upper-case hex', `t=${time},${signature().toUpperCase().replace('V1', 'v1')}`, 'signature_malformed'],
    ['another time than the signed', `t=${time - 1},${signature()}`, 'signature_mismatch'],
    ['nonsense', 'nonsense', 'timestamp_missing'],
  ])('is refused with %s', async (_name, value, reason) => {
    await expect(verify(delivery(body(''), value, at))).rejects.toMatchObject({ reason });
  });
});

describe('reading', () => {
  test('takes thin events, with the related object as key and the time as sent', () => {
    const thin = {
      id: 'evt_thin',
      object: 'v2.core.event',
      type: 'v1.billing.meter.error_report_triggered',
      created: '2026-08-01T10:00:00.000Z',
      related_object: { id: 'mtr_1', type: 'billing.meter', url: '/v1/billing/meters/mtr_1' },
    };
    expect(readOne(JSON.stringify(thin))).toMatchObject({
      id: 'evt_thin',
      types: ['v1.billing.meter.error_report_triggered'],
      key: 'mtr_1',
      occurredAt: '2026-08-01T10:00:00.000Z',
    });
  });

  test('a thin event without a related object has no key', () => {
    const ping = { id: 'evt_p', type: 'v2.core.event_destination.ping', related_object: null };
    expect(readOne(JSON.stringify(ping)).key).toBeUndefined();
  });

  test('the count of open deliveries does not make another event', () => {
    const [one, other] = [body(''), body('').replace('"pending_webhooks": 1', '"pending_webhooks": 3')].map(
      readOne,
    );
    expect(other?.sameness).toEqual(one?.sameness);
    expect(other?.payload).not.toEqual(one?.payload);
  });

  test('created is the time of the event', () => {
    expect(readOne(body('')).occurredAt).toBe('2023-11-14T22:13:20.000Z');
  });

  test.each([
    ['{"type":"a.b"}', 'event_id_missing', 'field_missing'],
    ['{"id":"","type":"a.b"}', 'event_id_missing', 'field_missing'],
    ['{"id":{},"type":"a.b"}', 'event_id_missing', 'field_malformed'],
    ['{"id":"evt_1"}', 'payload_unreadable', 'field_missing'],
    ['{"id":"evt_1","type":7}', 'payload_unreadable', 'field_malformed'],
  ])('refuses %s', (bytes, code, reason) => {
    expect(() => readOne(bytes)).toThrow(expect.objectContaining({ code, reason }));
  });
});
