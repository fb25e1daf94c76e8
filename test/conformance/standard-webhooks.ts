import { generateKeyPairSync, sign } from 'node:crypto';
import type { AnyProvider } from '../../src/define.ts';
import type { Captured } from '../../src/judge/captured.ts';
import { standardWebhooks } from '../../src/providers/standard-webhooks.ts';
import { svix } from '../../src/providers/svix.ts';
import type { ConformanceCase, ConformanceSuite } from './conformance.ts';
import { headerOf, withHeader } from './requests.ts';
import { now, secret, standardCases } from './standard.ts';

const bodyWith = (text: string) => `{"type":"user.created","data":{"id":"user_1","name":"${text}"}}`;

/** github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md; v1 signed by its library, v1a by Node. */
export function standardWebhooksSuite(): ConformanceSuite {
  return suiteOf(standardWebhooks(), 'webhook-', []);
}

/** docs.svix.com/receiving/verifying-payloads/how-manual: the same scheme, in one whole set of headers of two. */
export function svixSuite(): ConformanceSuite {
  const provider = svix();
  const { base } = scheme(provider, 'svix-');
  const renamed = (request: Captured, only = /./): Captured => ({
    ...request,
    headers: request.headers
      .filter(([name]) => only.test(name))
      .map(([name, value]) => [name.replace('svix-', 'webhook-'), value] as const),
  });
  const beside = (one: Captured, other: Captured): Captured => ({
    ...one,
    headers: [...one.headers, ...other.headers],
  });
  return suiteOf(provider, 'svix-', [
    {
      kind: 'official signer',
      title: 'the whole set as webhook-*',
      request: renamed(base),
      expect: { ids: ['msg_1'], types: ['user.created'] },
    },
    {
      kind: 'downgrade',
      title: 'a mix: svix-signature with webhook-id and webhook-timestamp',
      request: renamedBut(base, 'svix-signature'),
      expect: { refused: 'signature_missing' },
    },
    {
      kind: 'replay under another id',
      title: 'a whole webhook-* set of another id beside it is not read',
      request: beside(base, withHeader(renamed(base, /^svix-/), 'webhook-id', 'msg_2')),
      expect: { ids: ['msg_1'] },
    },
  ]);
}

const scheme = (provider: AnyProvider, set: 'webhook-' | 'svix-') =>
  standardCases({ provider, set, variable: 'WEBHOOK_SECRET', type: 'user.created', bodyWith });

const renamedBut = (request: Captured, kept: string): Captured => ({
  ...request,
  headers: request.headers.map(
    ([name, value]) => [name === kept ? name : name.replace('svix-', 'webhook-'), value] as const,
  ),
});

function suiteOf(
  provider: AnyProvider,
  set: 'webhook-' | 'svix-',
  own: readonly ConformanceCase[],
): ConformanceSuite {
  const { base, cases, environment, read, signature, withSignature } = scheme(provider, set);
  const [key, old] = [keyPair(), keyPair()];
  const signed = `msg_1.${headerOf(base, `${set}timestamp`)}.${base.body.toString()}`;
  const asymmetric = { PUBLIC_KEY: key.publicKey };
  const both = { ...asymmetric, ...environment };
  return {
    name: provider.name,
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [`${set}id`, `${set}timestamp`, `${set}signature`] },
    cases: [
      {
        kind: 'published vector',
        title: "the specification's secret, id, time, body and signature; its body has no type",
        request: {
          method: 'POST',
          url: `/webhooks/${provider.name}`,
          headers: [
            [`${set}id`, 'msg_p5jXN8AQM9LWM0D4loKWxJek'],
            [`${set}timestamp`, '1614265330'],
            [`${set}signature`, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
          ],
          body: Buffer.from('{"test": 2432232314}'),
        },
        environment: { WEBHOOK_SECRET: secret },
        now: new Date(1_614_265_330_000),
        expect: { ids: ['msg_p5jXN8AQM9LWM0D4loKWxJek'], types: ['untyped'] },
      },
      ...cases,
      {
        kind: 'official signer',
        title: 'v1a, signed by Node itself',
        request: withSignature(key.sign(signed)),
        environment: asymmetric,
        expect: read,
      },
      {
        kind: 'forged',
        title: 'v1a by the key of somebody else',
        request: withSignature(keyPair().sign(signed)),
        environment: asymmetric,
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'rotated proof',
        title: 'v1a by the previous key',
        request: withSignature(old.sign(signed)),
        environment: { ...asymmetric, PUBLIC_KEY_PREVIOUS: old.publicKey },
        expect: read,
      },
      {
        kind: 'downgrade',
        title: 'a right v1 alone, where a public key is set',
        request: withSignature(signature),
        environment: both,
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'a right v1 beside a wrong v1a, where a public key is set',
        request: withSignature(`${signature} ${old.sign(signed)}`),
        environment: both,
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'downgrade',
        title: 'a right v1a beside a wrong v1, where both keys are set: v1a is what is demanded',
        request: withSignature(`v1,${Buffer.alloc(32).toString('base64')} ${key.sign(signed)}`),
        environment: both,
        expect: read,
      },
      ...own,
    ],
    without: { handshake: 'the scheme asks nothing' },
  };
}

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64')}`,
    sign: (text: string) => `v1a,${sign(null, Buffer.from(text), privateKey).toString('base64')}`,
  };
}
