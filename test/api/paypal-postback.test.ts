import { beforeAll, describe, expect, test, vi, onTestFinished } from 'vitest';
import { readySources } from '../../src/app.ts';
import { createAsk, type AskInTime, type AskOptions } from '../../src/api/ask.ts';
import { receive } from '../../src/api/receive.ts';
import { readConfig } from '../../src/config.ts';
import { defineGateway, source } from '../../src/define.ts';
import { WebhookError } from '../../src/errors.ts';
import { paypal } from '../../src/providers/paypal.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { hierarchy, privateKeyOf } from '../support/certificates.ts';
import { grantOf, json, startPaypalApi, type Answers } from '../support/paypal-api.ts';

const now = new Date('2026-11-20T12:00:00Z');
const [id, secret] = ['client-id', 'client-secret-value'];
/** Nothing of it is as `JSON.stringify` would write it. */
const body = Buffer.from(
  '{ "id" :"WH-1",\t"event_type": "A.B",\r\n"n":1.0, "big":12345678901234567890,"e":1E2,\n' +
    '"u":"\\u017elu\\/ť 🐎 \\uD83D\\uDC0E","__proto__":{},"n":1.10 }\n ',
);

let pki: Awaited<ReturnType<typeof hierarchy>>;
let privateKey: string;
beforeAll(async () => {
  pki = await hierarchy('messageverificationcerts.sandbox.paypal.com');
  privateKey = await privateKeyOf(pki);
});

const proofOf = (changes: Record<string, string>) =>
  paypal().proof.parse({
    WEBHOOK_ID: '4JH86294D6297924G',
    ENVIRONMENT: 'sandbox',
    TRUSTED_ROOTS: pki.root.pem,
    ...changes,
  });

function delivery(bytes = body, signing: Record<string, string> = {}): Delivery {
  const proof = { ...proofOf(signing), privateKey };
  const headers = paypal().sign({ method: 'POST', url: '', body: bytes, type: 'A.B' }, proof, now);
  return {
    method: 'POST',
    url: '/webhooks/paypal',
    headers: new DeliveryHeaders(Object.entries(headers)),
    body: bytes,
    receivedAt: now,
  };
}

interface Circumstances extends AskOptions {
  readonly settings?: Record<string, string>;
  readonly simulator?: boolean;
  readonly leftMs?: number;
}

/** A gateway's source before a stand-in for PayPal's API: gives `accepted`, or why not. */
async function postback(
  answers: Answers = {},
  { settings = {}, simulator = false, leftMs = 60_000, ...options }: Circumstances = {},
) {
  const api = await startPaypalApi(answers);
  const ask = createAsk(options);
  const proof = proofOf({ CLIENT_ID: id, CLIENT_SECRET: secret, API_BASE: api.base, ...settings });
  const refusalOf = async (given: Delivery = delivery()): Promise<WebhookError | undefined> => {
    const source = {
      name: 'paypal',
      provider: paypal({ simulator }),
      proof,
      routes: undefined,
      bodyLimitBytes: 10_000,
      certificate: () => Promise.resolve(pki.leaf.pem + pki.intermediate.pem),
      ask,
    };
    const deadline = new Date(Date.now() + leftMs);
    const received = receive(given, source, () => Promise.resolve(['new'] as const), deadline);
    return await received.then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof WebhookError) return error;
        throw error;
      },
    );
  };
  return {
    api,
    refusalOf,
    judge: async (given?: Delivery) => (await refusalOf(given))?.reason ?? 'accepted',
  };
}

