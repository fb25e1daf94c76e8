import { describe, expect, test } from 'vitest';
import { WebhookError } from '../../src/errors.ts';
import { datadog } from '../../src/providers/datadog.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { fixture } from './fixture.ts';

const provider = datadog();
const triggered = fixture('datadog/triggered.json');
const delivery = (
  body: Buffer | string,
  headers: readonly (readonly [string, string])[] = [],
  pathToken?: string,
): Delivery => ({
  method: 'POST',
  url: '/webhooks/datadog',
  headers: new DeliveryHeaders(headers),
  body: Buffer.from(body),
  receivedAt: new Date('2026-11-20T12:00:00Z'),
  ...(pathToken !== undefined && { pathToken }),
});
const reasonOf = (act: () => unknown): string => {
  try {
    act();
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const judge = (names: Record<string, string>, given: Delivery): string =>
  reasonOf(() => provider.verify(given, provider.proof.parse(names), { now: given.receivedAt }));
const readOne = (
  body: Buffer | string,
  { by = provider, form = false }: { by?: Pick<typeof provider, 'read'>; form?: boolean } = {},
) => {
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const reading = by.read(delivery(body, [['Content-Type', type]]));
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};
const changed = (changes: object) =>
  JSON.stringify({ ...(JSON.parse(triggered.toString()) as object), ...changes });

describe('the proof', () => {
  const named = { WEBHOOK_TOKEN: 'token', WEBHOOK_HEADER: 'X-Datadog-Token' };

  test.each([
    ['a bearer token', { WEBHOOK_TOKEN: 'token' }, [['Authorization', 'Bearer token']], 'accepted'],
    ['another bearer token', { WEBHOOK_TOKEN: 'token' }, [['Authorization', 'Bearer no']], 'token_mismatch'],
    ['nothing', { WEBHOOK_TOKEN: 'token' }, [], 'signature_missing'],
    ['a password', { WEBHOOK_BASIC: 'dd:pass' }, [['Authorization', 'Basic ZGQ6cGFzcw==']], 'accepted'],
    ['the header', named, [['x-datadog-token', 'token']], 'accepted'],
    ['the header with more', named, [['x-datadog-token', 'token2']], 'token_mismatch'],
    ['the header as bearer', named, [['x-datadog-token', 'Bearer token']], 'token_mismatch'],
    ['the token elsewhere', named, [['Authorization', 'Bearer token']], 'signature_missing'],
    ['an empty header', named, [['x-datadog-token', '']], 'signature_missing'],
    [
      'the header twice',
      named,
      [
        ['x-datadog-token', 'token'],
        ['X-Datadog-Token', 'token'],
      ],
      'signature_repeated',
    ],
    [
      'the previous token in the header',
      { ...named, WEBHOOK_TOKEN: 'new', WEBHOOK_TOKEN_PREVIOUS: 'token' },
      [['x-datadog-token', 'token']],
      'accepted',
    ],
    [
      'the header alone where a password is demanded too',
      { ...named, WEBHOOK_BASIC: 'dd:pass' },
      [['x-datadog-token', 'token']],
      'signature_missing',
    ],
    [
      'the bare token in Authorization, where that is the header',
      { WEBHOOK_TOKEN: 'token', WEBHOOK_HEADER: 'Authorization' },
      [['Authorization', 'token']],
      'accepted',
    ],
  ] satisfies [string, Record<string, string>, [string, string][], string][])(
    '%s',
    (_name, names, headers, verdict) => {
      expect(judge(names, delivery(triggered, headers))).toBe(verdict);
    },
  );

  test('a path token', () => {
    expect(judge({ WEBHOOK_PATH_TOKEN: 'p' }, delivery(triggered, [], 'p'))).toBe('accepted');
    expect(judge({ WEBHOOK_PATH_TOKEN: 'p' }, delivery(triggered, [], 'q'))).toBe('token_mismatch');
    expect(judge({ WEBHOOK_PATH_TOKEN: 'p' }, delivery(triggered))).toBe('signature_missing');
  });

  test.each([
    {},
    { WEBHOOK_TOKEN: '' },
    { WEBHOOK_HEADER: 'x-token' },
    { WEBHOOK_HEADER: 'x-token', WEBHOOK_BASIC: 'a:b' },
    { WEBHOOK_HEADER: 'Authorization', WEBHOOK_TOKEN: 't', WEBHOOK_BASIC: 'a:b' },
    { WEBHOOK_HEADER: 'x token', WEBHOOK_TOKEN: 't' },
  ])('%j is none', (names) => {
    expect(provider.proof.safeParse(names).success).toBe(false);
  });

  test('what it signs itself is accepted', () => {
    const names = { ...named, WEBHOOK_BASIC: 'dd:pass' };
    const headers = provider.sign(
      { method: 'POST', url: '', body: triggered, type: 'x' },
      provider.proof.parse(names),
      new Date(),
    );
    expect(judge(names, delivery(triggered, Object.entries(headers)))).toBe('accepted');
  });
});

describe('reading', () => {
  test('the id has the transition in it, the cycle is the key, the date is in milliseconds', () => {
    expect(readOne(triggered)).toMatchObject({
      id: '5485379890863845239:Triggered',
      types: ['query_alert_monitor'],
      key: '7716548234055550000',
      occurredAt: '2020-06-03T20:43:05.000Z',
      labels: { transition: 'Triggered', organization: '415600' },
    });
  });

  test('the default payload has neither', () => {
    const event = readOne(fixture('datadog/default-payload.json'));
    expect(event.id).toBe('5485379890863845240');
    expect(event.key).toBeUndefined();
  });

  test('ids that came as numbers keep every digit', () => {
    const body = triggered.toString().replace('"5485379890863845239"', '5485379890863845239');
    expect(readOne(body).id).toBe('5485379890863845239:Triggered');
  });

  test('without a cycle the aggregation is the key, and what a template left blank is nothing', () => {
    expect(readOne(changed({ alert_cycle_key: '' })).key).toBe('9bd4ac313a4d1e8fae2482df7b77628');
    expect(readOne(changed({ alert_transition: ' ' })).id).toBe('5485379890863845239');
  });

  test('the key is what the option says, and nothing else', () => {
    const by = datadog({ key: 'aggreg_key' });
    expect(readOne(triggered, { by }).key).toBe('9bd4ac313a4d1e8fae2482df7b77628');
    expect(readOne(changed({ aggreg_key: undefined }), { by }).key).toBeUndefined();
  });

  test.each([
    ['id=1&event_type=service_check&title=No+Data+%F0%9F%90%8E', { title: 'No Data 🐎' }],
    [`payload=${encodeURIComponent('{"id":"1","event_type":"service_check","n":1}')}`, { n: 1 }],
  ])('a form is read like JSON: %s', (body, fields) => {
    expect(readOne(body, { form: true })).toMatchObject({
      id: '1',
      types: ['service_check'],
      payload: { id: '1', event_type: 'service_check', ...fields },
    });
  });

  test.each([
    ['{"id": ', false, 'not_json'],
    ['null', false, 'field_malformed'],
    ['{"id":"1"}', false, 'field_missing'],
    ['{"event_type":"a"}', false, 'field_missing'],
    ['{"event_type":"a","id":""}', false, 'field_missing'],
    ['{"event_type":"a","id":{}}', false, 'field_malformed'],
    ['id=1&id=2&event_type=a', true, 'field_repeated'],
    ['id=%F&event_type=a', true, 'not_form'],
    ['id=%FF&event_type=a', true, 'not_utf8'],
    ['payload=hello', true, 'not_json'],
    ['', true, 'field_missing'],
  ])('refuses %s (form: %s)', (body, form, reason) => {
    expect(reasonOf(() => readOne(body, { form }))).toBe(reason);
  });

  test('every sample is read under its type, with an id of its own', () => {
    for (const [type, sample] of Object.entries(provider.samples)) {
      const [one, other] = [sample?.(), sample?.()].map((value) => readOne(JSON.stringify(value)));
      expect(one?.types).toEqual([type]);
      expect(one?.id).not.toBe(other?.id);
    }
  });
});
