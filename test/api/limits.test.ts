import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLimiter } from '../../src/api/limiter.ts';
import { problems } from '../../src/errors.ts';
import { signed, testApp, type Answered, type TestApp, type TestAppOptions } from './support.ts';

// The date alone: sockets and time limits run as ever.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);

const paid = '{"id":"e1","type":"payment.succeeded","data":{}}';
const forged = { 'x-webhook-signature': 'f'.repeat(64) };
const genuine = () => signed('/webhooks/payment', paid);
const from = (address: string) => ({ 'x-forwarded-for': address });

const limited = (options: TestAppOptions = {}) =>
  testApp({ trustProxy: 'loopback', refusalLimiter: refusals(3, 60), ...options });
const refusals = (limit: number, windowSeconds: number) =>
  createLimiter({ limit, windowSeconds }, { policy: 'refusals' });
const deliveries = (limit: number, windowSeconds: number) =>
  createLimiter({ limit, windowSeconds }, { policy: 'deliveries' });

/** Posts a delivery to `payment` with these headers, as often; gives the last answer. */
async function send(app: TestApp, headers: Record<string, string>, times = 1): Promise<Answered> {
  const answers: Answered[] = [];
  for (let n = 0; n < times; n++) answers.push(await app.post('/webhooks/payment', paid, headers));
  return answers.at(-1)!;
}

function expectLimited({ status, headers, body }: Answered, says: Record<string, string>): void {
  expect(status).toBe(429);
  expect(headers).toMatchObject({ 'content-type': 'application/problem+json', ...says });
  expect(JSON.parse(body)).toEqual({
    type: 'urn:everhook:problem:rate_limited',
    title: 'Rate limited',
    status: 429,
    code: 'rate_limited',
    detail: problems.rate_limited.detail,
  });
}