describe('a delivery that the local proof has passed', () => {
  test('is accepted when PayPal says SUCCESS', async () => {
    const { api, judge } = await postback();
    const given = delivery();
    expect(await judge(given)).toBe('accepted');
    expect(api.asked.map(({ method, path }) => [method, path])).toEqual([
      ['POST', '/v1/oauth2/token'],
      ['POST', '/v1/notifications/verify-webhook-signature'],
    ]);
    const [token] = api.tokens();
    expect(token?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(token?.body.toString()).toBe('grant_type=client_credentials');
    const [asked] = api.judgements();
    expect(asked?.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'content-type': 'application/json',
    });
    const { webhook_event: _, ...fields } = JSON.parse(asked!.body.toString()) as Record<string, unknown>;
    expect(fields).toEqual({
      auth_algo: 'SHA256withRSA',
      cert_url: given.headers.get('paypal-cert-url'),
      transmission_id: given.headers.get('paypal-transmission-id'),
      transmission_sig: given.headers.get('paypal-transmission-sig'),
      transmission_time: given.headers.get('paypal-transmission-time'),
      webhook_id: '4JH86294D6297924G',
    });
  });

  test('is spliced in byte for byte, whatever its spacing, numbers and escapes', async () => {
    const { api, judge } = await postback();
    expect(await judge()).toBe('accepted');
    const asked = api.judgements()[0]!.body;
    const start = asked.indexOf('"webhook_event":') + '"webhook_event":'.length;
    expect(asked.subarray(start).equals(Buffer.concat([body, Buffer.from('}')]))).toBe(true);
    expect(JSON.stringify(JSON.parse(body.toString()))).not.toBe(body.toString());
  });

  test('is named by the webhook that it is signed for, the previous one too', async () => {
    const { api, judge } = await postback(
      {},
      { settings: { WEBHOOK_ID: 'NEW', WEBHOOK_ID_PREVIOUS: 'OLD' } },
    );
    expect(await judge(delivery(body, { WEBHOOK_ID: 'OLD' }))).toBe('accepted');
    expect(JSON.parse(api.judgements()[0]!.body.toString())).toMatchObject({ webhook_id: 'OLD' });
  });

  test.each<[string, number, object | string]>([
    ['FAILURE', 200, { verification_status: 'FAILURE' }],
    ['success in small letters', 200, { verification_status: 'success' }],
    ['a list', 200, { verification_status: ['SUCCESS'] }],
    ['nothing', 200, {}],
    ['no JSON', 200, 'SUCCESS'],
    ['SUCCESS, and that it failed', 400, { verification_status: 'SUCCESS' }],
    ['that it does not understand', 400, { name: 'VALIDATION_ERROR' }],
    ['that there is no such thing', 404, { name: 'RESOURCE_NOT_FOUND' }],
  ])('is refused when PayPal says %s', async (_title, status, answer) => {
    const { refusalOf } = await postback({
      verify: (response) =>
        typeof answer === 'string' ? response.writeHead(status).end(answer) : json(response, status, answer),
    });
    expect(await refusalOf()).toMatchObject({
      code: 'signature_invalid',
      reason: 'signature_mismatch',
      note: `asked for its judgement, PayPal does not confirm it (${status})`,
    });
  });

  test.each([301, 403, 408, 429, 500, 503])('comes again when PayPal answers %i', async (status) => {
    const { api, refusalOf } = await postback({
      verify: (response) => response.writeHead(status, { location: '/elsewhere' }).end(),
    });
    expect(await refusalOf()).toMatchObject({
      status: 503,
      code: 'not_durable',
      reason: 'provider_unavailable',
      note: `asked for its judgement, PayPal answered ${status}`,
    });
    expect(api.asked).toHaveLength(2);
  });
});

describe('PayPal is not asked', () => {
  test('when the local proof fails', async () => {
    const { api, judge } = await postback({}, { settings: { WEBHOOK_TOLERANCE_SECONDS: '60' } });
    const given = delivery();
    expect(await judge({ ...given, body: Buffer.from('{}') })).toBe('signature_mismatch');
    expect(await judge({ ...given, headers: new DeliveryHeaders([]) })).toBe('signature_missing');
    expect(await judge({ ...given, receivedAt: new Date(now.getTime() + 61_000) })).toBe('timestamp_stale');
    expect(api.asked).toEqual([]);
  });

  test("for the simulator's webhook, of which it knows nothing", async () => {
    const { api, judge } = await postback({}, { simulator: true });
    expect(await judge(delivery(body, { WEBHOOK_ID: 'WEBHOOK_ID' }))).toBe('accepted');
    expect(api.asked).toEqual([]);
    expect(await judge()).toBe('accepted');
    expect(api.judgements()).toHaveLength(1);
  });

  test.each(['{}},"webhook_id":"X","x":{"y":{}', '{"id":"WH-1"},"webhook_event":{}', '', '{"id"'])(
    'for a body that would reach beyond its field: %j',
    async (text) => {
      const { api, judge } = await postback();
      expect(await judge(delivery(Buffer.from(text)))).toBe('not_json');
      expect(api.asked).toEqual([]);
    },
  );

  test('for bytes that are no text', async () => {
    const { api, judge } = await postback();
    expect(await judge(delivery(Buffer.from('{"a":"\xff"}', 'latin1')))).toBe('not_utf8');
    expect(api.asked).toEqual([]);
  });

  test('where no credentials are set', async () => {
    const ask = vi.fn<AskInTime>();
    await paypal().verify(delivery(), proofOf({}), {
      now,
      certificate: () => Promise.resolve(pki.leaf.pem + pki.intermediate.pem),
      ask: (question) => ask(question, now),
    });
    expect(ask).not.toHaveBeenCalled();
  });

  test('offline, where there is nothing to ask with', async () => {
    const proof = proofOf({ CLIENT_ID: id, CLIENT_SECRET: secret });
    const certificate = () => Promise.resolve(pki.leaf.pem + pki.intermediate.pem);
    await expect(paypal().verify(delivery(), proof, { now, certificate })).resolves.toBeUndefined();
  });
});

