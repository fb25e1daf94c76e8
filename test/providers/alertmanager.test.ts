import { describe, expect, test } from 'vitest';
import { ConfigError, WebhookError } from '../../src/errors.ts';
import { alertmanager } from '../../src/providers/alertmanager.ts';
import { DeliveryHeaders, type Delivery, type ReadEvent } from '../../src/providers/provider.ts';
import { fixture } from './fixture.ts';

const provider = alertmanager();
const firing = fixture('alertmanager/firing.json');
const startedAt = Date.parse('2026-11-26T19:20:09.66Z');
const after = (seconds: number) => new Date(startedAt + seconds * 1000);

const delivery = (
  body: Buffer | string,
  { receivedAt = after(30), headers = {}, pathToken }: DeliveryParts = {},
): Delivery => ({
  method: 'POST',
  url: '/webhooks/alertmanager',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: Buffer.from(body),
  receivedAt,
  ...(pathToken !== undefined && { pathToken }),
});
interface DeliveryParts {
  readonly receivedAt?: Date;
  readonly headers?: Record<string, string>;
  readonly pathToken?: string;
}

type Readable = Pick<typeof provider, 'read'>;
function readOne(body: Buffer | string, receivedAt?: Date, by: Readable = provider): ReadEvent {
  const reading = by.read(delivery(body, receivedAt ? { receivedAt } : {}));
  if (!('events' in reading) || reading.events.length !== 1) throw new Error('not one event');
  return reading.events[0]!;
}
const idOf = (body: Buffer | string, receivedAt?: Date, by?: Readable) => readOne(body, receivedAt, by).id;
/** The notification with some fields replaced, as Alertmanager would write it. */
const changed = (changes: object, of = firing) =>
  `${JSON.stringify({ ...(JSON.parse(of.toString()) as object), ...changes })}\n`;
