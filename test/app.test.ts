import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { defineGateway, source } from '../src/define.ts';
import { createLogger } from '../src/log.ts';
import { payment } from '../src/providers/index.ts';

const gateway = defineGateway({
  sources: { shop: source(payment(), { rateLimit: { limit: 1, windowSeconds: 60 } }) },
  routes: {},
  workflowsPath: './workflows',
  activities: {},
});
const secret = 'secret of the test';
const body = '{"id":"e1","type":"order.seen"}';
const https = { 'x-forwarded-proto': 'https' };

/** The gateway as a router in an app of somebody's own, without a Temporal; gives how to post to it. */
async function mounted(trustProxy: string | undefined, environment: Record<string, string> = {}) {
  const everhook = await createApp(gateway, {
    environment: {
      SHOP_WEBHOOK_SECRET: secret,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      EVERHOOK_MODE: 'direct',
      ...environment,
    },
    log: createLogger({ level: 'silent', terminal: false }),
  });
  onTestFinished(() => everhook.close());
  const app = express();
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
  const server = createServer(app.use(everhook));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/shop`;
  return async (headers: Record<string, string>) => {
    const { status } = await fetch(url, { method: 'POST', body, headers });
    return status;
  };
}

const genuine = () =>
  gateway.sources.shop.provider.sign(
    { method: 'POST', url: 'http://localhost/webhooks/shop', body: Buffer.from(body), type: 'order.seen' },
    { secrets: [secret], toleranceSeconds: undefined },
    new Date(),
  );

test('createApp goes by the trust proxy of the app around it', async () => {
  expect(await (await mounted('loopback'))(https)).toBe(401);
  expect(await (await mounted('192.0.2.1'))(https)).toBe(403);
});

test('createApp trusts nobody where the app around does not, whatever the environment says', async () => {
  expect(await (await mounted(undefined, { EVERHOOK_TRUST_PROXY: 'loopback' }))(https)).toBe(403);
});

test('the refusal limit is the one of the environment', async () => {
  const post = await mounted('loopback', { EVERHOOK_REFUSAL_LIMIT: '2/60' });
  expect([await post(https), await post(https), await post(https)]).toEqual([401, 401, 429]);
  const off = await mounted('loopback', { EVERHOOK_REFUSAL_LIMIT: 'off' });
  for (let n = 0; n < 101; n++) expect(await off(https)).toBe(401);
});

test('the limit of a source is one line of its options', async () => {
  const post = await mounted('loopback');
  const headers = { ...genuine(), ...https };
  expect([await post(headers), await post(headers)]).toEqual([200, 429]);
});
