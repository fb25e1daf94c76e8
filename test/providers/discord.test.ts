import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { verifyKey } from 'discord-interactions';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hideCredentials, revealCredential } from '../../src/encryption/credentials.ts';
import { ConfigError } from '../../src/errors.ts';
import { discord } from '../../src/providers/discord.ts';
import { key } from '../encryption/support.ts';
import { answered, delivery, fixture, onlyEvent, reasonOf } from './chat.ts';

const provider = discord();
const now = new Date('2026-11-20T12:00:00Z');
const pair = (names = provider.develop!()) => ({
  names,
  publicKey: names['PUBLIC_KEY']!,
  privateKey: names['PRIVATE_KEY']!,
});
const own = pair();
const proofBy = (names: Record<string, string>) => provider.proof.parse(names);
const signed = (body: string | Buffer, by = own, at = now) =>
  provider.sign(
    { method: 'POST', url: '', body: Buffer.from(body), type: 'x' },
    { ...proofBy({ PUBLIC_KEY: by.publicKey }), privateKey: by.privateKey },
    at,
  );
const verify = (
  given: ReturnType<typeof delivery>,
  names: Record<string, string> = { PUBLIC_KEY: own.publicKey },
) => reasonOf(() => provider.verify(given, proofBy(names), { now }));
const read = (body: string | Buffer) => provider.read(delivery(body));
const command = fixture('discord/command.json');

describe('a signature', () => {
  const headers = signed(command);

  test("is accepted by discord-interactions' verifyKey, and not over another body", async () => {
    const [signature, time] = [headers['x-signature-ed25519']!, headers['x-signature-timestamp']!];
    expect(await verifyKey(command, signature, time, own.publicKey)).toBe(true);
    expect(await verifyKey(`${command.toString()} `, signature, time, own.publicKey)).toBe(false);
  });

  test("by a key pair of Node's own is accepted; the key in hex of either case, the signature as Discord writes it", async () => {
    const keys = generateKeyPairSync('ed25519');
    const publicKey = keys.publicKey.export({ format: 'jwk' }).x!;
    const names = { PUBLIC_KEY: Buffer.from(publicKey, 'base64url').toString('hex').toUpperCase() };
    const signature = signBytes(null, Buffer.concat([Buffer.from('1700000000'), command]), keys.privateKey);
    const by = (text: string) => ({ 'x-signature-ed25519': text, 'x-signature-timestamp': '1700000000' });
    const hex = signature.toString('hex');
    expect(await verify(delivery(command, by(hex)), names)).toBe('accepted');
    expect(await verify(delivery(command, by(hex.toUpperCase())), names)).toBe('signature_malformed');
  });

  test.each([
    [{ 'x-signature-ed25519': undefined }, 'signature_missing'],
    [{ 'x-signature-ed25519': '' }, 'signature_missing'],
    [{ 'x-signature-ed25519': 'ab'.repeat(64) }, 'signature_mismatch'],
    [{ 'x-signature-ed25519': headers['x-signature-ed25519']!.slice(0, -1) }, 'signature_malformed'],
    [{ 'x-signature-ed25519': `${headers['x-signature-ed25519']}00` }, 'signature_malformed'],
    [{ 'x-signature-ed25519': headers['x-signature-ed25519']!.replace(/^./, 'g') }, 'signature_malformed'],
    [{ 'x-signature-timestamp': undefined }, 'timestamp_missing'],
    [{ 'x-signature-timestamp': '' }, 'timestamp_missing'],
    [{ 'x-signature-timestamp': 'now' }, 'signature_malformed'],
    [{ 'x-signature-timestamp': '1700000000' }, 'signature_mismatch'],
  ] as const)('with %j is refused: %s', async (changes, reason) => {
    const given = Object.entries({ ...headers, ...changes }).filter(
      (one): one is [string, string] => one[1] !== undefined,
    );
    expect(await verify(delivery(command, given))).toBe(reason);
  });

  test.each(['x-signature-ed25519', 'x-signature-timestamp'])('with %s twice is refused', async (name) => {
    const twice = [...Object.entries(headers), [name, headers[name]!] as const];
    expect(await verify(delivery(command, twice))).toBe('signature_repeated');
  });

  test('does not let time and body share their border', async () => {
    // Nothing stands between them in what is signed: bytes may be moved from one to the other.
    const time = headers['x-signature-timestamp']!;
    const moved = delivery(`${time.slice(-1)}${command.toString()}`, {
      ...headers,
      'x-signature-timestamp': time.slice(0, -1),
    });
    expect(await verify(moved)).toBe('accepted');
    expect(await reasonOf(() => provider.read(moved))).toBe('not_json');
    const other = delivery(command.subarray(1), { ...headers, 'x-signature-timestamp': `${time}{` });
    expect(await verify(other)).toBe('signature_malformed');
  });

  test('by the previous key is accepted while that is set, and by no third', async () => {
    const [next, third] = [pair(), pair()];
    const both = { PUBLIC_KEY: next.publicKey, PUBLIC_KEY_PREVIOUS: own.publicKey };
    expect(await verify(delivery(command, headers), both)).toBe('accepted');
    expect(await verify(delivery(command, signed(command, next)), both)).toBe('accepted');
    expect(await verify(delivery(command, signed(command, third)), both)).toBe('signature_mismatch');
    expect(await verify(delivery(command, headers), { PUBLIC_KEY: next.publicKey })).toBe(
      'signature_mismatch',
    );
  });

  test('has no age of its own, but where one is set', async () => {
    const old = delivery(command, signed(command, own, new Date('2020-01-01')));
    const ahead = delivery(command, signed(command, own, new Date('2030-01-01')));
    expect(await verify(old)).toBe('accepted');
    const bounded = { PUBLIC_KEY: own.publicKey, WEBHOOK_TOLERANCE_SECONDS: '60' };
    expect(await verify(old, bounded)).toBe('timestamp_stale');
    expect(await verify(ahead, bounded)).toBe('timestamp_future');
  });

  test('over other bytes is refused, whichever bit is flipped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(command.length * 8 - 1), async (bit) => {
        const body = Buffer.from(command);
        body[bit >> 3]! ^= 1 << (bit & 7);
        expect(await verify(delivery(body, headers))).toBe('signature_mismatch');
      }),
      { numRuns: 50 },
    );
  });
});

