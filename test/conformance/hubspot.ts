import { Signature } from '@hubspot/api-client';
import type { Captured } from '../../src/judge/captured.ts';
import { hubspot } from '../../src/providers/hubspot.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = hubspot();
const now = new Date('2026-11-20T12:00:00Z');
const secret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const environment: Readonly<Record<string, string>> = {
  WEBHOOK_SECRET: secret,
  EVERHOOK_PUBLIC_URL: 'https://hooks.example.com',
};
const header = 'x-hubspot-signature-v3';
const timeHeader = 'x-hubspot-request-timestamp';
const address = 'https://hooks.example.com/webhooks/hubspot';
const bodyWith = (text: string) =>
  `[{"eventId":7,"subscriptionId":25,"portalId":33,"appId":11,"occurredAt":1700000000000,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":5,"propertyName":"firstname","propertyValue":"${text}"}]`;
const agoMs = (milliseconds: number) => new Date(now.getTime() - milliseconds);
const request = (body: string | Buffer, { by = environment, at = now, url = address } = {}): Captured =>
  signed(provider, by, { body, type: 'contact.propertyChange', at, url });
const read = { ids: ['33:11:25:7:5:1700000000000'], types: ['contact.propertyChange'] };

/** As HubSpot's own library signs: with the method POST. */
const officially = (
  version: 'v1' | 'v2' | 'v3',
  { body, url = address }: { body: string; url?: string },
): string =>
  Signature.getSignature('POST', version, {
    clientSecret: secret,
    requestBody: body,
    url,
    timestamp: now.getTime(),
    signature: '',
  });
const older = (made: Captured, version: 'v1' | 'v2', signature: string): Captured =>
  withHeader(
    withHeader(withHeader(made, header), 'x-hubspot-signature-version', version),
    'x-hubspot-signature',
    signature,
  );

/** developers.hubspot.com, "Validating requests"; signed by @hubspot/api-client. No vector of v3 is published. */
export function hubspotSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const official = bodyWith('signed by HubSpot 🐎');
  const example = '{"example_field":"example_value"}';
  const exampleUrl = 'https://www.example.com/webhook_uri';
  const documented =
    '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';
  const escaped = `${address}?to=a%40b.c%2Fd&q=%20%26%C3%A9`;
  const undone = `${address}?to=a@b.c/d&q=%20%26%C3%A9`;
  const cut = base.body.subarray(0, -1);
  return {
    name: 'hubspot',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header, timeHeader] },
    cases: [
      {
        kind: 'published vector',
        title: "HubSpot's documented v2 signature: v1 and v2 are hashes without a time, and prove nothing",
        request: older(
          request(example, { url: exampleUrl }),
          'v2',
          '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900',
        ),
        environment: { WEBHOOK_SECRET: secret, EVERHOOK_PUBLIC_URL: 'https://www.example.com' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'published vector',
        title: "HubSpot's documented v1 signature",
        request: older(
          request(documented),
          'v1',
          '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de',
        ),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'official signer',
        title: 'v3 by @hubspot/api-client',
        request: withHeader(request(official), header, officially('v3', { body: official })),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'v3 over a URL with the listed escapes undone, and all others as they are',
        request: {
          ...withHeader(
            request(bodyWith('plain')),
            header,
            officially('v3', { body: bodyWith('plain'), url: undone }),
          ),
          url: escaped,
        },
        expect: read,
      },
      {
        kind: 'forged',
        title: 'v3 over the URL as it was called, with those escapes in it',
        request: {
          ...withHeader(
            request(bodyWith('plain')),
            header,
            officially('v3', { body: bodyWith('plain'), url: escaped }),
          ),
          url: escaped,
        },
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { by: { WEBHOOK_SECRET: 'another' } }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature at all',
        request: withHeader(withHeader(base, header), 'x-hubspot-signature'),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'the time is another than was signed',
        request: withHeader(base, timeHeader, String(now.getTime() + 1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no time',
        request: withHeader(base, timeHeader),
        expect: { refused: 'timestamp_missing' },
      },
      {
        kind: 'forged',
        title: 'signed for another path',
        request: { ...base, url: '/webhooks/hubspot?a=1' },
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'signed for POST, sent by PUT',
        request: { ...base, method: 'PUT' },
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'signed for the host that a sender names: EVERHOOK_PUBLIC_URL is what counts',
        request: request(bodyWith('plain'), { url: 'https://evil.example/webhooks/hubspot' }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'stale',
        title: '300,000 ms old',
        request: request(bodyWith('plain'), { at: agoMs(300_000) }),
        expect: read,
      },
      {
        kind: 'stale',
        title: '300,001 ms old',
        request: request(bodyWith('plain'), { at: agoMs(300_001) }),
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'stale',
        title: 'a time in seconds',
        request: request(bodyWith('plain'), { at: new Date(Math.floor(now.getTime() / 1000)) }),
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'future',
        title: 'an hour ahead: as in @hubspot/api-client, the future has no bound',
        request: request(bodyWith('plain'), { at: agoMs(-3_600_000) }),
        expect: read,
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, cut),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(cut),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the body',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a text, signed as they are',
        request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
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
        title: 'the time came twice',
        request: withHeader(base, timeHeader, String(now.getTime()), String(now.getTime())),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { ...environment, WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: secret },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'the right HMAC in hex',
        request: withHeader(base, header, Buffer.from(signature, 'base64').toString('hex')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'wrong algorithm',
        title: 'a blank where + was, as proxies that take headers for forms make it',
        request: withHeader(base, header, `${signature.slice(0, 20)} ${signature.slice(21)}`),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'a right v1 without v3',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'a right v2 beside a wrong v3',
        request: withHeader(
          older(base, 'v2', officially('v2', { body: bodyWith('plain') })),
          header,
          officially('v3', { body: 'another body' }),
        ),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'the id is made of the signed body: with another it is forged',
        request: withBody(base, base.body.toString().replace('"eventId":7', '"eventId":8')),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'sent again, with another attemptNumber: the same id',
        request: request(bodyWith('plain').replace('"attemptNumber":0', '"attemptNumber":3')),
        expect: read,
      },
    ],
    without: { handshake: 'HubSpot asks nothing before it sends' },
  };
}