const alertsOf = (body: Buffer) => (JSON.parse(body.toString()) as { alerts: object[] }).alerts;
const reasonOf = (act: () => unknown): string => {
  try {
    act();
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};

describe('the proof', () => {
  const judge = (names: Record<string, string>, parts: DeliveryParts): string =>
    reasonOf(() =>
      provider.verify(delivery(firing, parts), provider.proof.parse(names), { now: new Date() }),
    );
  const authorization = (value: string) => ({ headers: { Authorization: value } });
  const basic = (text: string) => authorization(`Basic ${Buffer.from(text).toString('base64')}`);

  test.each([
    ['the token', { WEBHOOK_TOKEN: 'new' }, authorization('Bearer new'), 'accepted'],
    [
      'the previous token',
      { WEBHOOK_TOKEN: 'new', WEBHOOK_TOKEN_PREVIOUS: 'old' },
      authorization('Bearer old'),
      'accepted',
    ],
    ['another token', { WEBHOOK_TOKEN: 'new' }, authorization('Bearer other'), 'token_mismatch'],
    ['the token, and more', { WEBHOOK_TOKEN: 'new' }, authorization('Bearer new2'), 'token_mismatch'],
    ['no authorization', { WEBHOOK_TOKEN: 'new' }, {}, 'signature_missing'],
    ['the bare token', { WEBHOOK_TOKEN: 'new' }, authorization('new'), 'signature_malformed'],
    ['the token as password', { WEBHOOK_TOKEN: 'new' }, basic('new:new'), 'token_mismatch'],
    ['user and password', { WEBHOOK_BASIC: 'am:pass:word' }, basic('am:pass:word'), 'accepted'],
    ['another user', { WEBHOOK_BASIC: 'am:pass' }, basic('ma:pass'), 'token_mismatch'],
    ['the path token', { WEBHOOK_PATH_TOKEN: 'path' }, { pathToken: 'path' }, 'accepted'],
    ['no path token', { WEBHOOK_PATH_TOKEN: 'path' }, {}, 'signature_missing'],
    [
      'the token without the path token that is demanded too',
      { WEBHOOK_TOKEN: 'new', WEBHOOK_PATH_TOKEN: 'path' },
      authorization('Bearer new'),
      'signature_missing',
    ],
  ])('%s', (_name, names, parts, verdict) => {
    expect(judge(names, parts)).toBe(verdict);
  });

  test('there is none without a token, a password or a path', () => {
    expect(provider.proof.safeParse({}).success).toBe(false);
    expect(provider.proof.safeParse({ WEBHOOK_TOKEN: '' }).success).toBe(false);
    expect(provider.proof.safeParse({ WEBHOOK_BASIC: 'no-colon' }).success).toBe(false);
  });

  test('what it signs itself is accepted', () => {
    const proof = provider.proof.parse({ WEBHOOK_BASIC: 'am:pass' });
    const headers = provider.sign(
      { method: 'POST', url: '', body: firing, type: 'firing' },
      proof,
      new Date(),
    );
    expect(judge({ WEBHOOK_BASIC: 'am:pass' }, { headers })).toBe('accepted');
  });
});

describe('reading', () => {
  test('a notification is one event of its status, about its group', () => {
    expect(readOne(firing)).toMatchObject({
      types: ['firing'],
      key: '{}:{alertname="DiskFull"}',
      payload: JSON.parse(firing.toString()) as unknown,
      labels: { receiver: 'everhook', alertname: 'DiskFull', severity: 'critical' },
    });
    expect(readOne(fixture('alertmanager/resolved.json')).types).toEqual(['resolved']);
  });

  test('it has no time of its own', () => {
    expect(readOne(firing)).not.toHaveProperty('occurredAt');
  });

  test('a group whose key is too long for a key is still told apart', () => {
    const long = (end: string) => readOne(changed({ groupKey: `{}:{a="${'x'.repeat(600)}${end}"}` }));
    expect(long('1').key).toMatch(/^group-[0-9a-f]{64}$/);
    expect(long('1').key).not.toBe(long('2').key);
  });

  test.each([
    ['a cut body', '{"receiver": ', 'not_json'],
    ['nothing', '', 'not_json'],
    ['null', 'null', 'field_malformed'],
    ['a list', '[]', 'field_malformed'],
    ['no group', changed({ groupKey: undefined }), 'field_missing'],
    ['a group that is a number', changed({ groupKey: 7 }), 'field_malformed'],
    ['no status', changed({ status: undefined }), 'field_missing'],
    ['an empty status', changed({ status: '' }), 'field_malformed'],
    ['no receiver', changed({ receiver: undefined }), 'field_missing'],
    ['no alerts', changed({ alerts: undefined }), 'field_missing'],
    ['alerts that are no list', changed({ alerts: {} }), 'field_malformed'],
    ['an alert that is none', changed({ alerts: [null] }), 'field_malformed'],
    [
      'an alert without a fingerprint',
      changed({ alerts: [{ ...alertsOf(firing)[0], fingerprint: undefined }] }),
      'field_missing',
    ],
  ])('refuses %s', (_name, body, reason) => {
    expect(reasonOf(() => readOne(body))).toBe(reason);
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(reasonOf(() => readOne(Buffer.concat([Buffer.from([0xff]), firing])))).toBe('not_utf8');
  });

  test('every sample is read under its type, with an id of its own', () => {
    for (const [type, sample] of Object.entries(provider.samples as Record<string, () => unknown>)) {
      const [one, other] = [sample(), sample()].map((value) => readOne(JSON.stringify(value), new Date()));
      expect(one?.types).toEqual([type]);
      expect(one?.id).not.toBe(other?.id);
      expect(one?.key).not.toBe(other?.key);
    }
  });
});

describe('the id', () => {
  test('is the same for a retry: the same bytes, a little later', () => {
    for (const seconds of [0, 1, 60, 269]) expect(idOf(firing, after(30 + seconds))).toBe(idOf(firing));
  });

  test('is another for the same bytes after a stretch, wherever it begins', () => {
    for (let first = 0; first < 900; first += 7) {
      for (const gap of [300, 301, 14_400]) {
        expect(idOf(firing, after(first + gap)), `${first} s, ${gap} s later`).not.toBe(
          idOf(firing, after(first)),
        );
      }
    }
  });

  test('ends in the number of the stretch', () => {
    expect(idOf(firing)).toMatch(/^firing-[0-9a-f]{64}-0$/);
    expect(idOf(firing, after(14_430))).toBe(idOf(firing).replace(/-0$/, '-48'));
  });

  test("stays the same where the sender's clock is ahead of ours", () => {
    expect(idOf(firing, after(-20))).toBe(idOf(firing));
  });

  test('depends on nothing but the delivery', () => {
    expect(alertmanager().read(delivery(firing))).toEqual(provider.read(delivery(firing)));
  });

  test('does not swallow what fires again under its old startsAt', () => {
    const resolved = changed({
      status: 'resolved',
      alerts: [{ ...alertsOf(firing)[0], status: 'resolved', endsAt: '2026-11-26T19:25:00Z' }],
    });
    // Every group_interval at the earliest.
    const ids = [idOf(firing, after(30)), idOf(resolved, after(330)), idOf(firing, after(630))];
    expect(new Set(ids).size).toBe(3);
  });

  test('tells one end from another, repeats or not', () => {
    const ended = (endsAt: string) =>
      changed({ status: 'resolved', alerts: [{ ...alertsOf(firing)[0], status: 'resolved', endsAt }] });
    const same = alertmanager({ repeats: 'same' });
    expect(idOf(ended('2026-11-26T19:25:00Z'), after(330), same)).not.toBe(
      idOf(ended('2026-11-26T19:35:00Z'), after(930), same),
    );
  });

  test('differs for each notification of a group', () => {
    const names = ['firing', 'two-firing', 'one-resolved', 'resolved'];
    const ids = names.map((name) => idOf(fixture(`alertmanager/${name}.json`)));
    expect(new Set(ids).size).toBe(4);
  });

  test.each([
    ['another receiver', changed({ receiver: 'other' })],
    ['another group', changed({ groupKey: '{}:{alertname="Other"}' })],
    ['another status', changed({ status: 'resolved' })],
    ['another start', changed({ alerts: [{ ...alertsOf(firing)[0], startsAt: '2026-11-26T19:20:09.67Z' }] })],
    ['another alert', changed({ alerts: [{ ...alertsOf(firing)[0], fingerprint: '0000000000000001' }] })],
    ['alerts left out', changed({ truncatedAlerts: 3 })],
  ])('differs for %s', (_name, body) => {
    expect(idOf(body)).not.toBe(idOf(firing));
  });

  test('is the same whatever the annotations measure, in whatever order the alerts are, and is then no conflict', () => {
    const two = fixture('alertmanager/two-firing.json');
    const measured = alertsOf(two).map((alert, at) => ({
      ...alert,
      annotations: { summary: `${at} % left` },
    }));
    const other = readOne(changed({ alerts: measured.toReversed(), notification_reason: 'repeat' }, two));
    expect(other.id).toBe(idOf(two));
    expect(other.sameness).toEqual(readOne(two).sameness);
  });

  test("with repeats: 'same' never changes for the same bytes", () => {
    const same = alertmanager({ repeats: 'same' });
    expect(idOf(firing, after(1_000_000), same)).toBe(idOf(firing, after(30), same));
    expect(idOf(firing, after(30), same)).toMatch(/^firing-[0-9a-f]{64}$/);
  });

  test.each([0, -1, 1.5, Number.NaN])('a stretch of %d seconds is a ConfigError', (everySeconds) => {
    expect(() => alertmanager({ repeats: { everySeconds } })).toThrow(ConfigError);
  });
});

describe('a payload of its own', () => {
  const custom = alertmanager({ payload: 'custom', repeats: { everySeconds: 60 } });

  test('is refused by default, naming what is missing', () => {
    expect(() => readOne('{"text":"The disk is full"}')).toThrow('/receiver');
  });

  test('is taken where that is said, known by its bytes and the minute', () => {
    const body = '{"text":"The disk is full","status":"firing"}';
    const at = new Date('2026-11-20T12:00:10Z');
    expect(readOne(body, at, custom)).toMatchObject({
      types: ['firing'],
      payload: { text: 'The disk is full' },
    });
    expect(idOf(body, new Date(at.getTime() + 40_000), custom)).toBe(idOf(body, at, custom));
    expect(idOf(body, new Date(at.getTime() + 60_000), custom)).not.toBe(idOf(body, at, custom));
    expect(readOne('{"text":"hello"}', at, custom).types).toEqual(['notification']);
    expect(reasonOf(() => readOne('[1]', at, custom))).toBe('field_malformed');
  });
});
