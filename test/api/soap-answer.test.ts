import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Accept } from '../../src/accept.ts';
import type { ReadySource } from '../../src/api/receive.ts';
import { WebhookError } from '../../src/errors.ts';
import { salesforce } from '../../src/providers/salesforce.ts';
import { testApp } from './support.ts';

const provider = salesforce();
const source: ReadySource = {
  name: 'salesforce',
  provider,
  proof: provider.proof.parse({ WEBHOOK_PATH_TOKEN: 't0ken', ORGANIZATION_ID: '00D5g000004x2MQ' }),
  routes: { Contact: 'recordEvent' },
  bodyLimitBytes: 100_000,
};
const fixture = (name: string): string =>
  readFileSync(new URL(`../providers/fixtures/salesforce/${name}.xml`, import.meta.url), 'utf8');
const contact = fixture('contact');
const headers = { 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' };
const path = '/webhooks/salesforce/t0ken';

const acknowledgement =
  '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';

const app = (accept?: Accept) => testApp({ sources: { salesforce: source }, ...(accept && { accept }) });

test.each([
  ['one notification', contact],
  ['several', fixture('opportunities')],
])('%s that were taken are acknowledged, byte for byte', async (_name, body) => {
  const answered = await (await app()).call('POST', path, headers, body);
  expect(answered.status).toBe(200);
  expect(answered.headers['content-type']).toBe('text/xml; charset=utf-8');
  expect(answered.headers['content-length']).toBe(String(acknowledgement.length));
  expect(answered.body).toBe(acknowledgement);
});

test('what was taken before is acknowledged alike', async () => {
  const repeating = await app(({ events }) => Promise.resolve(events.map(() => 'duplicate' as const)));
  expect((await repeating.call('POST', path, headers, contact)).body).toBe(acknowledgement);
});

test('what could not be made durable is not acknowledged, and may come again', async () => {
  const failing = await app(() =>
    Promise.reject(new WebhookError('not_durable', { reason: 'journal_unavailable' })),
  );
  const answered = await failing.call('POST', path, headers, contact);
  expect(answered).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  expect(answered.body).not.toContain('Ack');
});

test('the session reaches nobody, of what is accepted and of what is refused', async () => {
  const one = await app();
  await one.call('POST', path, headers, contact);
  await one.call('POST', '/webhooks/salesforce/other', headers, contact);
  await one.call('POST', '/webhooks/salesforce', headers, contact);
  await one.call('POST', path, headers, contact.slice(0, -20));
  await one.call('POST', '/webhooks/salesforce/other', headers, contact.slice(0, -20));
  const delivered = one.accepted.map(({ delivery }) => delivery);
  const refused = one.kept.map(({ delivery }) => delivery);
  expect(one.kept.map(({ refusal }) => refusal?.reason)).toEqual([
    'token_mismatch',
    'signature_missing',
    'not_xml',
    'token_mismatch',
  ]);
  const clean = contact.replace(/<SessionId>.*<\/SessionId>/, '<SessionId></SessionId>');
  expect([...delivered, ...refused].map(({ body, redacted }) => [body.toString(), redacted])).toEqual([
    [clean, true],
    [clean, true],
    [clean, true],
    // Of what is no XML nobody can tell where it is.
    ['', true],
    ['', true],
  ]);
  const seen = JSON.stringify([one.observed, one.accepted, one.kept]);
  expect(seen).not.toContain('NotASession');
  expect(JSON.stringify(one.observed)).not.toContain('t0ken');
});

test('a refusal is a problem document, which Salesforce takes for "not delivered"', async () => {
  const answered = await (await app()).call('POST', '/webhooks/salesforce/other', headers, contact);
  expect(answered.status).toBe(401);
  expect(answered.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answered.body)).toMatchObject({ code: 'signature_invalid' });
});
