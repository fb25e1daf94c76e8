import { createHash } from 'node:crypto';
import twilioSdk from 'twilio';
import { expect, test } from 'vitest';
import { twilio } from '../../src/providers/index.ts';
import { proof, testApp } from './support.ts';

const path = '/webhooks/twilio';
const sources = {
  twilio: {
    name: 'twilio',
    provider: twilio(),
    proof,
    routes: { 'message.received': 'answerMessage' },
    bodyLimitBytes: 100_000,
  },
};
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const message = 'AccountSid=AC1&Body=Hello+there&MessageSid=SM1&SmsStatus=received';
/** As twilio-node signs what it would call: the address is EVERHOOK_PUBLIC_URL's, not the socket's. */
const signature = (body: string, url = `https://hooks.example.com${path}`) =>
  twilioSdk.getExpectedTwilioSignature(proof.secrets[0], url, Object.fromEntries(new URLSearchParams(body)));

test('a message is answered with empty TwiML, byte for byte', async () => {
  const app = await testApp({ sources });
  const answered = await app.call(
    'POST',
    path,
    { ...form, 'x-twilio-signature': signature(message) },
    message,
  );
  expect(answered).toMatchObject({
    status: 200,
    body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
  });
  expect(answered.headers['content-type']).toBe('text/xml');
  expect(answered.headers['content-length']).toBe('49');
  expect(answered.headers['everhook-event']).toBe('twilio:SM1:received');
  expect(app.accepted[0]?.events[0]).toMatchObject({
    event: { type: 'message.received', key: 'SM1', payload: { Body: 'Hello there' } },
    plan: { state: 'accepted', workflow: 'answerMessage' },
  });
});

test('a duplicate, and what no row takes, are answered the same', async () => {
  const app = await testApp({ sources, accept: () => Promise.resolve(['duplicate']) });
  const call = 'CallSid=CA1&CallStatus=ringing';
  for (const body of [message, call]) {
    const answered = await app.call('POST', path, { ...form, 'x-twilio-signature': signature(body) }, body);
    expect(answered.body).toBe('<?xml version="1.0" encoding="UTF-8"?><Response/>');
  }
});

test('JSON is proven with its query, and answered with what became of it', async () => {
  const app = await testApp({ sources });
  const body =
    '[{"type":"com.twilio.messaging.message.sent","id":"NO1"},{"type":"com.twilio.x.y","id":"NO2"}]';
  const query = `?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
  const headers = {
    'content-type': 'application/json',
    'x-twilio-signature': signature('', `https://hooks.example.com${path}${query}`),
  };
  const answered = await app.call('POST', path + query, headers, body);
  expect(answered).toMatchObject({ status: 200, body: '{"received":true,"events":2,"duplicates":0}' });
});

test('a signature over the address of the socket is refused', async () => {
  const app = await testApp({ sources });
  const headers = {
    ...form,
    'x-twilio-signature': signature(message, `http://127.0.0.1:${app.port}${path}`),
  };
  expect((await app.call('POST', path, headers, message)).status).toBe(401);
});
