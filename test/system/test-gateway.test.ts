import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { defineGateway, source } from '../../src/define.ts';
import { hmac } from '../../src/providers/index.ts';
import { testGateway, type GatewayUnderTest } from '../../src/testing.ts';

const gateway = defineGateway({
  sources: { shop: source(hmac({ id: '/id' })) },
  // A queue of its own: the server is shared.
  routes: { shop: { 'order.paid': { workflow: 'recordEvent', taskQueue: 'test-gateway' } } },
  workflowsPath: new URL('../../src/workflows', import.meta.url),
  activities: {},
});

let shop: GatewayUnderTest;
beforeAll(async () => {
  shop = await testGateway(gateway, { temporalAddress: inject('temporalAddress') });
});
afterAll(async () => {
  await shop.close();
});

const id = () => `order-${Math.random()}`;

test('sends, signed, and follows the run to its result', async () => {
  const sent = await shop.send('shop', 'order.paid', {
    data: JSON.stringify({ id: id(), type: 'order.paid' }),
  });
  expect(sent).toMatchObject({ status: 200, body: { received: true, event_type: 'order.paid' } });
  expect(await sent.result()).toMatchObject({ source: 'shop', type: 'order.paid' });
  expect((await sent.again()).body).toMatchObject({ received: true, duplicate: true });
});

test('an ignored event has no run', async () => {
  const sent = await shop.send('shop', 'other', { data: JSON.stringify({ id: id(), type: 'other' }) });
  expect(sent).toMatchObject({ status: 200, body: { ignored: true }, workflowId: undefined });
  await expect(sent.result()).rejects.toThrow('no run: 200');
});

test('a source that is not there is named', async () => {
  await expect(shop.send('shopp', 'x')).rejects.toThrow('no source shopp');
});
