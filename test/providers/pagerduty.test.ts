import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WebhookError } from '../../src/errors.ts';
import { pagerduty } from '../../src/providers/pagerduty.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { providerContract } from './contract.ts';
import { fixture } from './fixture.ts';

const published = fixture('pagerduty/incident.priority_updated.json');
const secret = 'lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK';
const signature = '0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd';
const bodyWith = (text: string) => published.toString().replace('A little bump in the road', () => text);

providerContract('pagerduty', {
  provider: pagerduty(),
  type: 'incident.priority_updated',
  bodyWith,
  header: 'x-pagerduty-signature',
  freshness: 'none',
  expected: {
    id: '01BWDWL3NYY7LUFPZCC28QUCMK',
    types: ['incident.priority_updated', 'incident'],
    key: 'PGR0VU2',
  },
  signatureAt: () => 'v1='.length,
  list: true,
});

const provider = pagerduty();
const proof = provider.proof.parse({ WEBHOOK_SECRET: secret });
const delivery = (headers: readonly (readonly [string, string])[], body = published): Delivery => ({
  method: 'POST',
  url: '/webhooks/pagerduty',
  headers: new DeliveryHeaders(headers),
  body,
  receivedAt: new Date(),
});
const judge = (...values: readonly string[]): string => {
  try {
    const headers = values.map((value) => ['X-PagerDuty-Signature', value] as const);
    void provider.verify(delivery(headers), proof, { now: new Date() });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const readOne = (body: Buffer | string, headers: Record<string, string> = {}, by = provider) => {
  const reading = by.read(delivery(Object.entries(headers), Buffer.from(body)));
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};

describe('the signature', () => {
  const other = '7020c8a7ec668a9b7012bc3dd82e483394b038f4230acc6785efbf2a7d8bcaf5';

  test("of PagerDuty's own library is accepted, and its wrong one is not", () => {
    expect(judge(`v1=${signature}`)).toBe('accepted');
    expect(judge(`v1=${other}`)).toBe('signature_mismatch');
  });

  test('is what an independent implementation makes', () => {
    const headers = provider.sign({ method: 'POST', url: '', body: published, type: 'x' }, proof, new Date());
    const made = createHmac('sha256', secret).update(published).digest('hex');
    expect(headers['x-pagerduty-signature']).toBe(`v1=${made}`);
  });

  test.each([
    ['two of two secrets', [`v1=${other},v1=${signature}`], 'accepted'],
    ['folded with blanks', [`v1=${other}, v1=${signature}`], 'accepted'],
    ['in two headers', [`v1=${other}`, `v1=${signature}`], 'accepted'],
    ['beside another version', [`v2=${other},v1=${signature}`], 'accepted'],
    ['beside nonsense', [`v1=zz,v1=${signature}`], 'accepted'],
    ['of another version alone', [`v2=${signature}`], 'signature_missing'],
    ['blank', [' '], 'signature_missing'],
    ['bare', [signature], 'signature_malformed'],
    ['in upper case', [`v1=${signature.toUpperCase()}`], 'signature_malformed'],
    ['two wrong ones', [`v1=${other},v1=${other}`], 'signature_mismatch'],
    ['base64', [`v1=${Buffer.from(signature, 'hex').toString('base64')}`], 'signature_malformed'],
  ])('%s', (_name, values, verdict) => {
    expect(judge(...values)).toBe(verdict);
  });
});

describe('reading', () => {
  test('the event says when it occurred, and its subscription and service are labels', () => {
    const event = readOne(published, { 'x-webhook-subscription': 'PSUB001', 'x-webhook-id': 'w-1' });
    expect(event).toMatchObject({
      occurredAt: '2021-04-26T17:36:27.458Z',
      labels: { subscription: 'PSUB001', webhook: 'w-1', service: 'PF9KMXH', urgency: 'high' },
    });
    expect(event).not.toHaveProperty('echo');
  });

  test.each([
    ['incident.annotated', 'PINCID1'],
    ['incident.role.assigned', 'PINCID1'],
  ])('%s is about the incident that it names', (name, key) => {
    expect(readOne(fixture(`pagerduty/${name}.json`))).toMatchObject({ types: [name, 'incident'], key });
  });

  test("a service's fields are about the service", () => {
    const body = {
      event: {
        id: 'e',
        event_type: 'service.custom_field_values.updated',
        data: { type: 'service_field_values', service: { id: 'PSERV01' }, custom_fields: [] },
      },
    };
    expect(readOne(JSON.stringify(body))).toMatchObject({ key: 'PSERV01', labels: { service: 'PSERV01' } });
  });

  test('pagey.ping is an event about nothing', () => {
    const event = readOne(JSON.stringify(provider.samples['pagey.ping']?.()));
    expect(event.types).toEqual(['pagey.ping', 'pagey']);
    expect(event.key).toBeUndefined();
  });

  describe("subscriptions: 'each'", () => {
    const each = pagerduty({ subscriptions: 'each' });

    test('puts the subscription into the id', () => {
      const ids = ['A', 'B'].map((id) => readOne(published, { 'x-webhook-subscription': id }, each).id);
      expect(ids).toEqual(['01BWDWL3NYY7LUFPZCC28QUCMK:A', '01BWDWL3NYY7LUFPZCC28QUCMK:B']);
    });

    test('knows the bytes again under another, for the header is not signed', () => {
      const [one, other] = ['A', 'B'].map((id) => readOne(published, { 'x-webhook-subscription': id }, each));
      expect(one?.echo).toBe(other?.echo);
    });

    test('needs the header', () => {
      expect(() => readOne(published, {}, each)).toThrow(
        expect.objectContaining({ code: 'event_id_missing', reason: 'field_missing' }),
      );
    });
  });

  test.each([
    ['{"event":{"event_type":"a.b"}}', 'event_id_missing', 'field_missing'],
    ['{"event":{"id":"","event_type":"a.b"}}', 'event_id_missing', 'field_missing'],
    ['{"event":{"id":{},"event_type":"a.b"}}', 'event_id_missing', 'field_malformed'],
    ['{"event":{"id":"e"}}', 'payload_unreadable', 'field_missing'],
    ['{"event":[]}', 'payload_unreadable', 'field_malformed'],
    ['{"messages":[]}', 'payload_unreadable', 'field_missing'],
  ])('refuses %s', (body, code, reason) => {
    expect(() => readOne(body)).toThrow(expect.objectContaining({ code, reason }));
  });
});
