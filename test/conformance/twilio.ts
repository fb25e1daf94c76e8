import { createHash } from 'node:crypto';
import twilioSdk from 'twilio';
import type { Captured } from '../../src/judge/captured.ts';
import { twilio } from '../../src/providers/twilio.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = twilio();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: '12345' };
const header = 'x-twilio-signature';
const url = 'https://hooks.example.com/webhooks/twilio';
const sid = 'SM0123456789abcdef0123456789abcdef';
const bodyWith = (text: string) =>
  `AccountSid=AC1&Body=${encodeURIComponent(text)}&MessageSid=${sid}&NumMedia=0&SmsStatus=received`;
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'message.received', at: now, url });
const read = { ids: [`${sid}:received`], types: ['message.received'] };

const vector = {
  method: 'POST',
  url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
  headers: [
    ['Content-Type', 'application/x-www-form-urlencoded'],
    ['X-Twilio-Signature', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
  ],
  body: Buffer.from(
    'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
  ),
} as const satisfies Captured;

/** www.twilio.com/docs/usage/webhooks/webhooks-security; signed by the npm package twilio. */
export function twilioSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const official = bodyWith('signed by twilio-node 🐎');
  const officially = (text: string, at = url) =>
    twilioSdk.getExpectedTwilioSignature(
      environment.WEBHOOK_SECRET,
      at,
      Object.fromEntries(new URLSearchParams(text)),
    );
  const rotated = { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET };
  const stream = '[{"specversion":"1.0","type":"com.twilio.messaging.message.sent","id":"NO1","data":{}}]';
  const json = (
    body: string,
    at = `${url}?bodySHA256=${createHash('sha256').update(stream).digest('hex')}`,
  ) => ({
    method: 'POST',
    url: at,
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Twilio-Signature', officially('', at)],
    ] as const,
    body: Buffer.from(body),
  });
  return {
    name: 'twilio',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'published vector',
        title: "Twilio's documented token, address, fields and signature",
        request: vector,
        expect: { ids: ['CA1234567890ABCDE:b144f414cd34ee417a569845ef9b507a'], types: ['call'] },
      },
      {
        kind: 'official signer',
        title: 'a form, signed by twilio-node',
        request: withHeader(request(official), header, officially(official)),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'signed with the standard port in the address, which we do not see',
        request: withHeader(base, header, officially(base.body.toString(), url.replace('.com', '.com:443'))),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'JSON, its hash in the address',
        request: json(stream),
        expect: { ids: ['NO1'], types: ['com.twilio.messaging.message.sent'] },
      },
      {
        kind: 'forged',
        title: 'signed with another token',
        request: request(bodyWith('plain'), { WEBHOOK_SECRET: 'another' }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'signed for another address',
        request: { ...base, url: url.replace('hooks', 'other') },
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'http where https was signed, as behind a proxy that says nothing',
        request: { ...base, url: url.replace('https', 'http') },
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'JSON that is not what the address says',
        request: json(stream.replace('NO1', 'NO2')),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the form is missing',
        request: withBody(base, base.body.subarray(0, -1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a form that ends within an escape',
        request: request(`${bodyWith('x')}&A=%2`),
        expect: { refused: 'not_form' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎, + and blanks in a field',
        request: request(bodyWith('žluťoučký 🐎 + blank')),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'an escaped FF in a field',
        request: request(`${bodyWith('x')}&A=%FF`),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'repeated header',
        title: 'the signature came twice',
        request: withHeader(base, header, signature, signature),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'repeated header',
        title: 'a field came twice, which is signed sorted',
        request: request(`${bodyWith('x')}&Tag=b&Tag=a`),
        expect: read,
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous token',
        request: base,
        environment: rotated,
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'the right digest in hex',
        request: withHeader(base, header, Buffer.from(signature, 'base64').toString('hex')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'SHA-1 where the settings of a shared key say HMAC_SHA256',
        request: withHeader(base, 'x-twilio-webhooks-signature-settings', 'key=WK1,algorithm=HMAC_SHA256'),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'JSON whose address names no hash: only the address is signed',
        request: json(stream, url),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'another id is another field: forged',
        request: withBody(base, base.body.toString().replace('MessageSid=SM0', 'MessageSid=SM1')),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'fields cut otherwise under the same signature: known again by what is signed',
        request: withBody(base, base.body.toString().replace('&NumMedia=0', 'NumMedia0')),
        expect: { ids: [`${sid}NumMedia0:received`], knownAgain: true },
      },
    ],
    without: {
      stale: 'Twilio signs no time',
      future: 'Twilio signs no time',
      handshake: 'Twilio asks nothing',
    },
  };
}