describe('a proof', () => {
  test.each([
    {},
    { PUBLIC_KEY: '' },
    { PUBLIC_KEY: 'ab' },
    { PUBLIC_KEY: 'zz'.repeat(32) },
    { PUBLIC_KEY: 'ab'.repeat(33) },
  ])('%j is none', (names) => {
    expect(provider.proof.safeParse(names).success).toBe(false);
  });

  test('for development is a pair: the gateway has one half, the sender the other', () => {
    const { publicKey, privateKey } = pair();
    const der = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from(privateKey, 'base64'),
    ]);
    const derived = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    expect(Buffer.from(derived.export({ format: 'jwk' }).x!, 'base64url').toString('hex')).toBe(publicKey);
    expect(pair().publicKey).not.toBe(publicKey);
  });

  test('without its private half signs nothing, and says why', () => {
    expect(() =>
      provider.sign(
        { method: 'POST', url: '', body: command, type: 'x' },
        proofBy({ PUBLIC_KEY: own.publicKey }),
        now,
      ),
    ).toThrow(ConfigError);
  });
});

describe('interactions', () => {
  test('PING is answered PONG', () => {
    expect(read(fixture('discord/ping.json'))).toEqual({ handshake: { status: 200, body: { type: 1 } } });
    expect(read('{"type":1}')).toEqual({ handshake: { status: 200, body: { type: 1 } } });
  });

  test.each([
    ['command', '786008729715212338', 'command.cardsearch', 'command'],
    ['component', '846462639134605312', 'component.click_one', 'component'],
    ['modal', '846462639134605313', 'modal.cool_modal', 'modal'],
    ['autocomplete', '846462639134605314', 'autocomplete.airhorn', 'autocomplete'],
  ])('%s: id, types, key', (name, id, specific, wide) => {
    const body = fixture(`discord/${name}.json`);
    expect(onlyEvent(read(body))).toMatchObject({
      id,
      types: [specific, wide],
      key: '290926798626357999',
      payload: JSON.parse(body.toString()),
    });
  });

  test('occur when their id was made', () => {
    // The example of docs.discord.com/developers/reference#snowflakes.
    const body = command.toString().replace('"786008729715212338"', '"175928847299117063"');
    expect(onlyEvent(read(body)).occurredAt).toBe('2016-04-30T11:18:25.796Z');
  });

  test('an id that comes as a number keeps all its digits', () => {
    const body = command.toString().replace('"786008729715212338"', '786008729715212339');
    expect(onlyEvent(read(body)).id).toBe('786008729715212339');
  });

  test('outside of a guild are about their channel', () => {
    expect(onlyEvent(read('{"type":2,"id":"1","channel_id":"7","data":{"name":"a"}}')).key).toBe('7');
  });

  test('of a type to come are events too', () => {
    expect(onlyEvent(read('{"type":6,"id":"1"}')).types).toEqual(['interaction.6', 'interaction']);
  });

  test.each([
    ['{"id":"1"}', 'field_missing'],
    ['{"type":"2","id":"1"}', 'field_malformed'],
    ['{"type":2}', 'field_missing'],
    ['{"type":2,"id":{}}', 'field_malformed'],
    ['{"type":1,"event":7}', 'field_malformed'],
    ['{"type":1,"event":{}}', 'field_missing'],
    ['[]', 'field_malformed'],
    ['', 'not_json'],
  ])('%s is unreadable', async (body, reason) => {
    expect(await reasonOf(() => read(body))).toBe(reason);
  });
});

