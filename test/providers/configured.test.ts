import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { proofNames, readProof, settled, settledProvider } from '../../src/config.ts';
import { defineGateway, source, type AnyProvider, type Gateway } from '../../src/define.ts';
import { developmentSecrets } from '../../src/dev/secrets.ts';
import { ConfigError } from '../../src/errors.ts';
import { judge } from '../../src/judge/judge.ts';
import { configured } from '../../src/providers/configured.ts';
import { payment } from '../../src/providers/payment.ts';
import { DeliveryHeaders } from '../../src/providers/provider.ts';

const secret = { PARTNER_WEBHOOK_SECRET: 'secret' };
const schemeOf = (scheme: unknown) => ({
  PARTNER_WEBHOOK_SCHEME: typeof scheme === 'string' ? scheme : JSON.stringify(scheme),
});
const proofOf = (environment: Record<string, string>) =>
  readProof('partner', configured(), (name) => environment[name]);
const complaintOf = (environment: Record<string, string>): string => {
  try {
    proofOf(environment);
    return 'none';
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message.replace(/^the source partner has no valid proof: /, '');
    throw error;
  }
};
const body = Buffer.from('{"event":{"id":"e-1","name":"order.paid"},"shop":9007199254740993}');
const captured = (headers: Record<string, string>, url = '/webhooks/partner') => ({
  method: 'POST',
  url,
  headers: Object.entries(headers),
  body,
});
const judged = async (
  environment: Record<string, string>,
  headers: Record<string, string>,
  url?: string,
): Promise<string> => {
  const judgement = await judge(
    captured(headers, url),
    { name: 'partner', provider: configured() },
    { environment, now: new Date() },
  );
  if (!judgement.accepted) return judgement.refusal.reason;
  return judgement.events.map(({ id, types, key }) => `${id} ${types.join(' ')} ${key ?? '–'}`).join('\n');
};
const places = { id: '/event/id', type: '/event/name', key: '/shop' };
const read = 'e-1 order.paid 9007199254740993';

