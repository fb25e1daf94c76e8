import { Signature } from '@hubspot/api-client';
import { describe, expect, test } from 'vitest';
import type { ReadySource } from '../../src/api/receive.ts';
import { hubspot } from '../../src/providers/hubspot.ts';
import { testApp } from './support.ts';

const secret = 'client secret';
const provider = hubspot();
const source: ReadySource = {
  name: 'hubspot',
  provider,
  proof: provider.proof.parse({ WEBHOOK_SECRET: secret }),
  routes: { 'contact.creation': 'recordEvent' },
  bodyLimitBytes: 100_000,
};
const body =
  '[{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1700000000000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":5,"note":"žluťoučký 🐎"}]';

/** The headers of a delivery to this URL, as HubSpot's own library signs it. */
function signedFor(url: string): Record<string, string> {
  const timestamp = Date.now();
  return {
    'content-type': 'application/json',
    'x-hubspot-signature-v3': Signature.getSignature('POST', 'v3', {
      clientSecret: secret,
      requestBody: body,
      url,
      timestamp,
      signature: '',
    }),
    'x-hubspot-request-timestamp': String(timestamp),
  };
}
const behind = (publicUrl: string) =>
  testApp({ sources: { hubspot: source }, publicUrl, development: false, trustProxy: 'loopback' });
/** What a proxy says, of which nothing is signed. */
const proxied = {
  host: 'internal.example:8080',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
};

describe('behind a proxy that calls another host', () => {
  test.each([
    ['a plain path', '/webhooks/hubspot', '/webhooks/hubspot'],
    ['a query', '/webhooks/hubspot?b=2&a=1&b=', '/webhooks/hubspot?b=2&a=1&b='],
    [
      'escapes that are signed undone',
      '/webhooks/hubspot?to=a%40b.c%2Fd%3F',
      '/webhooks/hubspot?to=a@b.c/d?',
    ],
    [
      'escapes that are signed as they are',
      '/webhooks/hubspot?q=%20%26%3D%2B',
      '/webhooks/hubspot?q=%20%26%3D%2B',
    ],
    [
      'letters that are not ASCII',
      '/webhooks/hubspot?n=%C5%BElu%C5%A5%20%F0%9F%90%8E',
      '/webhooks/hubspot?n=%C5%BElu%C5%A5%20%F0%9F%90%8E',
    ],
  ])('the public URL is what was signed: %s', async (_name, path, signed) => {
    const app = await behind('https://hooks.example.com');
    const headers = { ...signedFor(`https://hooks.example.com${signed}`), ...proxied };
    const answered = await app.call('POST', path, headers, body);
    expect(answered).toMatchObject({ status: 200, body: '{"received":true}' });
    expect(answered.headers['everhook-event']).toBe('hubspot:3:4:2:1:5:1700000000000');
  });

  test('a public URL may have a path, and a name that is not ASCII', async () => {
    const publicUrl = 'https://hööks.example/everhook';
    const app = await behind(publicUrl);
    const headers = { ...signedFor(`${publicUrl}/webhooks/hubspot?a=1`), ...proxied };
    expect((await app.call('POST', '/webhooks/hubspot?a=1', headers, body)).status).toBe(200);
  });

  test.each([
    ['the Host', 'http://internal.example:8080/webhooks/hubspot'],
    ['the Host by https', 'https://internal.example:8080/webhooks/hubspot'],
    ['the forwarded host', 'https://evil.example/webhooks/hubspot'],
    ['the public URL by http', 'http://hooks.example.com/webhooks/hubspot'],
    ['the public URL with a slash', 'https://hooks.example.com/webhooks/hubspot/'],
    ['another query', 'https://hooks.example.com/webhooks/hubspot?a=1'],
  ])('what is signed for %s is refused', async (_name, signed) => {
    const app = await behind('https://hooks.example.com');
    const answered = await app.call('POST', '/webhooks/hubspot', { ...signedFor(signed), ...proxied }, body);
    expect(answered.status).toBe(401);
    expect(app.observed).toMatchObject([{ reason: 'signature_mismatch' }]);
  });

  test('a batch is answered with what became of it', async () => {
    const app = await behind('https://hooks.example.com');
    const events = JSON.stringify([...(JSON.parse(body) as object[]), ...(JSON.parse(body) as object[])]);
    const headers = provider.sign(
      {
        method: 'POST',
        url: 'https://hooks.example.com/webhooks/hubspot',
        body: Buffer.from(events),
        type: 'contact.creation',
      },
      provider.proof.parse({ WEBHOOK_SECRET: secret }),
      new Date(),
    );
    const answered = await app.call('POST', '/webhooks/hubspot', { ...headers, ...proxied }, events);
    expect(answered).toMatchObject({ status: 200, body: '{"received":true,"events":2,"duplicates":0}' });
  });
});
