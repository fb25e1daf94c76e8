import { connect } from 'node:net';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { problems, WebhookError } from '../../src/errors.ts';
import { signed, testApp, type Answered } from './support.ts';

const event = (over: object = {}) =>
  JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    created: 1_700_000_000,
    data: { object: { id: 'pi_1', amount: 2000 } },
    ...over,
  });

function expectProblem(answered: Answered, code: keyof typeof problems): void {
  expect(answered.headers['content-type']).toBe('application/problem+json');
  const {
    type,
    title,
    status,
    code: said,
    detail,
    ...rest
  } = JSON.parse(answered.body) as Record<string, unknown>;
  expect({ status, said, detail, rest }).toEqual({
    status: problems[code].status,
    said: code,
    detail: problems[code].detail,
    rest: {},
  });
  expect(type).toBe(`urn:everhook:problem:${code}`);
  expect(title).toBeTypeOf('string');
  expect(answered.status).toBe(problems[code].status);
  expect(answered.headers['retry-after'] !== undefined).toBe(problems[code].status === 503);
}

describe('an accepted delivery', () => {
  test('is answered {"received":true} and named in a header', async () => {
    const app = await testApp();
    const answered = await app.post('/webhooks/stripe', event());
    expect(answered).toMatchObject({ status: 200, body: '{"received":true}' });
    expect(answered.headers['everhook-event']).toBe('stripe:evt_1');
    expect(answered.headers['content-type']).toBe('application/json');
    expect(app.accepted).toHaveLength(1);
    expect(app.accepted[0]?.events[0]).toMatchObject({
      event: {
        id: 'evt_1',
        source: 'stripe',
        type: 'payment_intent.succeeded',
        key: 'pi_1',
        occurredAt: '2023-11-14T22:13:20.000Z',
        payload: JSON.parse(event()) as unknown,
      },
      plan: { state: 'accepted', workflow: 'fulfillPayment', taskQueue: 'everhook' },
    });
  });

  test('says duplicate when it was', async () => {
    const app = await testApp({ accept: () => Promise.resolve(['duplicate']) });
    expect((await app.post('/webhooks/stripe', event())).body).toBe('{"received":true,"duplicate":true}');
  });

  test('says ignored when no row takes it', async () => {
    const app = await testApp();
    expect((await app.post('/webhooks/stripe', event({ type: 'a.b' }))).body).toBe(
      '{"received":true,"ignored":true}',
    );
    expect((await app.post('/webhooks/stripe', event({ type: 'constructor' }))).body).toBe(
      '{"received":true,"ignored":true}',
    );
  });

  test('of the generic provider names its status and type', async () => {
    const app = await testApp();
    const answered = await app.post('/webhooks/payment', '{"id":"e 1~é","type":"payment.succeeded"}');
    expect(JSON.parse(answered.body)).toEqual({
      received: true,
      status: 'received',
      event_type: 'payment.succeeded',
    });
    expect(answered.headers['everhook-event']).toBe('payment:e%201%7E%C3%A9');
    expect(app.accepted[0]?.events[0]?.plan).toEqual({
      state: 'accepted',
      kind: 'plain',
      route: 'payment.succeeded',
      workflow: 'fulfillPayment',
      taskQueue: 'money',
      priority: 1,
    });
  });

  test('that does not fit the schema of its own user is ignored, not refused', async () => {
    const app = await testApp();
    const body = '{"id":"e1","type":"payment.succeeded","data":"none"}';
    expect(JSON.parse((await app.post('/webhooks/payment', body)).body)).toMatchObject({ ignored: true });
    expect(app.accepted[0]?.events[0]?.plan).toMatchObject({ state: 'parked', why: 'payload_unexpected' });
    expect(app.observed[0]).toMatchObject({
      events: [{ note: expect.stringMatching(/^payload_unexpected \/data: /) }],
    });
  });

  test('may come by PUT, with any content type, in chunks', async () => {
    const app = await testApp();
    const headers = { ...signed('/webhooks/stripe', event()), 'content-type': 'text/xml' };
    expect((await app.call('PUT', '/webhooks/stripe', headers, event())).status).toBe(200);
    const chunked = { ...headers, 'transfer-encoding': 'chunked' };
    expect((await app.call('POST', '/webhooks/stripe', chunked, event())).status).toBe(200);
  });

  test('keeps every digit of large integers', async () => {
    const app = await testApp();
    await app.post(
      '/webhooks/stripe',
      '{"id":9007199254740993,"type":"payment_intent.succeeded","n":[1,-9007199254740993]}',
    );
    expect(app.accepted[0]?.events[0]?.event).toMatchObject({
      id: '9007199254740993',
      payload: { n: [1, '-9007199254740993'] },
    });
  });

  test('is handed on as it was signed: method, public URL and path token', async () => {
    const app = await testApp();
    await app.call('POST', '/webhooks/stripe/t0ken?a=1', signed('/webhooks/stripe', event()), event());
    expect(app.accepted[0]?.delivery).toMatchObject({
      method: 'POST',
      pathToken: 't0ken',
      publicUrl: 'https://hooks.example.com/webhooks/stripe/t0ken?a=1',
    });
    expect(JSON.stringify(app.observed)).not.toContain('t0ken');
  });

  test('is answered 100 Continue when asked, and refused before its body otherwise', async () => {
    const app = await testApp();
    const head = (length: number) =>
      `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;
    expect(await app.raw(head(200_000))).toMatch(/^HTTP\/1.1 413 /);
    expect(await app.raw(head(2), '{}')).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 401 /);
  });
});

describe('a refused delivery', () => {
  test('reaches accept in no case', async () => {
    const app = await testApp();
    await app.post('/webhooks/stripe', event(), {});
    await app.post('/webhooks/stripe', '{"type":"a"}');
    expect(app.accepted).toHaveLength(0);
  });

  test('401: the signature, whatever is wrong with it, and nothing of why', async () => {
    const app = await testApp();
    const good = signed('/webhooks/stripe', event())['stripe-signature']!;
    const forged: Record<string, string | string[]>[] = [
      {},
      { 'stripe-signature': '' },
      { 'stripe-signature': `${good}0` },
      { 'stripe-signature': [good, good] },
    ];
    for (const headers of forged) {
      const answered = await app.post('/webhooks/stripe', event(), headers);
      expectProblem(answered, 'signature_invalid');
      expect(answered.body).not.toMatch(/missing|malformed|repeated|t=/);
    }
    expect(app.observed.map((seen) => seen.kind === 'refused' && seen.reason)).toEqual([
      'signature_missing',
      'signature_missing',
      'signature_malformed',
      'signature_repeated',
    ]);
  });

  test.each([
    ['{', 'payload_unreadable'],
    ['', 'payload_unreadable'],
    ['{"type":"a"}', 'event_id_missing'],
    ['{"id":"e"}', 'payload_unreadable'],
    [`{"id":"${'e'.repeat(513)}","type":"a"}`, 'payload_unreadable'],
    ['{"id":"e\\u0000","type":"a"}', 'payload_unreadable'],
    ['{"id":"\\ud800","type":"a"}', 'payload_unreadable'],
    ['{"id":"e","type":"a","data":{"object":{"id":"\\udc00"}}}', 'payload_unreadable'],
  ] as const)('400: genuine but unreadable: %s', async (body, code) => {
    const app = await testApp();
    expectProblem(await app.post('/webhooks/stripe', body), code);
  });

  test('403: plain HTTP, but from loopback in development or through a trusted proxy', async () => {
    const strict = await testApp({ development: false });
    expectProblem(await strict.post('/webhooks/stripe', event()), 'https_required');
    const secure = { ...signed('/webhooks/stripe', event()), 'x-forwarded-proto': 'https' };
    expectProblem(await strict.post('/webhooks/stripe', event(), secure), 'https_required');
    const behind = await testApp({ development: false, trustProxy: 'loopback' });
    expect((await behind.post('/webhooks/stripe', event(), secure)).status).toBe(200);
    expectProblem(
      await behind.post('/webhooks/stripe', event(), { ...secure, 'x-forwarded-proto': 'http' }),
      'https_required',
    );
  });

  test.each([
    '/webhooks/unknown',
    '/webhooks/__proto__',
    '/webhooks/constructor',
    '/webhooks/',
    '/webhooks',
    '/webhooks/stripe/a/b',
    '/webhooks/%',
    '/webhooks/Stripe',
  ])('404: %s', async (path) => {
    const app = await testApp();
    expectProblem(await app.post(path, event(), {}), 'source_unknown');
    expect(app.observed).toMatchObject([{ source: 'unknown', code: 'source_unknown' }]);
  });

  test.each(['GET', 'DELETE', 'PATCH', 'OPTIONS'])('405: %s, with the methods allowed', async (method) => {
    const answered = await (await testApp()).call(method, '/webhooks/stripe');
    expectProblem(answered, 'method_not_allowed');
    expect(answered.headers.allow).toBe('POST, PUT');
  });

  test('408: a body that does not come', async () => {
    const app = await testApp({ bodyTimeoutMs: 50 });
    const answer = await app.raw('POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{');
    expect(answer).toMatch(/^HTTP\/1.1 408 [^]*"code":"request_timeout"/);
  });

  test('408: headers that do not come, answered in front of Express', async () => {
    const app = await testApp({ server: { headersTimeout: 50, requestTimeout: 100 } });
    const answer = await app.raw('POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 408 [^]*application\/problem\+json[^]*"code":"request_timeout"/);
    expect(app.observed).toMatchObject([{ kind: 'refused', code: 'request_timeout' }]);
  });

  test('413: more than the source takes, announced or not, and the sender gets to read it', async () => {
    const app = await testApp();
    const large = event({ padding: 'x'.repeat(150_000) });
    expectProblem(await app.post('/webhooks/stripe', large), 'body_too_large');
    const chunked = { ...signed('/webhooks/stripe', large), 'transfer-encoding': 'chunked' };
    expectProblem(await app.post('/webhooks/stripe', large, chunked), 'body_too_large');
  });

  test.each(['gzip', 'br', 'identity'])('415: Content-Encoding %s', async (encoding) => {
    const app = await testApp();
    const headers = { ...signed('/webhooks/stripe', event()), 'content-encoding': encoding };
    expectProblem(await app.post('/webhooks/stripe', event(), headers), 'encoding_unsupported');
  });

  test('431: more headers than Node takes', async () => {
    const app = await testApp();
    const answer = await app.raw(
      `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 [^]*"code":"headers_too_large"/);
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    [
      'two lengths',
      'POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
    ],
    [
      'a length and chunks',
      'POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
    ],
    ['no host', 'POST /webhooks/stripe HTTP/1.1\r\n\r\n'],
  ])('400: %s', async (_name, text) => {
    const answer = await (await testApp()).raw(text);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  test('500: a body that something in front has read, told apart and explained to operators', async () => {
    const app = await testApp({ before: (outer) => void outer.use(express.json()) });
    expectProblem(await app.post('/webhooks/stripe', event()), 'body_already_parsed');
    expect(app.observed).toMatchObject([{ note: expect.stringContaining('express.json()') }]);
  });

  test('500: a bug, without its message or stack', async () => {
    const app = await testApp({ accept: () => Promise.reject(new Error('secret detail')) });
    const answered = await app.post('/webhooks/stripe', event());
    expectProblem(answered, 'internal');
    expect(answered.body).not.toMatch(/secret detail|at /);
    expect(app.observed).toMatchObject([{ kind: 'failed' }]);
  });

  test('503: not durable, with Retry-After', async () => {
    const app = await testApp({
      accept: () => Promise.reject(new WebhookError('not_durable', { reason: 'temporal_unavailable' })),
    });
    expectProblem(await app.post('/webhooks/stripe', event()), 'not_durable');
  });

  test('503: too many bytes in flight; they are given back', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const app = await testApp({
      budgetBytes: 60_000,
      accept: async ({ events }) => {
        await held;
        return events.map(() => 'new' as const);
      },
    });
    const large = event({ padding: 'x'.repeat(40_000) });
    const first = app.post('/webhooks/stripe', large);
    await expect.poll(() => app.accepted.length).toBe(1);
    expectProblem(await app.post('/webhooks/stripe', large), 'overloaded');
    release?.();
    expect((await first).status).toBe(200);
    expect((await app.post('/webhooks/stripe', large)).status).toBe(200);
  });

  test('a sender that goes away in the middle of its body is counted, and harms nothing', async () => {
    const app = await testApp();
    const socket = connect(app.port, '127.0.0.1');
    socket.write('POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{', () =>
      socket.destroy(),
    );
    await expect.poll(() => app.observed).toMatchObject([{ reason: 'body_incomplete' }]);
    expect((await app.post('/webhooks/stripe', event())).status).toBe(200);
  });

  test('the deadline for accepting is two seconds, less where the provider waits less', async () => {
    const app = await testApp();
    await app.post('/webhooks/stripe', event());
    const { deadline } = app.accepted[0]!;
    expect(deadline.getTime() - Date.now()).toBeLessThanOrEqual(2000);
    expect(deadline.getTime() - Date.now()).toBeGreaterThan(0);
  });

  test('no observation of fifty forgeries holds a secret, a signature or a body', async () => {
    const app = await testApp();
    const marked = event({ marker: 'planted-in-the-body' });
    for (let i = 0; i < 50; i++) {
      await app.post('/webhooks/stripe', marked, {
        'stripe-signature': `t=${i},v1=${'planted'.padEnd(64, 'f')}`,
      });
    }
    expect(app.observed).toHaveLength(50);
    expect(JSON.stringify(app.observed)).not.toMatch(/planted|secret of the test/);
  });
});

test('paths of others are left to the app around', async () => {
  const app = await testApp();
  expect((await app.call('GET', '/healthz')).body).toBe('{"alive":true}');
  expect((await app.call('GET', '/readyz')).body).toBe('{"ready":true,"phase":"ready","temporal":"up"}');
  expect((await app.call('GET', '/elsewhere')).status).toBe(404);
});