describe('the token', () => {
  const setDate = (seconds: number) => vi.setSystemTime(now.getTime() + seconds * 1000);
  const stopClock = () => {
    vi.useFakeTimers({ toFake: ['Date'], now });
    onTestFinished(() => void vi.useRealTimers());
  };

  test('is kept until a minute before it expires', async () => {
    stopClock();
    const { api, judge } = await postback();
    for (const seconds of [0, 32_339]) {
      setDate(seconds);
      expect(await judge()).toBe('accepted');
    }
    expect(api.tokens()).toHaveLength(1);
    setDate(32_340);
    expect(await judge()).toBe('accepted');
    expect(api.judgements().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  test('is fetched once for all who ask at once, then and when it has expired', async () => {
    stopClock();
    const { api, judge } = await postback();
    const many = () => Promise.all(Array.from({ length: 20 }, () => judge()));
    expect(new Set(await many())).toEqual(new Set(['accepted']));
    expect(api.tokens()).toHaveLength(1);
    setDate(40_000);
    expect(new Set(await many())).toEqual(new Set(['accepted']));
    expect(api.tokens()).toHaveLength(2);
    expect(api.judgements()).toHaveLength(40);
  });

  test('that PayPal no longer takes is replaced once, for all of them', async () => {
    const { api, judge } = await postback();
    expect(await judge()).toBe('accepted');
    api.answers.verify = (response, { headers }) =>
      headers.authorization === 'Bearer token-1'
        ? json(response, 401, { error: 'invalid_token' })
        : json(response, 200, { verification_status: 'SUCCESS' });
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => judge()));
    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(api.tokens()).toHaveLength(2);
  });

  test('of which none is taken is replaced once, and the delivery comes again', async () => {
    const { api, refusalOf } = await postback({
      verify: (response) => json(response, 401, { error: 'invalid_token' }),
    });
    expect(await refusalOf()).toMatchObject({ status: 503, reason: 'provider_unavailable' });
    expect(api.tokens()).toHaveLength(2);
    expect(api.judgements()).toHaveLength(2);
  });

  test.each<[string, NonNullable<Answers['token']>, string]>([
    ['refused', (response) => json(response, 401, { error: 'invalid_client' }), 'it answered 401'],
    ['limited', (response) => json(response, 429, {}), 'it answered 429'],
    ['not there', (response) => json(response, 200, {}), 'its answer holds none'],
    ['no text', (response) => json(response, 200, { access_token: 'a\nb' }), 'its answer holds none'],
    ['no JSON', (response) => response.end('<html>'), 'its answer holds none'],
    ['without end', (response) => response.end('x'.repeat(70_000)), 'answered more than 64 KiB'],
    [
      'elsewhere',
      (response) => response.writeHead(307, { location: '/v1/elsewhere' }).end(),
      'it answered 307',
    ],
  ])('that is %s says nothing of the delivery', async (_title, token, note) => {
    const { api, refusalOf } = await postback({ token });
    const refusal = await refusalOf();
    expect(refusal).toMatchObject({ status: 503, reason: 'provider_unavailable' });
    expect(refusal?.note).toContain(note);
    expect(refusal?.note).not.toContain(secret);
    expect(api.asked.map(({ path }) => path)).toEqual(['/v1/oauth2/token']);
    delete api.answers.token;
    expect(await refusalOf()).toBeUndefined();
  });

  test('that does not say when it expires serves once', async () => {
    const { api, judge } = await postback({
      token: (response, nth) => json(response, 200, { access_token: grantOf(nth).access_token }),
    });
    expect([await judge(), await judge()]).toEqual(['accepted', 'accepted']);
    expect(api.tokens()).toHaveLength(2);
  });

  test('that comes too late for a delivery is there for the next one', async () => {
    let grant: () => void = () => undefined;
    const { api, judge } = await postback(
      { token: (response, nth) => void (grant = () => json(response, 200, grantOf(nth))) },
      { waitMs: 100 },
    );
    expect(await judge()).toBe('provider_unavailable');
    await vi.waitFor(() => expect(api.tokens()).toHaveLength(1));
    grant();
    await vi.waitFor(async () => expect(await judge()).toBe('accepted'));
    expect(api.tokens()).toHaveLength(1);
  });

  test('belongs to its credentials', async () => {
    const api = await startPaypalApi();
    const ask = createAsk();
    const question = (own: string) => ({
      method: 'POST' as const,
      url: `${api.base}/v1/notifications/verify-webhook-signature`,
      headers: {},
      body: Buffer.from('{}'),
      client: { tokenUrl: `${api.base}/v1/oauth2/token`, id, secret: own },
    });
    for (const own of ['a', 'b', 'a']) await ask(question(own), new Date(Date.now() + 5000));
    expect(api.judgements().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-1',
    ]);
  });
});