describe('webhook events', () => {
  test('PING is answered 204 with a Content-Type, which Discord asks for', () => {
    expect(read(fixture('discord/webhook-ping.json'))).toEqual({
      handshake: { status: 204, headers: { 'content-type': 'application/json' } },
    });
  });

  test.each([
    ['application-authorized', 'APPLICATION_AUTHORIZED', '290926798626357999', '2024-10-18T14:42:53.064Z'],
    ['entitlement-create', 'ENTITLEMENT_CREATE', '1234505980407808808', '2024-10-18T18:41:21.109Z'],
  ])('%s: type, key, and a time in UTC', (name, type, key, occurredAt) => {
    expect(onlyEvent(read(fixture(`discord/${name}.json`)))).toMatchObject({
      types: [type],
      key,
      occurredAt,
    });
  });

  test('have no id: equal bytes are one event, and another microsecond is another', () => {
    const body = fixture('discord/application-authorized.json').toString();
    const idOf = (text: string) => onlyEvent(read(text)).id;
    expect(idOf(body)).toMatch(/^[0-9a-f]{64}$/);
    expect(idOf(body)).toBe(idOf(body));
    expect(idOf(body.replace('.064834', '.064835'))).not.toBe(idOf(body));
  });

  test('an event is never a PING of the other product, though both say type 1', () => {
    expect(read(fixture('discord/application-authorized.json'))).not.toHaveProperty('handshake');
  });
});

test.each([
  ['command.deploy', 200, { type: 5 }],
  ['command', 200, { type: 5 }],
  ['modal.ticket', 200, { type: 5 }],
  ['component.approve', 200, { type: 6 }],
  ['autocomplete.deploy', 200, { type: 8, data: { choices: [] } }],
  ['interaction.6', 200, { type: 5 }],
  ['APPLICATION_AUTHORIZED', 204, undefined],
  ['ENTITLEMENT_CREATE', 204, undefined],
])('%s is answered %i %j', (type, status, body) => {
  const answer = answered(provider, type, { received: true });
  expect(answer?.status).toBe(status);
  expect(answer?.body).toEqual(body);
});

test('every sample is accepted, read under its type, and has an id of its own', async () => {
  for (const [type, sample] of Object.entries(provider.samples as Record<string, () => unknown>)) {
    const [one, other] = [sample(), sample()].map((value) => JSON.stringify(value));
    expect(await verify(delivery(one!, signed(one!)))).toBe('accepted');
    expect(onlyEvent(read(one!)).types).toContain(type);
    expect(onlyEvent(read(one!)).id).not.toBe(onlyEvent(read(other!)).id);
  }
});

test('the token is sealed', () => {
  const keys = { current: key('discord'), previous: undefined };
  const payload = hideCredentials(onlyEvent(read(command)).payload, provider.credentials ?? [], keys);
  expect(JSON.stringify(payload)).not.toContain('A_UNIQUE_TOKEN');
  expect(revealCredential((payload as { token: string }).token, keys)).toBe('A_UNIQUE_TOKEN');
});
