import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { verifyKey } from 'discord-interactions';
import { describe, expect, test } from 'vitest';
import type { AnyProvider } from '../../src/define.ts';
import { WebhookError } from '../../src/errors.ts';
import { basic } from '../../src/providers/basic.ts';
import { bearer } from '../../src/providers/bearer.ts';
import { ed25519 } from '../../src/providers/generic-ed25519.ts';
import { hmac } from '../../src/providers/hmac.ts';
import { path } from '../../src/providers/path.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';

const places = { id: '/id', type: '/type' };
const body = Buffer.from('{"id":"evt_1","type":"thing.happened"}');

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Buffer | string;
  readonly pathToken?: string;
}

const deliveryOf = ({ headers = {}, bytes = body, pathToken }: Sent): Delivery => ({
  method: 'POST',
  url: '/webhooks/own',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: Buffer.from(bytes),
  ...(pathToken !== undefined && { pathToken }),
  receivedAt: new Date(),
});
const judge = async (provider: AnyProvider, names: Record<string, string>, sent: Sent): Promise<string> => {
  try {
    await provider.verify(deliveryOf(sent), provider.proof.parse(names), { now: new Date() });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const readOne = (provider: AnyProvider, sent: Sent) => {
  const reading = provider.read(deliveryOf(sent));
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

describe('a body', () => {
  test('that is a form becomes an object of texts, and of lists where a field is repeated', () => {
    const event = readOne(path(places), {
      headers: form,
      bytes: 'id=7&type=thing+happened&tag=a&tag=%C5%BE',
    });
    expect(event).toMatchObject({ id: '7', types: ['thing happened'] });
    expect(event.payload).toEqual({ id: '7', type: 'thing happened', tag: ['a', 'ž'] });
  });

  test('that is JSON is JSON, though a client such as curl calls it a form', () => {
    expect(readOne(path(places), { headers: form }).payload).toEqual(JSON.parse(body.toString()));
    expect(readOne(path(places), { headers: form, bytes: ` \n${body.toString()}` }).id).toBe('evt_1');
  });

  test.each([
    ['XML', { 'content-type': 'application/xml' }, '<event id="1"/>', 'payload_unreadable not_json'],
    ['text', { 'content-type': 'text/plain' }, 'id=1&type=a', 'payload_unreadable not_json'],
    ['a number', {}, '5', 'payload_unreadable field_malformed'],
    ['nothing', {}, '', 'payload_unreadable not_json'],
    ['an empty form', form, '', 'payload_unreadable not_json'],
    ['a form with an escape that is none', form, 'id=%zz', 'payload_unreadable not_form'],
    ['a form that is not UTF-8', form, 'id=%ff', 'payload_unreadable not_utf8'],
    ['a form that repeats its id', form, 'id=1&id=2&type=a', 'event_id_missing field_malformed'],
    ['a form whose field is called like a method', form, 'constructor=1', 'event_id_missing field_missing'],
  ])('that is %s is refused', (_name, headers, bytes, expected) => {
    try {
      readOne(path(places), { headers, bytes });
      expect.unreachable();
    } catch (error) {
      const { code, reason } = error as WebhookError;
      expect(`${code} ${reason}`).toBe(expected);
    }
  });

  test('of a form may hold any name, __proto__ too', () => {
    const { payload } = readOne(path(places), { headers: form, bytes: 'id=1&type=a&__proto__=x' });
    expect(Object.keys(payload as object)).toEqual(['id', 'type', '__proto__']);
  });

  test('holds no key where the place of the key is empty', () => {
    expect(readOne(path({ ...places, key: '/key' }), { bytes: '{"id":"1","type":"a","key":""}' }).key).toBe(
      undefined,
    );
  });

  test('whose id is in a header is known again by its bytes; the header may come once', () => {
    const provider = path({ id: 'header:X-Id', type: 'header:X-Type' });
    const first = readOne(provider, { headers: { 'x-id': '1', 'x-type': 'a' } });
    const again = readOne(provider, { headers: { 'x-id': '2', 'x-type': 'a' } });
    expect(again.id).not.toBe(first.id);
    expect(again.echo).toBe(first.echo);
    const twice = new DeliveryHeaders([
      ['x-id', '1'],
      ['x-id', '1'],
      ['x-type', 'a'],
    ]);
    expect(() => provider.read({ ...deliveryOf({}), headers: twice })).toThrow(
      expect.objectContaining({ code: 'event_id_missing', reason: 'field_repeated' }),
    );
    expect(provider.keepHeaders).toEqual(['x-id', 'x-type']);
  });
});

describe('a path token', () => {
  const secret = { WEBHOOK_SECRET: 'secret' };
  const signature = createHmac('sha256', 'secret').update(body).digest('hex');
  const cases: [string, AnyProvider, Record<string, string>, Record<string, string>][] = [
    ['hmac', hmac(places), secret, { 'x-webhook-signature': signature }],
    ['bearer', bearer(places), { WEBHOOK_TOKEN: 't' }, { authorization: 'Bearer t' }],
    ['basic', basic(places), { WEBHOOK_BASIC: 'u:p' }, { authorization: 'Basic dTpw' }],
  ];

  test.each(cases)(
    'is demanded of %s besides its proof where it is set',
    async (_name, provider, names, headers) => {
      expect(await judge(provider, names, { headers })).toBe('accepted');
      // One that nobody asks for does no harm.
      expect(await judge(provider, names, { headers, pathToken: 'any' })).toBe('accepted');
      const both = { ...names, WEBHOOK_PATH_TOKEN: 'new', WEBHOOK_PATH_TOKEN_PREVIOUS: 'old' };
      expect(await judge(provider, both, { headers })).toBe('signature_missing');
      expect(await judge(provider, both, { headers, pathToken: 'other' })).toBe('token_mismatch');
      expect(await judge(provider, both, { headers, pathToken: 'new' })).toBe('accepted');
      expect(await judge(provider, both, { headers, pathToken: 'old' })).toBe('accepted');
      expect(await judge(provider, both, { pathToken: 'new' })).toBe('signature_missing');
      expect(provider.pathToken?.(provider.proof.parse(both))).toBe('new');
      expect(provider.pathToken?.(provider.proof.parse(names))).toBeUndefined();
    },
  );

  test('alone is a proof: without one there is none', async () => {
    const provider = path(places);
    expect(provider.proof.safeParse({}).success).toBe(false);
    expect(provider.proof.safeParse({ WEBHOOK_PATH_TOKEN: '' }).success).toBe(false);
    expect(provider.proof.safeParse({ WEBHOOK_PATH_TOKEN_PREVIOUS: 'old' }).success).toBe(false);
    expect(await judge(provider, { WEBHOOK_PATH_TOKEN: 'a' }, {})).toBe('signature_missing');
    expect(await judge(provider, { WEBHOOK_PATH_TOKEN: 'a' }, { pathToken: 'A' })).toBe('token_mismatch');
    expect(await judge(provider, { WEBHOOK_PATH_TOKEN: 'a' }, { pathToken: 'a' })).toBe('accepted');
  });
});

describe('bearer', () => {
  const names = { WEBHOOK_TOKEN: 'token' };

  test.each([
    ['Bearer token', 'accepted'],
    ['bearer  token', 'accepted'],
    ['Bearer Token', 'token_mismatch'],
    ['Bearer token2', 'token_mismatch'],
    ['Bearer token, Bearer token', 'signature_malformed'],
    ['token', 'signature_malformed'],
    ['Bearer', 'signature_malformed'],
    ['Bearertoken', 'signature_malformed'],
    ['', 'signature_missing'],
  ])('%j is %s', async (authorization, expected) => {
    expect(await judge(bearer(places), names, { headers: { authorization } })).toBe(expected);
  });

  test('may have a header and a prefix of its own, taken as written', async () => {
    const own = bearer({ ...places, header: 'X-Api-Key' });
    expect(await judge(own, names, { headers: { 'x-api-key': 'token' } })).toBe('accepted');
    expect(await judge(own, names, { headers: { 'x-api-key': 'Bearer token' } })).toBe('token_mismatch');
    expect(await judge(own, names, { headers: { authorization: 'Bearer token' } })).toBe('signature_missing');
    const prefixed = bearer({ ...places, header: 'authorization', prefix: 'Token ' });
    expect(await judge(prefixed, names, { headers: { authorization: 'Token token' } })).toBe('accepted');
    expect(await judge(prefixed, names, { headers: { authorization: 'token token' } })).toBe(
      'signature_malformed',
    );
  });

  test('never keeps the header with the token', () => {
    expect(bearer({ ...places, header: 'x-api-key' }).keepHeaders).toEqual([]);
    expect(() => bearer({ header: 'x-api-key', key: 'header:X-Api-Key' })).toThrow(/cannot be in x-api-key/);
  });

  test('refuses a token that no header could hold', () => {
    for (const token of ['', ' token', 'token\n', 'ž']) {
      expect(bearer().proof.safeParse({ WEBHOOK_TOKEN: token }).success, `as ${JSON.stringify(token)}`).toBe(
        false,
      );
    }
  });
});

describe('basic', () => {
  const of = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const names = { WEBHOOK_BASIC: 'user:pa:ss', WEBHOOK_BASIC_PREVIOUS: 'user:old' };

  test.each([
    [of('user:pa:ss'), 'accepted'],
    [of('user:old'), 'accepted'],
    [of('user:pa'), 'token_mismatch'],
    [of('user'), 'token_mismatch'],
    [of('user:pa:ss').replace(/=+$/, ''), 'token_mismatch'],
    ['Basic user:pa:ss', 'signature_malformed'],
    ['Basic', 'signature_malformed'],
    [`${of('user:pa:ss')} junk`, 'signature_malformed'],
    ['Bearer user:pa:ss', 'signature_malformed'],
  ])('%j is %s', async (authorization, expected) => {
    expect(await judge(basic(places), names, { headers: { authorization } })).toBe(expected);
  });

  test('has no proof that is not user:password', () => {
    for (const text of ['', 'user', ':password']) {
      expect(basic().proof.safeParse({ WEBHOOK_BASIC: text }).success, `as ${text}`).toBe(false);
    }
  });
});

describe('ed25519', () => {
  const pair = generateKeyPairSync('ed25519');
  const raw = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const hex = sign(null, body, pair.privateKey).toString('hex');
  const signed = (signature: string) => ({ headers: { 'x-webhook-signature': signature } });

  // RFC 8032, 7.1, tests 1 to 3: public key, message, signature.
  test.each([
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('fits RFC 8032 with the key %s', async (key, message, signature) => {
    const bytes = Buffer.from(message, 'hex');
    const judged = (by: string) => judge(ed25519(), { PUBLIC_KEY: key }, { ...signed(by), bytes });
    expect(await judged(signature)).toBe('accepted');
    expect(await judged(signature.toUpperCase())).toBe('accepted');
    expect(await judged(`00${signature.slice(2)}`)).toBe('signature_mismatch');
  });

  test.each([
    ['hex', raw.toString('hex')],
    ['upper-case hex', raw.toString('hex').toUpperCase()],
    ['base64', raw.toString('base64')],
    ['base64url', raw.toString('base64url')],
  ])('takes a public key in %s', async (_name, key) => {
    expect(await judge(ed25519(), { PUBLIC_KEY: key }, signed(hex))).toBe('accepted');
  });

  test.each([
    ['31 bytes', raw.subarray(1).toString('hex')],
    ['33 bytes', `00${raw.toString('hex')}`],
    ['a PEM', pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['junk behind it', `${raw.toString('hex')} `],
    ['nothing', ''],
  ])('stops the start where the public key is %s', (_name, key) => {
    const result = ed25519().proof.safeParse({ PUBLIC_KEY: key });
    expect(result.error?.issues[0]).toMatchObject({
      path: ['PUBLIC_KEY'],
      message: 'must be the 32 bytes of an Ed25519 key, in hex or base64',
    });
  });

  test.each([
    ['cut', hex.slice(2)],
    ['longer', `${hex}00`],
    ['no hex', `zz${hex.slice(2)}`],
    ['base64', Buffer.from(hex, 'hex').toString('base64')],
    ['with a prefix', `sha256=${hex}`],
  ])('refuses a signature that is %s', async (_name, signature) => {
    const names = { PUBLIC_KEY: raw.toString('hex') };
    expect(await judge(ed25519(), names, signed(signature))).toBe('signature_malformed');
  });

  test('refuses another base64 text for the same bytes', async () => {
    const text = Buffer.from(hex, 'hex').toString('base64');
    const names = { PUBLIC_KEY: raw.toString('hex') };
    expect(await judge(ed25519({ encoding: 'base64' }), names, signed(text))).toBe('accepted');
    // 64 bytes leave four bits of the last character unused.
    const other = text.replace(/.==$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}==`);
    expect(await judge(ed25519({ encoding: 'base64' }), names, signed(other))).toBe('signature_malformed');
  });

  test("agrees with Discord's own library about the template {timestamp}{body}", async () => {
    const provider = ed25519({
      signed: '{timestamp}{body}',
      timestampHeader: 'x-time',
      header: 'x-signature',
    });
    const made = provider.develop!();
    const proof = { ...provider.proof.parse(made), privateKey: made['PRIVATE_KEY']! };
    const headers = provider.sign({ method: 'POST', url: '', body, type: 'a' }, proof, new Date());
    expect(await verifyKey(body, headers['x-signature']!, headers['x-time']!, made['PUBLIC_KEY']!)).toBe(
      true,
    );
    expect(await judge(provider, made, { headers })).toBe('accepted');
  });

  test('cannot sign without the private key', () => {
    const proof = ed25519().proof.parse({ PUBLIC_KEY: raw.toString('hex') });
    expect(() => ed25519().sign({ method: 'POST', url: '', body, type: 'a' }, proof, new Date())).toThrow(
      /PRIVATE_KEY is not set/,
    );
  });

  test('makes a pair for development that belongs together', () => {
    const { PUBLIC_KEY, PRIVATE_KEY } = ed25519().develop!();
    const der = Buffer.from(
      `302e020100300506032b657004220420${Buffer.from(PRIVATE_KEY!, 'base64').toString('hex')}`,
      'hex',
    );
    const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    expect(key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')).toBe(PUBLIC_KEY);
  });
});

test.each([
  [() => hmac({ header: 'x signature' }), /header is no name of a header: x signature/],
  [() => hmac({ id: '/a~2b' }), /id is neither header:<name> nor a JSON Pointer/],
  [() => bearer({ type: 'header:a b' }), /type is no name of a header/],
  [() => basic({ key: 'key' }), /key is neither/],
  [() => path({ id: '' }), /id is neither/],
  [() => ed25519({ signed: '{timestamp}.{body}' }), /ed25519: .*timestampHeader/],
])('options that make no sense stop the start: %s', (make, message) => {
  expect(make).toThrow(message);
});

describe.each([
  ['hmac', hmac],
  ['ed25519', ed25519],
  ['bearer', bearer],
  ['basic', basic],
  ['path', path],
] as const)('%s', (_name, make) => {
  test('accepts what development makes and signs, id and type in headers or body', async () => {
    const provider: AnyProvider = make({ id: 'header:x-id', type: 'header:x-type' });
    const made = provider.develop!();
    const proof = { ...(provider.proof.parse(made) as object), privateKey: made['PRIVATE_KEY'] };
    const headers = provider.sign({ method: 'POST', url: '', body, type: 'a.b', id: '1' }, proof, new Date());
    const pathToken = provider.pathToken?.(proof);
    const sent = { headers, ...(pathToken !== undefined && { pathToken }) };
    expect(await judge(provider, made, sent)).toBe('accepted');
    expect(readOne(provider, sent)).toMatchObject({ id: '1', types: ['a.b'] });
    expect(await judge(provider, { ...made, ...provider.develop!() }, sent)).toMatch(/mismatch$/);
  });
});
