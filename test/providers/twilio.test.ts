import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import twilioSdk from 'twilio';
import { describe, expect, test } from 'vitest';
import { WebhookError } from '../../src/errors.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { twilio } from '../../src/providers/twilio.ts';

const token = 'the auth token of the test';
const proof = twilio().proof.parse({ WEBHOOK_SECRET: token });
const address = 'https://hooks.example.com/webhooks/twilio';
const fixture = (name: string) => readFileSync(new URL(`fixtures/twilio/${name}`, import.meta.url), 'utf8');
const form = (fields: Readonly<Record<string, string>> | readonly [string, string][]) =>
  new URLSearchParams(fields as Record<string, string>).toString();

interface Called {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null where it is not known. */
  readonly publicUrl?: string | null;
}
const delivery = (
  body: string | Buffer,
  { url = address, headers = {}, publicUrl = url }: Called = {},
): Delivery => ({
  method: 'POST',
  url: url.replace(/^https?:\/\/[^/]*/, ''),
  ...(publicUrl !== null && { publicUrl }),
  headers: new DeliveryHeaders(
    Object.entries({ 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers }),
  ),
  body: Buffer.from(body),
  receivedAt: new Date(),
});
/** As Twilio signs, by another hand: nothing of ours, nothing of its library. */
const signature = (url: string, body: string, by = token, algorithm = 'sha1') => {
  const pairs = [...new URLSearchParams(body)].map(([name, value]) => name + value);
  return createHmac(algorithm, by)
    .update(url + pairs.toSorted().join(''))
    .digest('base64');
};
const signed = (body: string, { url = address, headers, ...rest }: Called = {}) =>
  delivery(body, { url, headers: { 'X-Twilio-Signature': signature(url, body), ...headers }, ...rest });
