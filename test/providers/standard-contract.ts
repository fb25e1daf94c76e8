import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signBytes,
  verify,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { AnyProvider } from '../../src/define.ts';
import { headerOf, signed, withBody, withHeader } from '../conformance/requests.ts';
import { judgeCaptured } from '../conformance/run.ts';
import type { Captured } from '../../src/judge/captured.ts';

const now = new Date('2026-11-20T12:00:00Z');
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const bytes = (text: string) => Buffer.from(text);

/** A key pair in the spelling of the specification, by Node's own crypto, and a signature by it. */
export function keyPair() {
  const pair = generateKeyPairSync('ed25519');
  const raw = (key: { x?: string; d?: string }, field: 'x' | 'd') => Buffer.from(key[field]!, 'base64url');
  const seed = raw(pair.privateKey.export({ format: 'jwk' }), 'd');
  const point = raw(pair.publicKey.export({ format: 'jwk' }), 'x');
  return {
    publicKey: `whpk_${point.toString('base64')}`,
    privateKey: `whsk_${Buffer.concat([seed, point]).toString('base64')}`,
    signature: (id: string, time: string, body: string | Buffer) =>
      `v1a,${signBytes(null, Buffer.concat([bytes(`${id}.${time}.`), Buffer.from(body)]), pair.privateKey).toString('base64')}`,
    verifies: (id: string, time: string, body: Buffer, signature: string) =>
      verify(
        null,
        Buffer.concat([bytes(`${id}.${time}.`), body]),
        createPublicKey(createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))),
        Buffer.from(signature.replace(/^v1a,/, ''), 'base64'),
      ),
  };
}