describe('the refusal limit', () => {
  test('answers 401 a hundred times in a minute, then 429 that says when to try again', async () => {
    const app = await testApp({ refusalLimiter: refusals(100, 60) });
    const hundredth = await send(app, forged, 100);
    expect(hundredth.status).toBe(401);
    expect(Object.keys(hundredth.headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
    pass(18);
    expectLimited(await send(app, forged), {
      'retry-after': '42',
      'ratelimit-policy': '"refusals";q=100;w=60',
      ratelimit: '"refusals";r=0;t=42',
    });
  });

  test('tells operators what was wrong with the proof, and counts it as refused', async () => {
    const app = await limited();
    await send(app, forged, 4);
    expect(app.observed.slice(2)).toMatchObject([
      { kind: 'refused', source: 'payment', code: 'signature_invalid', reason: 'signature_mismatch' },
      {
        kind: 'refused',
        source: 'payment',
        code: 'rate_limited',
        reason: 'too_many_refusals',
        note: 'signature_invalid: signature_mismatch',
      },
    ]);
    expect(app.accepted).toHaveLength(0);
  });

  test('never refuses a valid proof, nor counts it', async () => {
    const app = await limited();
    expect((await send(app, forged, 5)).status).toBe(429);
    const valid = await send(app, genuine(), 5);
    expect(valid.status).toBe(200);
    expect(valid.headers).not.toHaveProperty('ratelimit');
    const fresh = await limited();
    expect((await send(fresh, genuine(), 10)).status).toBe(200);
    expect((await send(fresh, forged, 3)).status).toBe(401);
    expect((await send(fresh, forged)).status).toBe(429);
  });

  test('counts failed proofs alone: other refusals keep their codes', async () => {
    const app = await limited();
    for (let n = 0; n < 5; n++) {
      expect((await app.post('/webhooks/payment', '{')).status).toBe(400);
      expect((await app.post('/webhooks/none', paid, {})).status).toBe(404);
      expect((await app.call('GET', '/webhooks/payment')).status).toBe(405);
    }
    expect((await send(app, forged, 3)).status).toBe(401);
    expect((await send(app, forged)).status).toBe(429);
    expect((await app.post('/webhooks/payment', '{')).status).toBe(400);
  });

  test('is of an address over all sources', async () => {
    const app = await limited();
    await send(app, forged, 3);
    expect((await app.post('/webhooks/stripe', paid, {})).status).toBe(429);
  });

  test('ends with its window', async () => {
    const app = await limited();
    expect((await send(app, forged, 4)).status).toBe(429);
    pass(59);
    expect((await send(app, forged)).status).toBe(429);
    pass(1);
    expect((await send(app, forged, 3)).status).toBe(401);
    expect((await send(app, forged)).status).toBe(429);
  });

  test('leaves other addresses alone', async () => {
    const app = await limited();
    expect((await send(app, { ...forged, ...from('192.0.2.1') }, 4)).status).toBe(429);
    expect((await send(app, { ...forged, ...from('192.0.2.2') })).status).toBe(401);
    expect((await send(app, forged)).status).toBe(401);
  });

  test('takes the IPv6 addresses of a /64 for one, and those of another /64 for another', async () => {
    const app = await limited();
    for (const address of ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1:ffff:ffff:ffff:ffff']) {
      expect((await send(app, { ...forged, ...from(address) })).status).toBe(401);
    }
    expect((await send(app, { ...forged, ...from('2001:db8:0:1::abcd') })).status).toBe(429);
    expect((await send(app, { ...forged, ...from('2001:db8:0:2::1') })).status).toBe(401);
  });

  test('takes an IPv4 address that IPv6 maps for that IPv4 address', async () => {
    const app = await limited();
    await send(app, { ...forged, ...from('::ffff:192.0.2.1') }, 3);
    expect((await send(app, { ...forged, ...from('192.0.2.1') })).status).toBe(429);
    expect((await send(app, { ...forged, ...from('::ffff:192.0.2.2') })).status).toBe(401);
  });

  test('believes no X-Forwarded-For of a peer that is not trusted', async () => {
    const app = await limited({ trustProxy: '192.0.2.0/24' });
    for (const n of [1, 2, 3]) {
      expect((await send(app, { ...forged, ...from(`198.51.100.${n}`) })).status).toBe(401);
    }
    expect((await send(app, { ...forged, ...from('198.51.100.4') })).status).toBe(429);
    expect(new Set(app.observed.map(({ remoteAddress }) => remoteAddress))).toEqual(new Set(['127.0.0.1']));
  });

  test('takes the address that the nearest proxy saw, whatever the sender put before it', async () => {
    const app = await limited();
    for (const n of [1, 2, 3]) {
      expect((await send(app, { ...forged, ...from(`198.51.100.${n}, 192.0.2.1`) })).status).toBe(401);
    }
    expect((await send(app, { ...forged, ...from('198.51.100.4, 192.0.2.1') })).status).toBe(429);
  });

  test('is off without a limiter', async () => {
    const app = await testApp();
    expect((await send(app, forged, 150)).status).toBe(401);
  });
});

describe("a source's limit", () => {
  test('takes so many proven deliveries, then answers 429 that says when to try again', async () => {
    const app = await testApp({ paymentLimiter: deliveries(100, 60) });
    const hundredth = await send(app, genuine(), 100);
    expect(hundredth).toMatchObject({
      status: 200,
      headers: { 'ratelimit-policy': '"deliveries";q=100;w=60', ratelimit: '"deliveries";r=0;t=60' },
    });
    expect(hundredth.headers).not.toHaveProperty('retry-after');
    pass(18);
    expectLimited(await send(app, genuine()), {
      'retry-after': '42',
      'ratelimit-policy': '"deliveries";q=100;w=60',
      ratelimit: '"deliveries";r=0;t=42',
    });
    expect(app.accepted).toHaveLength(100);
    expect(app.observed.at(-1)).toMatchObject({ code: 'rate_limited', reason: 'source_limit' });
    pass(42);
    expect((await send(app, genuine())).status).toBe(200);
  });

  test('counts all addresses together', async () => {
    const app = await testApp({ trustProxy: 'loopback', paymentLimiter: deliveries(2, 60) });
    expect((await send(app, { ...genuine(), ...from('192.0.2.1') }, 2)).status).toBe(200);
    expect((await send(app, { ...genuine(), ...from('192.0.2.2') })).status).toBe(429);
  });

  test('is not used up by what cannot be proven', async () => {
    const app = await testApp({ paymentLimiter: deliveries(1, 60) });
    expect((await send(app, forged, 5)).status).toBe(401);
    expect((await send(app, genuine())).status).toBe(200);
  });

  test('leaves other sources alone', async () => {
    const app = await testApp({ paymentLimiter: deliveries(1, 60) });
    expect((await send(app, genuine(), 2)).status).toBe(429);
    const other = await app.post('/webhooks/stripe', '{"id":"evt_1","type":"a.b"}');
    expect(other.status).toBe(200);
    expect(other.headers).not.toHaveProperty('ratelimit');
  });
});

describe('the HTTPS rule', () => {
  const https = { 'x-forwarded-proto': 'https' };
  const outcome = async (trustProxy: TestAppOptions['trustProxy'], headers: Record<string, string>) => {
    const app = await testApp({ development: false, ...(trustProxy !== undefined && { trustProxy }) });
    const { status } = await send(app, { ...genuine(), ...headers });
    const [observed] = app.observed;
    return status === 403 ? observed?.kind === 'refused' && observed.code : status;
  };

  test.each([
    ['a peer that nobody trusts says https', undefined, https],
    ['a peer outside the trusted networks says https', '10.0.0.0/8,192.0.2.1', https],
    ['a trusted proxy says http', 'loopback', { 'x-forwarded-proto': 'http' }],
    ['a trusted proxy says nothing', 'loopback', {}],
    ['a trusted proxy says it in a header that is not read', 'loopback', { forwarded: 'proto=https' }],
  ] as const)('refuses plain HTTP in production where %s', async (_name, trustProxy, headers) => {
    expect(await outcome(trustProxy, headers)).toBe('https_required');
  });

  test.each(['loopback', '127.0.0.1', '192.0.2.0/24, 127.0.0.0/8, ::1', 1, 2] as const)(
    'takes https from a proxy that %j names',
    async (trustProxy) => {
      expect(await outcome(trustProxy, https)).toBe(200);
    },
  );

  test('is for webhooks alone: health is answered over plain HTTP', async () => {
    const app = await testApp({ development: false });
    expect((await app.call('GET', '/healthz')).status).toBe(200);
    expect((await app.call('GET', '/readyz')).status).toBe(200);
  });

  test('comes before everything else: not even the source is told', async () => {
    const app = await testApp({ development: false, refusalLimiter: refusals(1, 60) });
    for (let n = 0; n < 3; n++) {
      expect((await app.post('/webhooks/none', paid, {})).status).toBe(403);
      expect((await send(app, forged)).status).toBe(403);
    }
  });

  test('development takes plain HTTP from this machine, also through a proxy on it', async () => {
    const app = await testApp({ development: true, trustProxy: 'loopback' });
    expect((await send(app, { ...genuine(), ...from('198.51.100.1') })).status).toBe(200);
  });
});