describe('a scheme', () => {
  const digest = createHmac('sha1', 'secret').update(body).digest('base64');

  test.each([
    [
      { kind: 'hmac', header: 'X-Sig', algorithm: 'sha1', encoding: 'base64', prefix: 'v=' },
      secret,
      { 'x-sig': `v=${digest}` },
    ],
    [{ kind: 'bearer' }, { PARTNER_WEBHOOK_TOKEN: 't' }, { authorization: 'Bearer t' }],
    [{ kind: 'bearer', header: 'x-key' }, { PARTNER_WEBHOOK_TOKEN: 't' }, { 'x-key': 't' }],
    [{ kind: 'basic' }, { PARTNER_WEBHOOK_BASIC: 'u:p' }, { authorization: 'Basic dTpw' }],
  ])('%j proves and reads', async (scheme, names, headers) => {
    const environment = { ...schemeOf({ ...scheme, ...places }), ...names };
    expect(await judged(environment, headers)).toBe(read);
    expect(await judged(environment, {})).toBe('signature_missing');
  });

  test('may be a path token, and may demand one besides', async () => {
    const environment = { ...schemeOf({ kind: 'path', ...places }), PARTNER_WEBHOOK_PATH_TOKEN: 'p' };
    expect(await judged(environment, {}, '/webhooks/partner/p')).toBe(read);
    expect(await judged(environment, {}, '/webhooks/partner/q')).toBe('token_mismatch');
    const both = {
      ...schemeOf({ kind: 'bearer', ...places }),
      PARTNER_WEBHOOK_TOKEN: 't',
      PARTNER_WEBHOOK_PATH_TOKEN: 'p',
    };
    expect(await judged(both, { authorization: 'Bearer t' }, '/webhooks/partner/p')).toBe(read);
    expect(await judged(both, { authorization: 'Bearer t' })).toBe('signature_missing');
  });

  test('demands its own proof, whatever else is set', () => {
    expect(complaintOf({ ...schemeOf({ kind: 'hmac' }), PARTNER_WEBHOOK_TOKEN: 't' })).toBe(
      'PARTNER_WEBHOOK_SECRET is not set',
    );
    expect(complaintOf({ ...schemeOf({ kind: 'ed25519' }), ...secret })).toBe(
      'PARTNER_PUBLIC_KEY is not set',
    );
    expect(complaintOf({ ...schemeOf({ kind: 'ed25519' }), PARTNER_PUBLIC_KEY: 'x' })).toBe(
      'PARTNER_PUBLIC_KEY: must be the 32 bytes of an Ed25519 key, in hex or base64',
    );
    expect(complaintOf({ ...schemeOf({ kind: 'path' }), ...secret })).toBe(
      'PARTNER_WEBHOOK_PATH_TOKEN is not set',
    );
    expect(complaintOf({ ...schemeOf({ kind: 'basic' }), PARTNER_WEBHOOK_BASIC: 'u' })).toBe(
      'PARTNER_WEBHOOK_BASIC: must be user:password',
    );
  });

  test.each([
    ['{', 'must be a JSON object'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    [{}, 'kind must be hmac, ed25519, bearer, basic or path'],
    [{ kind: 'HMAC' }, 'kind must be hmac, ed25519, bearer, basic or path'],
    [{ kind: 'constructor' }, 'kind must be hmac, ed25519, bearer, basic or path'],
    [{ kind: 'hmac', algorithm: 'md5' }, 'algorithm must be sha1, sha256 or sha512'],
    [{ kind: 'hmac', encoding: 'base32' }, 'encoding must be hex, base64 or base64url'],
    [{ kind: 'hmac', header: 5 }, 'header must be a text'],
    [{ kind: 'hmac', header: '' }, 'header is no name of a header: nothing'],
    [{ kind: 'hmac', secret: 'x' }, 'hmac has no secret'],
    [{ kind: 'ed25519', algorithm: 'sha256' }, 'ed25519 has no algorithm'],
    [{ kind: 'path', header: 'x', prefix: 'y' }, 'path has no header, no prefix'],
    [{ kind: 'hmac', id: 'id' }, 'id is neither header:<name> nor a JSON Pointer: id'],
    [{ kind: 'hmac', signed: '{url}{body}' }, 'signed knows {body} and {timestamp}, not {url}'],
    [{ kind: 'hmac', signed: '{timestamp}.{body}' }, '{timestamp} in signed and timestampHeader go together'],
    [
      { kind: 'hmac', algorithm: 1, encoding: 2 },
      'encoding must be hex, base64 or base64url; algorithm must be sha1, sha256 or sha512',
    ],
  ])('%j stops the start: %s', (scheme, message) => {
    expect(complaintOf({ ...schemeOf(scheme), ...secret })).toBe(`PARTNER_WEBHOOK_SCHEME: ${message}`);
  });

  test('that is not set stops the start', () => {
    expect(complaintOf(secret)).toBe('PARTNER_WEBHOOK_SCHEME is not set');
  });

  test('of any JSON is taken or complained of, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            kind: fc.oneof(fc.constantFrom('hmac', 'ed25519', 'bearer', 'basic', 'path'), fc.jsonValue()),
            header: fc.jsonValue(),
            signed: fc.jsonValue(),
            id: fc.jsonValue(),
            type: fc.string(),
          },
          { requiredKeys: [] },
        ),
        (scheme) => typeof complaintOf({ ...schemeOf(scheme), ...secret }) === 'string',
      ),
    );
  });
});

