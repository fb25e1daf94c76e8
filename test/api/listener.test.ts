import { request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readSender, rememberTrust, type Trust } from '../../src/api/listener.ts';
import { signed, testApp } from './support.ts';

/** Asks a server for what Express says of a request, and what `readSender` says of it, whatever the path. */
async function bothOf(trustProxy: string | number | false) {
  const app = express().set('trust proxy', trustProxy);
  const trust = rememberTrust(app.get('trust proxy fn') as Trust);
  app.use((request, response) => {
    const { path: of, originalUrl: url, ip, secure } = request;
    response.json({ express: { path: of, url, ip, secure }, ours: readSender(request, trust) });
  });
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return (path: string, headers: Record<string, string>) =>
    new Promise<{ express: unknown; ours: unknown }>((resolve, reject) => {
      send({ port, host: '127.0.0.1', path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(JSON.parse(text) as { express: unknown; ours: unknown }));
      })
        .on('error', reject)
        .end();
    });
}

describe('a request says the same of its sender as to Express', () => {
  const proxies = [false, 1, 2, 'loopback', '10.0.0.0/8', '127.0.0.1, 10.0.0.0/8'] as const;
  const headers: Record<string, string>[] = [
    {},
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-proto': 'https, http' },
    { 'x-forwarded-proto': 'http,https' },
    { 'x-forwarded-proto': 'HTTPS' },
    { 'x-forwarded-proto': ' https , http' },
    { 'x-forwarded-proto': '' },
    { 'x-forwarded-for': '203.0.113.7' },
    { 'x-forwarded-for': '203.0.113.7, 10.1.2.3' },
    { 'x-forwarded-for': '10.1.2.3, 203.0.113.7, 10.9.9.9', 'x-forwarded-proto': 'https' },
    { 'x-forwarded-for': '198.51.100.1, 127.0.0.1' },
    { 'x-forwarded-for': 'junk, 2001:db8::1' },
    { 'x-forwarded-for': '' },
    { forwarded: 'for=203.0.113.7;proto=https' },
  ];
  test.each(proxies)('behind %s', async (trustProxy) => {
    const ask = await bothOf(trustProxy);
    // Twice: what is remembered of a proxy must say the same.
    for (const given of [...headers, ...headers]) {
      const { express: theirs, ours } = await ask('/webhooks/stripe', given);
      expect({ given, said: ours }).toEqual({ given, said: theirs });
    }
  });

  test.each([
    '/webhooks/stripe?a=1&b=/webhooks/payment',
    '/webhooks/stripe/secret?x',
    '/webhooks/%73tripe',
    '/webhooks//stripe',
    '/webhooks/stripe?',
    '//webhooks/stripe',
    '/webhooks/stripe?a?b#c',
    '/webhooks/a;b=c/..',
    '/',
  ])('on %s', async (path) => {
    const { express: theirs, ours } = await (await bothOf(false))(path, {});
    expect(ours).toEqual(theirs);
  });
});

describe.each([
  ['as everhook api listens', undefined],
  ['in somebody’s Express', () => undefined],
] as const)('%s', (_how, before) => {
  const appOf = (options: Parameters<typeof testApp>[0] = {}) =>
    testApp({ ...options, ...(before && { before }) });

  test.each([
    ['/webhooks/payment', 200],
    ['/webhooks/payment/', 200],
    ['/webhooks/payment?x=/y', 200],
    ['/webhooks/%70ayment', 200],
    ['/webhooks/payment/token', 200],
    ['/webhooks/payment/token/', 200],
    ['/webhooks/payment/token/more', 404],
    ['/webhooks/Payment', 404],
    ['/webhooks/constructor', 404],
    ['/webhooks/__proto__', 404],
    ['/webhooks/', 404],
    ['/webhooks', 404],
    ['/webhooks//payment', 404],
    ['/webhooks/%', 404],
    ['/webhooks/payment/%', 404],
    ['/webhooks/payment%2Fx', 404],
  ])('%s is answered %i, by Everhook', async (path, status) => {
    const app = await appOf();
    const body = '{"id":"e1","type":"payment.succeeded"}';
    const headers = signed('/webhooks/payment', body);
    const answered = await app.call('POST', path, headers, body);
    expect(answered.status).toBe(status);
    expect(app.observed).toHaveLength(1);
    if (status === 404) expect(answered.body).toContain('"code":"source_unknown"');
  });

  test.each(['/webhooksx/payment', '/WEBHOOKS/payment', '/hooks/webhooks/payment', '/other'])(
    '%s is none of its paths',
    async (path) => {
      const app = await appOf();
      expect((await app.call('POST', path)).status).toBe(404);
      expect(app.observed).toEqual([]);
    },
  );

  test('a URL with a host in it is taken as well', async () => {
    const app = await appOf();
    const body = '{"id":"e1","type":"payment.succeeded"}';
    const lines = Object.entries({
      host: 'hooks.example.com',
      'content-length': String(body.length),
      connection: 'close',
      ...signed('/webhooks/payment', body),
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await app.raw(
      `POST http://hooks.example.com/webhooks/payment HTTP/1.1\r\n${lines.join('')}\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});
