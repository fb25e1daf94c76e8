import { expect, test } from 'vitest';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import { github, hmac, stripe } from '../../src/providers/index.ts';

const proof = { secrets: ['secret'], toleranceSeconds: undefined };
const url = 'http://127.0.0.1/webhooks/x';
const bodyOf = (request: Partial<Parameters<typeof sampleRequest>[0]>) =>
  JSON.parse(
    sampleRequest({ provider: hmac(), proof, type: 'x', url, ...request })().body.toString(),
  ) as unknown;

test('a repetition has the same bytes and id', () => {
  const next = sampleRequest({ provider: github(), proof, type: 'push', url });
  const [one, other] = [next(), next()];
  expect(other.body).toBe(one.body);
  expect(other.headers['x-github-delivery']).toBe(one.headers['x-github-delivery']);
  const third = sampleRequest({ provider: github(), proof, type: 'push', url })();
  expect(third.headers['x-github-delivery']).not.toBe(one.headers['x-github-delivery']);
});

test('bytes of one’s own are sent as they are', () => {
  const data = Buffer.from('{ "a":1 }\n');
  expect(sampleRequest({ provider: hmac(), proof, type: 'x', url, data })().body).toEqual(data);
});

test('changes reach into the body, and make what is not there', () => {
  const data = Buffer.from('{"a":{"b":1},"t":"text"}');
  expect(bodyOf({ data, set: { 'a.b': 2, 'a.c.d': [3], 't.u': 4 } })).toEqual({
    a: { b: 2, c: { d: [3] } },
    t: { u: 4 },
  });
});

test('a change of __proto__ stays a field', () => {
  bodyOf({ data: Buffer.from('{}'), set: { '__proto__.polluted': true } });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('a type without a sample names those that have one', () => {
  expect(() => sampleRequest({ provider: stripe(), proof, type: 'nothing', url })).toThrow(
    /no sample of nothing: give its body with --data, or choose of payment_intent.succeeded, /,
  );
});