describe('a gateway with a configured source', () => {
  const gateway = defineGateway({
    sources: { partner: source(configured(), { retentionDays: 7 }), payment: source(payment()) },
    routes: {},
    workflowsPath: '',
    activities: {},
  });
  const setting = (environment: Record<string, string>) => ({ setting: (name: string) => environment[name] });

  test('is settled by the environment; other sources and options stay', () => {
    const scheme = schemeOf({ kind: 'hmac', header: 'X-Sig', id: 'header:X-Id' });
    const { partner, payment: other } = settled(gateway, setting({ ...scheme, ...secret })).sources;
    expect(partner?.options).toEqual({ retentionDays: 7 });
    expect(partner?.provider.keepHeaders).toEqual(['x-sig', 'x-id']);
    expect(proofNames(partner!.provider.proof)).toContain('WEBHOOK_SECRET');
    expect(other).toEqual(gateway.sources.payment);
  });

  test('is read where only the scheme is known, as a worker knows it', () => {
    const provider = settledProvider(
      'partner',
      configured(),
      (name) => schemeOf({ kind: 'hmac', ...places })[name as never],
    );
    const reading = provider.read({
      method: 'POST',
      url: '/webhooks/partner',
      headers: new DeliveryHeaders([]),
      body,
      receivedAt: new Date(),
    });
    expect(reading).toMatchObject({ events: [{ id: 'e-1', types: ['order.paid'] }] });
  });

  test('stays as it is without a scheme, or with a wrong one, of which its proof complains', () => {
    expect(settled(gateway, setting(secret)).sources['partner']?.provider).toBe(
      gateway.sources.partner.provider,
    );
    expect(settled(gateway, setting(schemeOf('{'))).sources['partner']?.provider).toBe(
      gateway.sources.partner.provider,
    );
  });
});

describe('development', () => {
  const gateway = { sources: { partner: source(configured()) } } as unknown as Gateway;
  const madeFor = async (environment: Record<string, string>): Promise<string[]> => {
    const home = await mkdtemp(join(tmpdir(), 'everhook-configured-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const config = { home, sources: ['partner'], setting: (name: string) => environment[name] };
    return Object.keys((await developmentSecrets(gateway, config)).values);
  };

  test.each([
    [{}, ['PARTNER_WEBHOOK_SCHEME', 'PARTNER_WEBHOOK_SECRET']],
    [schemeOf({ kind: 'bearer' }), ['PARTNER_WEBHOOK_TOKEN']],
    [schemeOf({ kind: 'ed25519' }), ['PARTNER_PUBLIC_KEY', 'PARTNER_PRIVATE_KEY']],
    [{ ...schemeOf({ kind: 'basic' }), PARTNER_WEBHOOK_BASIC: 'u:p' }, []],
    [schemeOf({ kind: 'nonsense' }), []],
  ])('with %j set makes up %j', async (environment, made) => {
    expect(await madeFor(environment)).toEqual(made);
  });

  test('makes a scheme and a secret up', () => {
    const made = configured().develop!();
    const provider: AnyProvider = configured().settle!(made)!;
    const proof: unknown = provider.proof.parse(made);
    const body = Buffer.from(
      JSON.stringify((provider.samples as Record<string, () => unknown>)['example']?.()),
    );
    const headers = provider.sign({ method: 'POST', url: '', body, type: 'example' }, proof, new Date());
    expect(Object.keys(headers)).toContain('x-webhook-signature');
  });

  test.each([
    [{ kind: 'path', id: '/a/b', type: '/a/c' }, { a: { b: expect.any(String), c: 'example' } }],
    [{ kind: 'path', type: 'header:x-type' }, { sample: expect.any(String) }],
    [
      { kind: 'path', id: '/__proto__/x', type: '/type' },
      { type: 'example', ['__proto__']: { x: expect.any(String) } },
    ],
  ])('has a sample for any scheme: %j', (scheme, expected) => {
    const provider: AnyProvider = configured().settle!({ WEBHOOK_SCHEME: JSON.stringify(scheme) })!;
    const sample = (provider.samples as Record<string, () => unknown>)['example']!;
    expect(sample()).toEqual(expected);
    expect(sample()).not.toEqual(sample());
  });
});