/** Everyone who keeps to Standard Webhooks keeps this, whatever the headers begin with. */
export function standardContract(provider: AnyProvider, set: 'webhook-' | 'svix-'): void {
  const { name } = provider;
  const environment = { WEBHOOK_SECRET: secret };
  const text = '{"type":"user.created","timestamp":"2026-11-20T11:59:00Z","data":{"id":"user_1"}}';
  const request = (by: Record<string, string> = environment, at = now, body: string | Buffer = text) => {
    const { PRIVATE_KEY: privateKey, ...names } = by;
    return signed(provider, names, {
      body,
      type: 'user.created',
      at,
      id: 'msg_1',
      ...(privateKey !== undefined && { privateKey }),
    });
  };
  const judge = async (given: Captured, by: Record<string, string> = environment, at = now) =>
    await judgeCaptured(given, { name: provider.name, provider, environment: by, now: at });
  const said = async (...given: Parameters<typeof judge>) => {
    const judgement = await judge(...given);
    return judgement.accepted ? 'accepted' : judgement.refusal.reason;
  };
  const read = async (given: Captured) => {
    const judgement = await judge(given);
    if (!judgement.accepted) throw judgement.refusal;
    return judgement.events[0]!;
  };
  const seconds = (difference: number) => new Date(now.getTime() + difference * 1000);
  const signature = headerOf(request(), `${set}signature`);
  const withSignature = (...values: string[]) => withHeader(request(), `${set}signature`, ...values);
  const official = (body: string | Buffer, at = now, by = secret) =>
    withHeader(
      withBody(request(environment, at), body),
      `${set}signature`,
      new Webhook(by).sign('msg_1', at, body),
    );

  describe(`${name}, ${set}`, () => {
    test("fits the specification's published vector, whose body has no type", async () => {
      const vector: Captured = {
        method: 'POST',
        url: `/webhooks/${name}`,
        headers: [
          [`${set}id`, 'msg_p5jXN8AQM9LWM0D4loKWxJek'],
          [`${set}timestamp`, '1614265330'],
          [`${set}signature`, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
        ],
        body: Buffer.from('{"test": 2432232314}'),
      };
      const judgement = await judge(vector, environment, new Date(1_614_265_330_000));
      expect(judgement).toMatchObject({
        accepted: true,
        events: [{ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', types: ['untyped'], payload: { test: 2432232314 } }],
      });
    });

    test('agrees with the official library in both directions', async () => {
      const body = text.replace('user_1', 'ünï 🐎');
      expect(await said(official(body))).toBe('accepted');
      const at = new Date();
      const ours = request(environment, at, body);
      const headers = Object.fromEntries(
        ours.headers.map(([header, value]) => [header.replace(set, 'webhook-'), value]),
      );
      expect(new Webhook(secret).verify(ours.body.toString(), headers)).toEqual(JSON.parse(body));
    });

    test("reads the specification's example", async () => {
      const body = await readFile(
        new URL('fixtures/standard-webhooks/contact.created.json', import.meta.url),
      );
      expect(await read(official(body))).toMatchObject({
        id: 'msg_1',
        types: ['contact.created'],
        occurredAt: '2022-11-03T20:26:10.344Z',
      });
    });

    test.each([
      ['the body', withBody(request(), text.replace('user_1', 'user_2'))],
      ['the body, cut', withBody(request(), text.slice(0, -1))],
      ['the body, with a newline', withBody(request(), `${text}\n`)],
      ['no body', withBody(request(), '')],
      ['the id', withHeader(request(), `${set}id`, 'msg_2')],
      ['the time', withHeader(request(), `${set}timestamp`, String(now.getTime() / 1000 + 1))],
      ['the key', request({ WEBHOOK_SECRET: other })],
      [
        'the key, which is not the text of the secret',
        official(text, now, `whsec_${Buffer.from(secret).toString('base64')}`),
      ],
    ])('refuses another signature: %s', async (_name, given) => {
      expect(await said(given)).toBe('signature_mismatch');
    });

    test.each([
      ['no signature', withSignature(), 'signature_missing'],
      ['an empty one', withSignature(''), 'signature_missing'],
      ['another version', withSignature(signature.replace('v1,', 'v2,')), 'signature_missing'],
      ['v1 in upper case', withSignature(signature.replace('v1,', 'V1,')), 'signature_missing'],
      ['v1a with the HMAC', withSignature(signature.replace('v1,', 'v1a,')), 'signature_missing'],
      ['v11', withSignature(signature.replace('v1,', 'v11,')), 'signature_missing'],
      ['a bare digest', withSignature(signature.slice(3)), 'signature_missing'],
      ['a cut one', withSignature(signature.slice(0, -1)), 'signature_malformed'],
      ['a longer one', withSignature(`${signature}00`), 'signature_malformed'],
      ['nothing behind v1', withSignature('v1,'), 'signature_malformed'],
      [
        'hex',
        withSignature(`v1,${Buffer.from(signature.slice(3), 'base64').toString('hex')}`),
        'signature_malformed',
      ],
      ['base64url', withSignature(`v1,${'-_'.repeat(21)}a=`), 'signature_malformed'],
      ['no id', withHeader(request(), `${set}id`), 'signature_missing'],
      ['an empty id', withHeader(request(), `${set}id`, ''), 'signature_missing'],
      ['two ids', withHeader(request(), `${set}id`, 'msg_1', 'msg_1'), 'signature_repeated'],
      ['no time', withHeader(request(), `${set}timestamp`), 'timestamp_missing'],
      ['two times', withHeader(request(), `${set}timestamp`, '1', '2'), 'signature_repeated'],
      ['milliseconds in words', withHeader(request(), `${set}timestamp`, '1e9'), 'signature_malformed'],
      ['a time below zero', withHeader(request(), `${set}timestamp`, '-1'), 'signature_malformed'],
    ])('refuses %s', async (_name, given, reason) => {
      expect(await said(given)).toBe(reason);
    });

    test('the unused bits of base64 must be zero, so that a signature has one spelling', async () => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
      const last = alphabet.indexOf(signature.at(-2)!);
      const respelt = `${signature.slice(0, -2)}${alphabet[last ^ 1]}=`;
      expect(Buffer.from(respelt, 'base64').equals(Buffer.from(signature, 'base64'))).toBe(true);
      expect(await said(withSignature(respelt))).toBe('signature_malformed');
    });

    test('the list may hold others, before and behind, and may come folded or in several headers', async () => {
      const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;
      for (const values of [
        [`${wrong} ${signature}`],
        [`${signature} ${wrong} v1a,AAAA junk ,`],
        [`v2,AAAA  ${signature} `],
        [`${wrong}, ${signature}`],
        [wrong, signature],
        [signature, signature],
      ]) {
        expect([values, await said(withSignature(...values))]).toEqual([values, 'accepted']);
      }
      expect(await said(withSignature(`${wrong} ${wrong}`))).toBe('signature_mismatch');
    });

    test('accepts 300 s either way, and refuses 301', async () => {
      expect(await said(request(), environment, seconds(300))).toBe('accepted');
      expect(await said(request(), environment, seconds(-300))).toBe('accepted');
      expect(await said(request(), environment, seconds(301))).toBe('timestamp_stale');
      expect(await said(request(), environment, seconds(-301))).toBe('timestamp_future');
      const strict = { ...environment, WEBHOOK_TOLERANCE_SECONDS: '10' };
      expect(await said(request(), strict, seconds(11))).toBe('timestamp_stale');
      expect(await said(request(), strict, seconds(-11))).toBe('timestamp_future');
    });

    test('accepts either of two secrets, and no third', async () => {
      const both = { WEBHOOK_SECRET: other, WEBHOOK_SECRET_PREVIOUS: secret };
      expect(await said(request({ WEBHOOK_SECRET: other }), both)).toBe('accepted');
      expect(await said(request(), both)).toBe('accepted');
      const third = { WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}` };
      expect(await said(request(third), both)).toBe('signature_mismatch');
    });

    describe('with a public key', () => {
      const [key, old, stranger] = [keyPair(), keyPair(), keyPair()];
      const time = String(now.getTime() / 1000);
      const asymmetric = { PUBLIC_KEY: key.publicKey };
      const both = { ...asymmetric, ...environment };
      const v1a = key.signature('msg_1', time, text);

      test('accepts an Ed25519 signature, made by Node itself', async () => {
        expect(await said(withSignature(v1a), asymmetric)).toBe('accepted');
        expect(await said(withSignature(`${signature} ${v1a}`), asymmetric)).toBe('accepted');
      });

      test('what it signs is verified by Node itself, v1 beside v1a where both are held', () => {
        const list = headerOf(request({ ...both, PRIVATE_KEY: key.privateKey }), `${set}signature`);
        const [hmac, ed25519] = list.split(' ');
        expect(hmac).toBe(signature);
        expect(key.verifies('msg_1', time, bytes(text), ed25519!)).toBe(true);
      });

      test('a v1 alone does not do, though its secret is held too', async () => {
        expect(await said(request(), both)).toBe('signature_missing');
        expect(await said(request(), asymmetric)).toBe('signature_missing');
      });

      test('nor does a right v1 beside a wrong v1a', async () => {
        const wrong = stranger.signature('msg_1', time, text);
        expect(await said(withSignature(`${signature} ${wrong}`), both)).toBe('signature_mismatch');
        expect(await said(withSignature(`${signature} v1a,AAAA`), both)).toBe('signature_malformed');
      });

      test('a v1a alone does, though a secret is held too', async () => {
        expect(await said(withSignature(v1a), both)).toBe('accepted');
      });

      test('with a secret alone, a v1a proves nothing', async () => {
        expect(await said(withSignature(v1a), environment)).toBe('signature_missing');
      });

      test('an HMAC by the public key, which everybody knows, is no signature', async () => {
        const confused = new Webhook(key.publicKey.replace('whpk_', 'whsec_')).sign('msg_1', now, text);
        expect(await said(withSignature(confused), both)).toBe('signature_missing');
        expect(await said(withSignature(confused.replace('v1,', 'v1a,')), asymmetric)).toBe(
          'signature_malformed',
        );
      });

      test('accepts either of two keys, and no third', async () => {
        const rotated = { PUBLIC_KEY: key.publicKey, PUBLIC_KEY_PREVIOUS: old.publicKey };
        expect(await said(withSignature(v1a), rotated)).toBe('accepted');
        expect(await said(withSignature(old.signature('msg_1', time, text)), rotated)).toBe('accepted');
        expect(await said(withSignature(stranger.signature('msg_1', time, text)), rotated)).toBe(
          'signature_mismatch',
        );
      });

      test('refuses a changed body, id or time, and a stale time', async () => {
        const given = withSignature(v1a);
        expect(await said(withBody(given, `${text} `), asymmetric)).toBe('signature_mismatch');
        expect(await said(withHeader(given, `${set}id`, 'msg_2'), asymmetric)).toBe('signature_mismatch');
        expect(await said(withHeader(given, `${set}timestamp`, '1'), asymmetric)).toBe('signature_mismatch');
        expect(await said(given, asymmetric, seconds(301))).toBe('timestamp_stale');
      });

      test('a sender without its private key is told so', () => {
        expect(() => request(asymmetric)).toThrow('PRIVATE_KEY is not set');
      });
    });

    test.each([
      [{}, 'WEBHOOK_SECRET', 'nor is PUBLIC_KEY'],
      [{ WEBHOOK_SECRET: '' }, 'WEBHOOK_SECRET', 'must be whsec_'],
      [{ WEBHOOK_SECRET: 'whsec_' }, 'WEBHOOK_SECRET', 'must be whsec_'],
      [{ WEBHOOK_SECRET: secret.slice('whsec_'.length) }, 'WEBHOOK_SECRET', 'must be whsec_'],
      [{ WEBHOOK_SECRET: `${secret}\n` }, 'WEBHOOK_SECRET', 'has blanks around it'],
      [{ WEBHOOK_SECRET: ` ${secret}` }, 'WEBHOOK_SECRET', 'has blanks around it'],
      [{ WEBHOOK_SECRET: `whsec_${Buffer.alloc(23).toString('base64')}` }, 'WEBHOOK_SECRET', '24 to 64'],
      [{ WEBHOOK_SECRET: `whsec_${Buffer.alloc(65).toString('base64')}` }, 'WEBHOOK_SECRET', '24 to 64'],
      [{ WEBHOOK_SECRET: secret, WEBHOOK_SECRET_PREVIOUS: 'x' }, 'WEBHOOK_SECRET_PREVIOUS', 'must be whsec_'],
      [{ WEBHOOK_SECRET: secret, PUBLIC_KEY: secret }, 'PUBLIC_KEY', 'must be whpk_'],
      [{ PUBLIC_KEY: `whpk_${Buffer.alloc(31).toString('base64')}` }, 'PUBLIC_KEY', '32 bytes'],
      [
        { WEBHOOK_SECRET: secret, PUBLIC_KEY_PREVIOUS: keyPair().publicKey },
        'PUBLIC_KEY',
        'PUBLIC_KEY_PREVIOUS is',
      ],
      [
        { PUBLIC_KEY: keyPair().publicKey, WEBHOOK_SECRET_PREVIOUS: secret },
        'WEBHOOK_SECRET',
        'WEBHOOK_SECRET_PREVIOUS is',
      ],
    ])('%j is no proof', (names, path, message) => {
      const { error } = provider.proof.safeParse(names);
      expect(error?.issues[0]?.path).toEqual([path]);
      expect(error?.issues[0]?.message).toContain(message);
    });

    test.each([
      ['no JSON', '{"type": ', 'not_json'],
      ['nothing', '', 'not_json'],
      ['null', 'null', 'field_malformed'],
      ['a list', '[]', 'field_malformed'],
      ['a text', '"text"', 'field_malformed'],
      ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'not_utf8'],
    ])('verifies %s, and cannot read it', async (_name, body, reason) => {
      expect(await said(request(environment, now, body))).toBe(reason);
    });

    test('the id is the signed one, the same when the sender tries again', async () => {
      const first = await read(request());
      const again = await read(request(environment, seconds(60)));
      expect(first).toMatchObject({
        id: 'msg_1',
        types: ['user.created'],
        occurredAt: '2026-11-20T11:59:00.000Z',
      });
      expect(again).toEqual(first);
      expect(first.key).toBeUndefined();
    });

    test.each([
      ['no type', '{"data":{}}', ['untyped']],
      ['an empty type', '{"type":""}', ['untyped']],
      ['a type that is an object', '{"type":{}}', ['untyped']],
      ['a number', '{"type":7}', ['7']],
    ])('a body with %s is genuine all the same', async (_name, body, types) => {
      expect((await read(request(environment, now, body))).types).toEqual(types);
    });

    test.each(['2026-11-20 11:59:00', 1_700_000_000, null, 'yesterday'])(
      'a timestamp that is %j is no moment',
      async (timestamp) => {
        const body = JSON.stringify({ type: 'a', timestamp });
        expect((await read(request(environment, now, body))).occurredAt).toBeUndefined();
      },
    );

    test('every sample is accepted, and read under its type', async () => {
      const samples = Object.entries(provider.samples as Record<string, () => unknown>);
      expect(samples.length).toBeGreaterThanOrEqual(10);
      for (const [type, sample] of samples) {
        const event = await read(request(environment, now, JSON.stringify(sample())));
        expect(event.types).toEqual([type]);
        expect(sample()).not.toEqual(sample());
      }
    });

    test('development makes a proof of its own', () => {
      expect(provider.proof.safeParse(provider.develop?.()).success).toBe(true);
    });
  });
}
