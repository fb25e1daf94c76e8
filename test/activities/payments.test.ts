import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createPayments } from '../../src/activities/payments/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { contextOf, row, run } from './context.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** Answers as Stripe's API does, and keeps what it was asked. */
async function stripeLike({ status = 200, headers = {}, body = {} }: Answer) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_1', ...headers });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const paymentIntent = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  amount: 2000,
  amount_received: 1900,
  currency: 'usd',
  receipt_email: 'jenny.rosen@example.com',
};
const query = { source: 'stripe', account: '', paymentId: 'pi_1' };
const routes = [row('fulfillPayment')];
const paymentsAt = (url: string) =>
  createPayments(contextOf({ routes, environment: { STRIPE_API_KEY: 'sk_test_1', STRIPE_API_BASE: url } }));

test('a payment is read as it is now, with what was received', async () => {
  const { url, requests } = await stripeLike({ body: paymentIntent });
  expect(await run(paymentsAt(url).readPayment, query)).toEqual({
    reRead: true,
    status: 'succeeded',
    amountMinor: 1900,
    currency: 'usd',
    receiptAddress: 'jenny.rosen@example.com',
  });
  expect(requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
    'GET /v1/payment_intents/pi_1',
  ]);
  expect(requests[0]?.headers.authorization).toBe('Bearer sk_test_1');
  expect(requests[0]?.headers['stripe-account']).toBeUndefined();
});

test("a connected account's payment is asked for in its name", async () => {
  const { url, requests } = await stripeLike({ body: paymentIntent });
  await run(paymentsAt(url).readPayment, { ...query, account: 'acct_1' });
  expect(requests[0]?.headers['stripe-account']).toBe('acct_1');
});

test('an id cannot lead to another path', async () => {
  const { url, requests } = await stripeLike({ body: paymentIntent });
  await run(paymentsAt(url).readPayment, { ...query, paymentId: '../customers/cus_1?expand[]=x' });
  expect(requests[0]?.url).toBe('/v1/payment_intents/..%2Fcustomers%2Fcus_1%3Fexpand%5B%5D%3Dx');
});

const refusals: [string, number, object, string][] = [
  ['a missing payment', 404, { type: 'invalid_request_error', code: 'resource_missing' }, 'PaymentMissing'],
  ['an invalid request', 400, { type: 'invalid_request_error' }, 'StripeRequestInvalid'],
  ['a wrong key', 401, { type: 'invalid_request_error' }, 'StripeUnauthorized'],
  ['a key that may not', 403, { type: 'invalid_request_error' }, 'StripeUnauthorized'],
  ['a declined card', 402, { type: 'card_error', code: 'card_declined' }, 'PaymentDeclined'],
];
test.each(refusals)('%s is not tried again', async (_name, status, error, type) => {
  const { url, requests } = await stripeLike({ status, body: { error: { message: 'no', ...error } } });
  await expect(run(paymentsAt(url).readPayment, query)).rejects.toMatchObject({ type, nonRetryable: true });
  expect(requests).toHaveLength(1);
});

test.each([
  ['7', '7 seconds'],
  ['0', '1 seconds'],
  ['86400', '600 seconds'],
  ['soon', '10 seconds'],
  [undefined, '10 seconds'],
])('too many requests: Retry-After %s means a pause of %s', async (retryAfter, nextRetryDelay) => {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  const { url, requests } = await stripeLike({
    status: 429,
    headers,
    body: { error: { type: 'rate_limit_error' } },
  });
  await expect(run(paymentsAt(url).readPayment, query)).rejects.toMatchObject({
    type: 'StripeBusy',
    nonRetryable: false,
    nextRetryDelay,
  });
  expect(requests).toHaveLength(1);
});

test.each([500, 503])('a %i is tried again, by Temporal and not by the SDK', async (status) => {
  const { url, requests } = await stripeLike({ status, body: { error: { type: 'api_error' } } });
  await expect(run(paymentsAt(url).readPayment, query)).rejects.toMatchObject({
    type: 'StripeUnavailable',
    nonRetryable: false,
  });
  expect(requests).toHaveLength(1);
});

test('a server that is away is tried again', async () => {
  await expect(run(paymentsAt('http://127.0.0.1:1').readPayment, query)).rejects.toMatchObject({
    type: 'StripeUnavailable',
    nonRetryable: false,
  });
});

test("neither Stripe's words nor the key are in the failure", async () => {
  const { url } = await stripeLike({
    status: 401,
    body: { error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_1' } },
  });
  const failure: unknown = await run(paymentsAt(url).readPayment, query).catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: 'Stripe 401 req_1', cause: undefined });
});

test('without a key nobody is asked, in development', async () => {
  const { readPayment } = createPayments(contextOf({ development: true, routes }));
  expect(await run(readPayment, query)).toEqual({ reRead: false });
});

test('without a key production does not start, and names the variable and the rows', () => {
  const rows = [row('fulfillPayment', 'stripe-connect', 'stripe'), row('recordEvent', 'stripe')];
  const make = () => createPayments(contextOf({ routes: rows }));
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(
    /^STRIPE_CONNECT_API_KEY is not set: .* stripe-connect thing\.happened \(fulfillPayment\)$/,
  );
});

test('rows that book no Stripe payment need no key', () => {
  const rows = [row('welcomeCustomer'), row('fulfillPayment', 'payment', 'hmac')];
  expect(() => createPayments(contextOf({ routes: rows }))).not.toThrow();
});

test('each source has its own key', async () => {
  const { url, requests } = await stripeLike({ body: paymentIntent });
  const environment = {
    STRIPE_API_KEY: 'sk_test_1',
    STRIPE_API_BASE: url,
    STRIPE_CONNECT_API_KEY: 'sk_test_2',
    STRIPE_CONNECT_API_BASE: url,
  };
  const rows = [...routes, row('fulfillPayment', 'stripe-connect', 'stripe')];
  const { readPayment } = createPayments(contextOf({ routes: rows, environment }));
  await run(readPayment, { ...query, source: 'stripe-connect' });
  expect(requests[0]?.headers.authorization).toBe('Bearer sk_test_2');
});

test.each([
  'api.stripe.com',
  'ftp://api.stripe.com',
  'https://user:pw@host',
  'https://host/path',
  'https://host?x',
])('STRIPE_API_BASE %s stops the start', (base) => {
  expect(() => paymentsAt(base)).toThrow('STRIPE_API_BASE must be http(s)://host[:port]');
});