const jsonAddress = (body: string) =>
  `${address}?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
const signedJson = (body: string, { url = jsonAddress(body), ...rest }: Called = {}) =>
  delivery(body, {
    url,
    headers: { 'Content-Type': 'application/json', 'X-Twilio-Signature': signature(url, '') },
    ...rest,
  });
const judge = async (given: Delivery, by: unknown = proof) => {
  try {
    await twilio().verify(given, by as typeof proof, { now: new Date() });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const readAll = (given: Delivery) => {
  const reading = twilio().read(given);
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events;
};
const readOne = (given: Delivery) => readAll(given)[0]!;
const bodyOf = (name: keyof ReturnType<typeof twilio>['samples']) => twilio().samples[name]!() as string;

test("fits Twilio's published vector", async () => {
  const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
  const given = delivery(fixture('vector.txt'), {
    url,
    headers: { 'X-Twilio-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' },
  });
  expect(await judge(given, twilio().proof.parse({ WEBHOOK_SECRET: '12345' }))).toBe('accepted');
  expect(await judge(given)).toBe('signature_mismatch');
});

describe('agrees with the official library', () => {
  const official = (given: Delivery) =>
    twilioSdk.validateRequest(
      token,
      given.headers.get('x-twilio-signature')!,
      given.publicUrl!,
      paramsOf(given.body.toString()),
    );
  const paramsOf = (body: string) => {
    const params: Record<string, string | string[]> = {};
    for (const [name, value] of new URLSearchParams(body)) {
      params[name] = name in params ? [params[name]!, value].flat() : value;
    }
    return params;
  };

  test.each(['message-received.txt', 'message-delivered.txt', 'call-ringing.txt', 'call-completed.txt'])(
    'on %s, and on its changes',
    async (name) => {
      const body = fixture(name);
      for (const given of [
        signed(body),
        delivery(`${body}&X=`, { headers: { 'X-Twilio-Signature': signature(address, body) } }),
        delivery(body.replace('ApiVersion', 'Apiversion'), {
          headers: { 'X-Twilio-Signature': signature(address, body) },
        }),
      ]) {
        expect(await judge(given)).toBe(official(given) ? 'accepted' : 'signature_mismatch');
      }
      expect(await judge(signed(body))).toBe('accepted');
    },
  );

  test('it accepts what sign makes', () => {
    for (const [type, sample] of Object.entries(twilio().samples)) {
      const body = (sample as () => string)();
      const request = { method: 'POST', url: address, body: Buffer.from(body), type };
      const headers = twilio().sign(request, proof, new Date());
      expect({ type, valid: official(delivery(body, { headers })) }).toEqual({ type, valid: true });
    }
  });

  test.each([
    // What Twilio signed, and what we know of the address.
    ['https://hooks.example.com/webhooks/twilio', 'https://hooks.example.com/webhooks/twilio'],
    ['https://hooks.example.com:443/webhooks/twilio', 'https://hooks.example.com/webhooks/twilio'],
    ['https://hooks.example.com/webhooks/twilio', 'https://hooks.example.com:443/webhooks/twilio'],
    ['https://hooks.example.com/webhooks/twilio', 'https://hooks.example.com:8443/webhooks/twilio'],
    ['https://hooks.example.com:8443/webhooks/twilio', 'https://hooks.example.com/webhooks/twilio'],
    ['http://hooks.example.com:80/webhooks/twilio', 'http://hooks.example.com/webhooks/twilio'],
    ['http://hooks.example.com/webhooks/twilio', 'https://hooks.example.com/webhooks/twilio'],
    ['https://hooks.example.com/webhooks/twilio/', 'https://hooks.example.com/webhooks/twilio'],
    ['https://[2001:db8::1]:443/webhooks/twilio', 'https://[2001:db8::1]/webhooks/twilio'],
    ["https://hooks.example.com/webhooks/twilio?n=it's", "https://hooks.example.com/webhooks/twilio?n=it's"],
    [
      'https://hooks.example.com/webhooks/twilio?n=it%27s',
      "https://hooks.example.com/webhooks/twilio?n=it's",
    ],
    ['https://hooks.example.com/webhooks/twilio?n=a%20b', 'https://hooks.example.com/webhooks/twilio?n=a+b'],
    [
      'https://hooks.example.com/webhooks/twilio?b=1&a=2',
      'https://hooks.example.com/webhooks/twilio?a=2&b=1',
    ],
  ])('of an address signed as %s and called as %s', async (url, publicUrl) => {
    const body = fixture('message-received.txt');
    const given = signed(body, { url, publicUrl });
    expect(await judge(given)).toBe(official(given) ? 'accepted' : 'signature_mismatch');
  });

  test.each([
    [
      [
        ['A', '2'],
        ['A', '1'],
        ['a', '0'],
      ],
    ],
    [
      [
        ['A', '1'],
        ['A', '1'],
        ['A', '2'],
      ],
    ],
    [
      [
        ['MediaUrl10', 'x'],
        ['MediaUrl1', 'y'],
        ['Ž', 'z'],
        ['', 'w'],
      ],
    ],
  ] as [string, string][][][])('of repeated and unsorted fields %j', async (fields) => {
    const body = form(fields);
    const params = paramsOf(body);
    const given = delivery(body, {
      headers: { 'X-Twilio-Signature': twilioSdk.getExpectedTwilioSignature(token, address, params) },
    });
    expect(official(given)).toBe(true);
    expect(await judge(given)).toBe('accepted');
  });

  test('of JSON, its hash in the address', async () => {
    const body = fixture('event-streams.json');
    const given = signedJson(body);
    const theirs = (text: string) =>
      twilioSdk.validateRequestWithBody(
        token,
        given.headers.get('x-twilio-signature')!,
        given.publicUrl!,
        text,
      );
    expect(theirs(body)).toBe(true);
    expect(await judge(given)).toBe('accepted');
    expect(theirs(`${body} `)).toBe(false);
    expect(await judge({ ...given, body: Buffer.from(`${body} `) })).toBe('signature_mismatch');
  });

  test('answers what its empty TwiML is', () => {
    expect(twilio().answer!({ events: [{ id: 'x', type: 'message.received' }], body: {} })).toEqual({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: new twilioSdk.twiml.MessagingResponse().toString(),
    });
  });
});

describe('refuses', () => {
  const body = fixture('message-received.txt');
  const withSignature = (value: string | undefined) =>
    delivery(body, { headers: value === undefined ? {} : { 'X-Twilio-Signature': value } });
  const right = signature(address, body);

  test.each([
    ['no signature', undefined, 'signature_missing'],
    ['an empty one', '', 'signature_missing'],
    ['hex', Buffer.from(right, 'base64').toString('hex'), 'signature_malformed'],
    ['base64url, unpadded', right.slice(0, -1), 'signature_malformed'],
    ['SHA-256', signature(address, body, token, 'sha256'), 'signature_malformed'],
    ['another token', signature(address, body, 'another'), 'signature_mismatch'],
    ['the address alone', signature(address, ''), 'signature_mismatch'],
    ['junk behind it', `${right} x`, 'signature_malformed'],
    // Decodes to the same bytes.
    ['other spare bits', right.replace(/.=$/, (end) => `${next(end[0]!)}=`), 'signature_mismatch'],
  ])('%s', async (_name, value, reason) => {
    expect(await judge(withSignature(value))).toBe(reason);
  });

  test('a signature that came twice', async () => {
    const given = withSignature(right);
    const headers = new DeliveryHeaders([
      ['content-type', 'application/x-www-form-urlencoded'],
      ['x-twilio-signature', right],
      ['X-Twilio-Signature', right],
    ]);
    expect(await judge({ ...given, headers })).toBe('signature_repeated');
  });

  test('a field that was added, changed or taken away', async () => {
    for (const other of [
      `${body}&X=1`,
      body.replace('Body=', 'Body=Z'),
      body.replace(/&ApiVersion=[^&]*/, ''),
    ]) {
      expect(await judge({ ...withSignature(right), body: Buffer.from(other) })).toBe('signature_mismatch');
    }
  });

  test('JSON whose address names no hash, though the address is signed', async () => {
    const given = delivery('{"type":"x","id":"1"}', {
      headers: { 'Content-Type': 'application/json', 'X-Twilio-Signature': signature(address, '') },
    });
    expect(await judge(given)).toBe('signature_missing');
  });

  test('a hash of upper case, of half its length, and none', async () => {
    const text = '{"type":"x","id":"1"}';
    const hash = createHash('sha256').update(text).digest('hex');
    for (const other of [hash.toUpperCase(), hash.slice(0, 32), '']) {
      expect(await judge(signedJson(text, { url: `${address}?bodySHA256=${other}` }))).toBe(
        'signature_mismatch',
      );
    }
  });

  test('all where the address that was called is not known', async () => {
    expect(await judge(signed(body, { publicUrl: null }))).toBe('signature_mismatch');
  });

  test('forms that are none, and what is no UTF-8', async () => {
    expect(await judge(signed('A=%zz'))).toBe('not_form');
    expect(await judge(signed('A=%ff'))).toBe('not_utf8');
    expect(await judge({ ...signed('A=1'), body: Buffer.from([0x41, 0xff]) })).toBe('not_utf8');
  });
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const next = (digit: string) => alphabet[alphabet.indexOf(digit) ^ 1]!;

describe('a shared key', () => {
  const body = fixture('call-completed.txt');
  const settings = 'X-Twilio-Webhooks-Signature-Settings';
  const of = (algorithm: string, value: string) =>
    delivery(body, { headers: { 'X-Twilio-Signature': value, [settings]: algorithm } });
  const sha256 = signature(address, body, token, 'sha256');
  const sha1 = signature(address, body);

  test.each([
    ['key=WK1,algorithm=HMAC_SHA256', sha256, 'accepted'],
    ['algorithm=HMAC_SHA256, key=WK1', sha256, 'accepted'],
    ['key=WK1,algorithm=HMAC_SHA1', sha1, 'accepted'],
    ['key=WK1,algorithm=HMAC_SHA256', sha1, 'signature_malformed'],
    ['key=WK1,algorithm=HMAC_SHA1', sha256, 'signature_malformed'],
    ['key=WK1,algorithm=none', sha1, 'signature_malformed'],
    ['key=WK1', sha1, 'signature_malformed'],
    ['algorithm=HMAC_SHA1,algorithm=HMAC_SHA256', sha256, 'signature_malformed'],
    ['', sha1, 'signature_missing'],
  ])('whose settings say %s', async (algorithm, value, verdict) => {
    expect(await judge(of(algorithm, value))).toBe(verdict);
  });

  test('its digest is none where no settings name it', async () => {
    expect(await judge(delivery(body, { headers: { 'X-Twilio-Signature': sha256 } }))).toBe(
      'signature_malformed',
    );
  });
});

describe('two tokens', () => {
  const both = twilio().proof.parse({ WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: token });

  test('the previous one still proves, a third does not', async () => {
    const body = bodyOf('message.received');
    expect(await judge(signed(body), both)).toBe('accepted');
    const other = delivery(body, { headers: { 'X-Twilio-Signature': signature(address, body, 'third') } });
    expect(await judge(other, both)).toBe('signature_mismatch');
  });

  test('without one there is no proof', () => {
    expect(twilio().proof.safeParse({}).success).toBe(false);
    expect(twilio().proof.safeParse({ WEBHOOK_SECRET: '' }).success).toBe(false);
  });
});

const sid = '0123456789abcdef0123456789abcdef';

describe('reading', () => {
  test.each([
    ['message-received.txt', `MM${sid}:received`, ['message.received', 'message'], `MM${sid}`],
    [
      'message-delivered.txt',
      `SM${sid}:delivered`,
      ['message.status.delivered', 'message.status', 'message'],
      `SM${sid}`,
    ],
    ['call-completed.txt', `CA${sid}:completed:3`, ['call.completed', 'call'], `CA${sid}`],
  ])('%s', (name, id, types, key) => {
    expect(readOne(signed(fixture(name)))).toMatchObject({ id, types, key });
  });

  test('fields are texts as they were written, media and emoji with them', () => {
    expect(readOne(signed(fixture('message-received.txt'))).payload).toMatchObject({
      Body: 'Žluťoučký kůň & 2 + 2 🐎',
      From: '+14158675309',
      ToCity: '',
      MediaContentType1: 'image/png',
    });
    expect(readOne(signed(fixture('call-completed.txt'))).payload).toMatchObject({ CalledCity: 'São Paulo' });
  });

  test('the time is that of the call, where there is one', () => {
    expect(readOne(signed(fixture('call-completed.txt'))).occurredAt).toBe('2026-11-26T09:53:19.000Z');
    expect(readOne(signed(fixture('message-received.txt'))).occurredAt).toBeUndefined();
    expect(twilio().signedTime).toBeUndefined();
  });

  test('a call that waits for TwiML is told by all its fields', () => {
    const id = (fields: Record<string, string>) =>
      readOne(signed(form({ CallSid: `CA${sid}`, CallStatus: 'in-progress', ...fields }))).id;
    expect(id({ Digits: '1' })).toMatch(new RegExp(`^CA${sid}:[0-9a-f]{32}$`));
    expect(id({ Digits: '1' })).toBe(id({ Digits: '1' }));
    expect(id({ Digits: '1' })).not.toBe(id({ Digits: '2' }));
  });

  test('the fallback of a request is the same event again', () => {
    const first = fixture('call-ringing.txt');
    const [one, other] = [first, `${first}&ErrorCode=11200&ErrorUrl=https%3A%2F%2Fa.example`].map((body) =>
      readOne(signed(body)),
    );
    expect(other?.id).toBe(one?.id);
    expect(other?.sameness).toEqual(one?.sameness);
    expect(other?.payload).not.toEqual(one?.payload);
  });

  test('an error code of its own makes another event', () => {
    const [one, other] = ['1', '2'].map((code) =>
      readOne(signed(form({ CallSid: 'CA1', CallStatus: 'failed', ErrorCode: code }))),
    );
    expect(other?.id).not.toBe(one?.id);
  });

  test.each([
    [
      { RecordingSid: 'RE1', RecordingStatus: 'completed', CallSid: 'CA1' },
      'RE1:completed',
      'recording.completed',
      'RE1',
    ],
    [
      { ConferenceSid: 'CF1', StatusCallbackEvent: 'participant-join', SequenceNumber: '4', CallSid: 'CA1' },
      'CF1:participant-join:4',
      'conference.participant-join',
      'CF1',
    ],
    [{ SmsSid: 'SM1', SmsStatus: 'sent' }, 'SM1:sent', 'message.status.sent', 'SM1'],
    [
      { MessageSid: 'SM1', MessageStatus: 'read', EventType: 'READ' },
      'SM1:read',
      'message.status.read',
      'SM1',
    ],
    [{ Sid: 'NO1', Level: 'ERROR', PayloadType: 'application/json' }, 'NO1', 'debugger.error', 'NO1'],
  ])('%j', (fields, id, type, key) => {
    const event = readOne(signed(form(fields)));
    expect(event).toMatchObject({ id, key });
    expect(event.types[0]).toBe(type);
  });

  test.each([
    [
      { EventType: 'onMessageAdded', ConversationSid: 'CH1', MessageSid: 'IM1' },
      'onMessageAdded',
      /^CH1:[0-9a-f]{32}$/,
    ],
    [{ EventType: 'task.created', TaskSid: 'WT1' }, 'task.created', /^WT1:[0-9a-f]{32}$/],
    [{ Something: 'else' }, 'other', /^other:[0-9a-f]{32}$/],
    [{ Digits: '1', CallSid: 'CA1' }, 'call', /^CA1:[0-9a-f]{32}$/],
  ])('what has no id of its own is told by all its fields: %j', (fields, type, id) => {
    const event = readOne(signed(form(fields)));
    expect(event.types[0]).toBe(type);
    expect(event.id).toMatch(id);
  });

  test('Event Streams are one event each', () => {
    expect(readAll(signedJson(fixture('event-streams.json')))).toMatchObject([
      {
        id: 'NO00000000000000000000000001',
        types: ['com.twilio.messaging.message.delivered', 'com.twilio'],
        key: 'SM0000000000000000000000000000001',
        occurredAt: '2025-01-01T00:00:00.000Z',
      },
      { id: 'NO00000000000000000000000002', occurredAt: '2025-01-01T00:00:01.000Z' },
    ]);
  });

  test('other JSON is one event, by its bytes where it has no id', () => {
    const body = '{"hello":"world"}';
    expect(readOne(signedJson(body))).toMatchObject({
      id: createHash('sha256').update(body).digest('hex'),
      types: ['other'],
    });
  });

  test.each([
    ['[]', 'event_id_missing', 'field_missing'],
    ['[{"type":"a"}]', 'event_id_missing', 'field_missing'],
    ['[{"id":{},"type":"a"}]', 'event_id_missing', 'field_malformed'],
    ['[{"id":"1","type":7}]', 'payload_unreadable', 'field_malformed'],
    ['null', 'payload_unreadable', 'field_malformed'],
    ['{', 'payload_unreadable', 'not_json'],
  ])('refuses the JSON %s', (body, code, reason) => {
    expect(() => readAll(signedJson(body))).toThrow(expect.objectContaining({ code, reason }));
  });

  test('refuses an empty form, and an id that came twice', () => {
    expect(() => readOne(signed(''))).toThrow(
      expect.objectContaining({ code: 'event_id_missing', reason: 'field_missing' }),
    );
    const twice = form([
      ['MessageSid', 'SM1'],
      ['MessageSid', 'SM2'],
      ['MessageStatus', 'sent'],
    ]);
    expect(() => readOne(signed(twice))).toThrow(
      expect.objectContaining({ code: 'payload_unreadable', reason: 'field_repeated' }),
    );
  });

  test('of a field with several values all are kept, in their order, each once', () => {
    const body = form([
      ['Tag', 'b'],
      ['Tag', 'a'],
      ['Tag', 'b'],
      ['__proto__', 'x'],
    ]);
    const { payload } = readOne(signed(body));
    expect(payload).toMatchObject({ Tag: ['b', 'a'] });
    expect(Object.hasOwn(payload as object, '__proto__')).toBe(true);
  });

  test('every sample is accepted, read under its type, and has an id of its own', async () => {
    for (const [type, sample] of Object.entries(twilio().samples)) {
      const [one, other] = [0, 1].map(() => {
        const body = Buffer.from((sample as () => string)());
        const headers = twilio().sign({ method: 'POST', url: address, body, type }, proof, new Date());
        return delivery(body, { headers });
      });
      expect(await judge(one!)).toBe('accepted');
      expect(readOne(one!).types).toContain(type);
      expect(readOne(one!).id).not.toBe(readOne(other!).id);
    }
  });
});

describe('fields that were cut otherwise, under the same signature', () => {
  const genuine = form({ MessageSid: 'SM1', NumMedia: '0', SmsStatus: 'received' });
  const cut = form({ MessageSid: 'SM1NumMedia0', SmsStatus: 'received' });

  test('have another id, and are known again', async () => {
    expect(signature(address, cut)).toBe(signature(address, genuine));
    expect(await judge(signed(cut))).toBe('accepted');
    const [one, other] = [genuine, cut].map((body) => readOne(signed(body)));
    expect(other?.id).not.toBe(one?.id);
    expect(other?.once).toBe(one?.once);
  });

  test('also where the address took some of them', () => {
    const url = `${address}?x=1`;
    const [one, other] = [
      signed(genuine, { url }),
      signed(form({ NumMedia: '0', SmsStatus: 'received' }), { url: `${url}MessageSidSM1` }),
    ].map(readOne);
    expect(other?.once).toBe(one?.once);
  });
});

test.each([
  ['message.status.sent', 'text/xml'],
  ['call.ringing', 'text/xml'],
  ['recording.completed', 'text/xml'],
  ['com.twilio.messaging.message.sent', undefined],
  ['onMessageAdd', undefined],
])('the answer to %s is %s', (type, contentType) => {
  const answer = twilio().answer!({ events: [{ id: 'x', type }], body: { received: true } });
  expect(answer.status).toBe(200);
  expect(answer.headers?.['content-type']).toBe(contentType);
  if (type === 'onMessageAdd') expect(answer.body).toBe('');
  if (type.startsWith('com.')) expect(answer.body).toEqual({ received: true });
});
