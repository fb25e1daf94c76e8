import { readFileSync } from 'node:fs';
import { Signature } from '@hubspot/api-client';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { WebhookError } from '../../src/errors.ts';
import { hubspot } from '../../src/providers/hubspot.ts';
import { DeliveryHeaders, type Delivery, type ReadEvent } from '../../src/providers/provider.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/hubspot/${name}.json`, import.meta.url), 'utf8');
const batch = fixture('batch');
const documented = fixture('documented');

const provider = hubspot();
const secret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const now = new Date('2026-11-20T12:00:00.500Z');
const url = 'https://hooks.example.com/webhooks/hubspot';
const proofOf = (names: Record<string, string>) => provider.proof.parse(names);
const proof = proofOf({ WEBHOOK_SECRET: secret });

interface Sent {
  readonly body?: string | Buffer;
  readonly at?: number;
  readonly by?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A delivery signed by HubSpot's own library; `headers` replace those that it would have. */
function delivered({
  body = batch,
  at = now.getTime(),
  by = secret,
  url: signedUrl = url,
  headers = {},
}: Sent = {}): Delivery {
  const bytes = Buffer.from(body);
  const all = {
    'content-type': 'application/json',
    'X-HubSpot-Signature-v3': Signature.getSignature('POST', 'v3', {
      clientSecret: by,
      requestBody: bytes.toString(),
      url: signedUrl,
      timestamp: at,
      signature: '',
    }),
    'X-HubSpot-Request-Timestamp': String(at),
    ...headers,
  };
  return {
    method: 'POST',
    url: '/webhooks/hubspot',
    publicUrl: signedUrl,
    headers: new DeliveryHeaders(
      Object.entries(all).flatMap(([name, values]) =>
        [values ?? []].flat().map((value) => [name, value] as const),
      ),
    ),
    body: bytes,
    receivedAt: now,
  };
}
const saidOf = (judge: () => unknown): string => {
  try {
    judge();
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const verdict = (delivery: Delivery, by = proof): string =>
  saidOf(() => provider.verify(delivery, by, { now }));
const eventsOf = (body: string | Buffer): readonly ReadEvent[] => {
  const reading = provider.read(delivered({ body }));
  if (!('events' in reading)) throw new Error('a handshake');
  return reading.events;
};
const readError = (body: string | Buffer): string => {
  try {
    provider.read({ ...delivered(), body: Buffer.from(body) });
    return 'read';
  } catch (error) {
    if (error instanceof WebhookError) return `${error.code} ${error.reason}`;
    throw error;
  }
};
const v3 = 'X-HubSpot-Signature-v3';
const v3Of = (delivery: Delivery): string => delivery.headers.get(v3)!;

describe('signature v3', () => {
  test('of the official library is accepted', () => {
    expect(verdict(delivered())).toBe('accepted');
    expect(verdict(delivered({ body: '' }))).toBe('accepted');
  });

  test('of ours is what the official library expects', () => {
    vi.useFakeTimers({ now });
    for (const body of [batch, documented, '[]', 'žluťoučký 🐎']) {
      const headers = provider.sign({ method: 'POST', url, body: Buffer.from(body), type: 'x' }, proof, now);
      const options = {
        clientSecret: secret,
        requestBody: body,
        url,
        signature: headers['x-hubspot-signature-v3']!,
        timestamp: Number(headers['x-hubspot-request-timestamp']),
      };
      expect(Signature.isValid({ ...options, signatureVersion: 'v3' })).toBe(true);
    }
    vi.useRealTimers();
  });

  test('is by either of two secrets, and no third', () => {
    const both = proofOf({ WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: 'old' });
    expect(verdict(delivered({ by: 'new' }), both)).toBe('accepted');
    expect(verdict(delivered({ by: 'old' }), both)).toBe('accepted');
    expect(verdict(delivered({ by: 'other' }), both)).toBe('signature_mismatch');
  });

  test('covers body, method, URL and time', () => {
    const signed = delivered();
    expect(verdict({ ...signed, body: Buffer.from(`${batch}\n`) })).toBe('signature_mismatch');
    expect(verdict({ ...signed, body: signed.body.subarray(0, -1) })).toBe('signature_mismatch');
    expect(verdict({ ...signed, method: 'PUT' })).toBe('signature_mismatch');
    for (const other of [
      `${url}/`,
      `${url}?a=1`,
      url.replace('https', 'http'),
      url.replace('hooks', 'hook'),
    ]) {
      expect(verdict({ ...signed, publicUrl: other })).toBe('signature_mismatch');
    }
    const headers = { 'X-HubSpot-Request-Timestamp': String(now.getTime() - 1), [v3]: v3Of(signed) };
    expect(verdict(delivered({ headers }))).toBe('signature_mismatch');
  });

  test('needs to know what was called', () => {
    const { publicUrl: _unknown, ...rest } = delivered();
    expect(verdict(rest)).toBe('signature_mismatch');
  });

  test.each<[string, (value: string) => string | readonly string[] | undefined, string]>([
    ['missing', () => undefined, 'signature_missing'],
    ['empty', () => '', 'signature_missing'],
    ['twice', (value) => [value, value], 'signature_repeated'],
    ['in hex', (value) => Buffer.from(value, 'base64').toString('hex'), 'signature_malformed'],
    ['in base64url', (value) => Buffer.from(value, 'base64').toString('base64url'), 'signature_malformed'],
    ['cut', (value) => value.slice(0, -1), 'signature_malformed'],
    ['followed by more', (value) => `${value} x`, 'signature_malformed'],
    [
      'with a blank for a +, as proxies make it',
      (value) => ` ${value.slice(1, 20)} ${value.slice(21)}`,
      'signature_malformed',
    ],
    [
      'changed in its first character',
      (value) => (value.startsWith('A') ? 'B' : 'A') + value.slice(1),
      'signature_mismatch',
    ],
    [
      'changed in a bit that base64 does not need',
      (value) =>
        value.replace(
          /.=$/,
          (end) =>
            `${'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(end[0]!) ^ 1]}=`,
        ),
      'signature_mismatch',
    ],
  ])('is refused %s', (_name, change, reason) => {
    const value = v3Of(delivered());
    expect(verdict(delivered({ headers: { [v3]: change(value) } }))).toBe(reason);
  });
});

describe('v1 and v2', () => {
  const sign = (version: 'v1' | 'v2', body: string, at = url): string =>
    Signature.getSignature('POST', version, {
      clientSecret: secret,
      requestBody: body,
      url: at,
      signature: '',
    });
  const old = (version: 'v1' | 'v2', body: string, at?: string) => ({
    'X-HubSpot-Signature': sign(version, body, at),
    'X-HubSpot-Signature-Version': version,
  });

  test("HubSpot's published vectors of both are signatures, and prove nothing", () => {
    expect(sign('v1', documented)).toBe('232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de');
    const body = '{"example_field":"example_value"}';
    const at = 'https://www.example.com/webhook_uri';
    expect(sign('v2', body, at)).toBe('9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900');
    expect(
      verdict(delivered({ body: documented, headers: { ...old('v1', documented), [v3]: undefined } })),
    ).toBe('signature_missing');
    expect(verdict(delivered({ body, url: at, headers: { ...old('v2', body, at), [v3]: undefined } }))).toBe(
      'signature_missing',
    );
  });

  test('do not help a wrong v3', () => {
    const headers = { ...old('v2', batch), [v3]: v3Of(delivered({ by: 'other' })) };
    expect(verdict(delivered({ headers }))).toBe('signature_mismatch');
  });

  test('beside a right v3 change nothing, also when they are wrong', () => {
    expect(verdict(delivered({ headers: old('v1', batch) }))).toBe('accepted');
    expect(verdict(delivered({ headers: old('v1', 'other') }))).toBe('accepted');
  });
});

describe('the time', () => {
  test.each([
    [0, 'accepted'],
    [300_000, 'accepted'],
    [300_001, 'timestamp_stale'],
    [-1, 'accepted'],
    [-86_400_000, 'accepted'],
  ])('%i ms old: %s', (ageMs, said) => {
    expect(verdict(delivered({ at: now.getTime() - ageMs }))).toBe(said);
  });

  test('its tolerance is set in seconds', () => {
    const strict = proofOf({ WEBHOOK_SECRET: secret, WEBHOOK_TOLERANCE_SECONDS: '10' });
    expect(verdict(delivered({ at: now.getTime() - 10_000 }), strict)).toBe('accepted');
    expect(verdict(delivered({ at: now.getTime() - 10_001 }), strict)).toBe('timestamp_stale');
  });

  test('in seconds is half a century old', () => {
    expect(verdict(delivered({ at: Math.floor(now.getTime() / 1000) }))).toBe('timestamp_stale');
  });

  test.each<[string | readonly string[] | undefined, string]>([
    [undefined, 'timestamp_missing'],
    ['', 'timestamp_missing'],
    [['1', '1'], 'signature_repeated'],
    ['soon', 'signature_malformed'],
    ['1e12', 'signature_malformed'],
    ['-1', 'signature_malformed'],
  ])('%j is refused', (value, reason) => {
    expect(verdict(delivered({ headers: { 'X-HubSpot-Request-Timestamp': value } }))).toBe(reason);
  });
});

describe('the URL', () => {
  const escapes = ['%3A', '%2F', '%3F', '%40', '%21', '%24', '%27', '%28', '%29', '%2A', '%2C', '%3B'];
  const others = [
    '%20',
    '%22',
    '%23',
    '%25',
    '%26',
    '%2B',
    '%3D',
    '%5B',
    '%5D',
    '%7E',
    '%C3%A9',
    '%3a',
    '%2f',
  ];

  test.each(escapes)('is signed with %s undone', (escape) => {
    const called = `${url}?a=${escape}b`;
    const signed = delivered({ url: called.replace(escape, decodeURIComponent(escape)) });
    expect(verdict({ ...signed, publicUrl: called })).toBe('accepted');
    expect(verdict({ ...delivered({ url: called }), publicUrl: called })).toBe('signature_mismatch');
  });

  test.each(others)('is signed with %s as it is', (escape) => {
    const called = `${url}?a=${escape}b`;
    expect(verdict(delivered({ url: called }))).toBe('accepted');
    const undone = delivered({ url: called.replace(escape, decodeURIComponent(escape)) });
    expect(verdict({ ...undone, publicUrl: called })).toBe('signature_mismatch');
  });

  test('is undone once: an escaped escape stays', () => {
    const called = `${url}?a=%253A%3A`;
    expect(verdict({ ...delivered({ url: `${url}?a=%253A:` }), publicUrl: called })).toBe('accepted');
  });

  test('keeps its query in the order that it came in', () => {
    expect(verdict(delivered({ url: `${url}?b=2&a=1&b=1` }))).toBe('accepted');
    expect(verdict({ ...delivered({ url: `${url}?a=1&b=2` }), publicUrl: `${url}?b=2&a=1` })).toBe(
      'signature_mismatch',
    );
  });

  test('is signed by us as HubSpot does', () => {
    const called = `${url}?who=a%40b.c&q=%20%C3%A9`;
    const headers = provider.sign(
      { method: 'POST', url: called, body: Buffer.from(batch), type: 'x' },
      proof,
      now,
    );
    const signed = delivered({ url: `${url}?who=a@b.c&q=%20%C3%A9` });
    expect(headers['x-hubspot-signature-v3']).toBe(v3Of(signed));
  });
});

describe('reading', () => {
  test('a batch is as many events, each with an id of all that tells it apart', () => {
    const [first, second, third] = JSON.parse(
      batch.replace('9007199254740993', '"9007199254740993"'),
    ) as unknown[];
    expect(eventsOf(batch)).toEqual([
      {
        id: '33:1160452:25:3816279340:1246965:1462216307945',
        types: ['contact.propertyChange'],
        key: '33:1246965',
        occurredAt: '2016-05-02T19:11:47.945Z',
        payload: first,
        sameness: { ...(first as object), attemptNumber: undefined },
        labels: {
          portal: '33',
          object: '1246965',
          objectType: '0-1',
          property: 'firstname',
          changeSource: 'CRM_UI',
        },
      },
      {
        id: '33:1160452:22:3816279480:9007199254740993:1462216307945',
        types: ['contact.creation'],
        key: '33:9007199254740993',
        occurredAt: '2016-05-02T19:11:47.945Z',
        payload: second,
        sameness: { ...(second as object), attemptNumber: undefined },
        labels: { portal: '33', object: '9007199254740993', changeSource: 'IMPORT' },
      },
      {
        id: '33:1160452:23:3816279480:1246965-77:1462216307946',
        types: ['contact.associationChange'],
        key: '33:1246965',
        occurredAt: '2016-05-02T19:11:47.946Z',
        payload: third,
        sameness: { ...(third as object), attemptNumber: undefined },
        labels: { portal: '33', object: '1246965', changeSource: 'USER' },
      },
    ]);
  });

  test('a retry is the same events', () => {
    const again = batch.replaceAll('"attemptNumber":0', '"attemptNumber":1');
    const identity = (body: string) =>
      eventsOf(body).map(({ id, sameness, occurredAt }) => ({
        id,
        sameness: JSON.stringify(sameness),
        occurredAt,
      }));
    expect(identity(again)).toEqual(identity(batch));
    expect(eventsOf(again)[0]?.payload).toMatchObject({ attemptNumber: 1 });
  });

  test.each(['portalId', 'appId', 'subscriptionId', 'eventId', 'objectId', 'occurredAt'])(
    'another %s is another event',
    (field) => {
      const [event] = JSON.parse(documented) as Record<string, unknown>[];
      const other = JSON.stringify([event, { ...event, [field]: 7 }]);
      const [one, two] = eventsOf(other);
      expect(one?.id).not.toBe(two?.id);
    },
  );

  test('an event may come twice in a batch, and then has one id', () => {
    const [event] = JSON.parse(documented) as object[];
    const [one, two] = eventsOf(JSON.stringify([event, event]));
    expect(one).toEqual(two);
  });

  test('each millisecond is kept', () => {
    for (const time of [1462216307945, 1564113600001, 1700000000123, 1760000000999]) {
      expect(Date.parse(eventsOf(documented.replace('1564113600000', String(time)))[0]!.occurredAt!)).toBe(
        time,
      );
    }
  });

  test('a merge is about what is left', () => {
    const merge =
      '[{"eventId":1,"portalId":2,"subscriptionType":"contact.merge","occurredAt":1,"primaryObjectId":5,"mergedObjectIds":[6]}]';
    expect(eventsOf(merge)[0]).toMatchObject({ id: '2:::1:5:1', key: '2:5' });
  });

  test('an event about nothing has no key', () => {
    expect(eventsOf('[{"eventId":1,"portalId":2,"subscriptionType":"x"}]')[0]).toEqual({
      id: '2:::1::',
      types: ['x'],
      payload: { eventId: 1, portalId: 2, subscriptionType: 'x' },
      sameness: { eventId: 1, portalId: 2, subscriptionType: 'x', attemptNumber: undefined },
      labels: { portal: '2' },
    });
  });

  test.each([
    ['', 'payload_unreadable not_json'],
    ['[{"eventId":1', 'payload_unreadable not_json'],
    ['null', 'payload_unreadable field_malformed'],
    ['{"eventId":1,"portalId":2,"subscriptionType":"x"}', 'payload_unreadable field_malformed'],
    ['"text"', 'payload_unreadable field_malformed'],
    ['[]', 'payload_unreadable field_missing'],
    ['[null]', 'event_id_missing field_missing'],
    ['[[]]', 'event_id_missing field_missing'],
    ['[{"portalId":2,"subscriptionType":"x"}]', 'event_id_missing field_missing'],
    ['[{"eventId":{},"portalId":2,"subscriptionType":"x"}]', 'event_id_missing field_malformed'],
    ['[{"eventId":1,"portalId":2}]', 'payload_unreadable field_missing'],
    ['[{"eventId":1,"portalId":2,"subscriptionType":""}]', 'payload_unreadable field_missing'],
    ['[{"eventId":1,"subscriptionType":"x"}]', 'payload_unreadable field_missing'],
    [
      `[${'{"eventId":1,"portalId":2,"subscriptionType":"x"},'.repeat(1000)}{}]`,
      'payload_unreadable field_malformed',
    ],
    [
      `[{"n":1234567890123456,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`,
      'payload_unreadable too_deep',
    ],
  ])('refuses %.60s', (body, said) => {
    expect(readError(body)).toBe(said);
  });

  test('verifies bytes that are not UTF-8, then cannot read them', () => {
    const bytes = Buffer.from(documented.replace('CRM', '\xff\xfe'), 'latin1');
    const headers = provider.sign({ method: 'POST', url, body: bytes, type: 'x' }, proof, now);
    expect(
      verdict({ ...delivered(), body: bytes, headers: new DeliveryHeaders(Object.entries(headers)) }),
    ).toBe('accepted');
    expect(readError(bytes)).toBe('payload_unreadable not_utf8');
  });

  test('any array of JSON is read or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(readError(`[${json}]`)).toBeTypeOf('string');
        expect(
          readError(`[{"eventId":1,"portalId":${json},"subscriptionType":"x","occurredAt":${json}}]`),
        ).toBeTypeOf('string');
      }),
    );
  });
});

test('every sample is accepted, read under its type, and has an id of its own', () => {
  const made = proofOf({ ...provider.develop?.() });
  for (const [type, sample] of Object.entries(provider.samples as Record<string, () => unknown>)) {
    const body = Buffer.from(JSON.stringify(sample()));
    const headers = provider.sign({ method: 'POST', url, body, type }, made, now);
    expect(
      verdict({ ...delivered(), body, headers: new DeliveryHeaders(Object.entries(headers)) }, made),
    ).toBe('accepted');
    const [event, ...rest] = eventsOf(body);
    expect(rest).toEqual([]);
    expect(event?.types).toEqual([type]);
    expect(event?.key).toMatch(/^62515:\d+$/);
    expect(event?.id).not.toBe(eventsOf(JSON.stringify(sample()))[0]?.id);
  }
});