describe('PayPal that is away', () => {
  test('or slow holds a delivery up no longer than it may', async () => {
    const { refusalOf } = await postback({ verify: () => undefined }, { waitMs: 100 });
    const refusal = await refusalOf();
    expect(refusal).toMatchObject({ status: 503, reason: 'provider_unavailable' });
    expect(refusal?.note).toMatch(/^no answer of 127\.0\.0\.1:\d+ within 100 ms$/);
  });

  test('leaves time for the commit, however long it may take otherwise', async () => {
    const { refusalOf } = await postback({ verify: () => undefined }, { leftMs: 350 });
    const [, ms] = /within (\d+) ms$/.exec((await refusalOf())?.note ?? '') ?? [];
    expect(Number(ms)).toBeLessThanOrEqual(50);
  });

  test('or breaks off is no reason to refuse for good', async () => {
    const { refusalOf } = await postback({ verify: (response) => response.destroy() });
    expect(await refusalOf()).toMatchObject({ status: 503, reason: 'provider_unavailable' });
    const cause = new Error('getaddrinfo ENOTFOUND api-m.paypal.com');
    const away = await postback(
      {},
      { fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) },
    );
    expect(await away.refusalOf()).toMatchObject({ reason: 'provider_unavailable', note: cause.message });
  });
});

test('a gateway asks by its settings alone', async () => {
  const api = await startPaypalApi({ verify: (response) => json(response, 200, {}) });
  const gateway = defineGateway({
    sources: { paypal: source(paypal()) },
    routes: {},
    workflowsPath: './workflows',
    activities: {},
  });
  const config = readConfig(gateway, {
    environment: {
      EVERHOOK_MODE: 'direct',
      PAYPAL_WEBHOOK_ID: '4JH86294D6297924G',
      PAYPAL_ENVIRONMENT: 'sandbox',
      PAYPAL_TRUSTED_ROOTS: pki.root.pem,
      PAYPAL_CLIENT_ID: id,
      PAYPAL_CLIENT_SECRET: secret,
      PAYPAL_API_BASE: api.base,
    },
  });
  const certificate = () => Promise.resolve(pki.leaf.pem + pki.intermediate.pem);
  const ready = { ...readySources(gateway, config)['paypal']!, certificate };
  const received = receive(delivery(), ready, () => Promise.resolve(['new']), new Date(Date.now() + 60_000));
  await expect(received).rejects.toMatchObject({ reason: 'signature_mismatch' });
  expect(api.judgements()).toHaveLength(1);
});
