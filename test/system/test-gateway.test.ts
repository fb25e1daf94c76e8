import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { defineGateway, source } from '../../src/define.ts';
import shipped from '../../src/gateway.ts';
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

test('a gateway with a keyed row gets a database of its own: the shipped one runs', async () => {
  const whole = await testGateway(shipped);
  onTestFinished(() => whole.close());
  const paid = await whole.send('payment', 'payment.succeeded');
  expect(await paid.result()).toMatchObject({ alreadyPosted: false });
  expect((await paid.again()).body).toMatchObject({ duplicate: true });
  // Signed with a certificate that was made up for it, which nobody fetches.
  const captured = await whole.send('paypal', 'PAYMENT.CAPTURE.COMPLETED');
  expect(await captured.result()).toMatchObject({ alreadyPosted: false, receipt: 'no_address' });
  expect((await captured.again()).body).toMatchObject({ duplicate: true });
  // In the turn of its repository, which fails here: nobody serves it.
  const pushed = await whole.send('github', 'push', { set: { 'repository.clone_url': 'ext::sh -c id' } });
  await expect(pushed.result()).rejects.toMatchObject({ cause: expect.anything() as unknown });
}, 120_000);
