import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { paypal } from '../../src/providers/paypal.ts';
import type { Captured } from '../../src/judge/captured.ts';
import { hierarchy, issue, privateKeyOf, rsaKeys } from '../support/certificates.ts';
import { withCrc } from '../support/crc-collision.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = paypal();
const now = new Date('2026-11-20T12:00:00Z');
const name = 'messageverificationcerts.sandbox.paypal.com';
const urlPrefix = 'https://api.sandbox.paypal.com/v1/notifications/certs/';
const header = {
  id: 'paypal-transmission-id',
  time: 'paypal-transmission-time',
  signature: 'paypal-transmission-sig',
  url: 'paypal-cert-url',
  algorithm: 'paypal-auth-algo',
};
const type = 'CUSTOMER.DISPUTE.CREATED';
const bodyWith = (text: string, id = 'WH-1') =>
  `{"id":"${id}","event_type":"${type}","resource":{"dispute_id":"PP-D-1","note":"${text}"}}`;
const read = { ids: ['WH-1'], types: [type] };
const untrusted = { refused: 'certificate_untrusted' } as const;

/**
 * developer.paypal.com/api/rest/webhooks/rest. No library of PayPal's signs, so the certificates are of @peculiar/x509
 * and the independent signatures are written out here.
 */
export async function paypalSuite(): Promise<ConformanceSuite> {
  const { root, intermediate, leaf, keys } = await hierarchy(name);
  const privateKey = await privateKeyOf({ keys });
  const environment = { WEBHOOK_ID: '4JH86294D6297924G', ENVIRONMENT: 'sandbox', TRUSTED_ROOTS: root.pem };
  const request = (
    body: string | Buffer,
    {
      by = environment,
      at = now,
      chain = leaf.pem + intermediate.pem,
    }: { by?: Record<string, string>; at?: Date; chain?: string } = {},
  ): Captured => {
    const made = signed(provider, { ...environment, ...by }, { body, type, at, privateKey });
    return { ...made, certificates: { [headerOf(made, header.url)]: chain } };
  };
  const base = request(bodyWith('plain'));
  /** A signature by hand, over the text that is said to be signed. */
  const signedBy = (text: string) => createSign('RSA-SHA256').update(text).sign(privateKey, 'base64');
  const byHand = (body: string | Buffer, checksum: string | number = crc32(body)) => {
    const [id, time] = ['69cd13f0-d67a-11e5-baa3-778b53f4ae55', '2026-11-20T11:59:59Z'];
    const text = [id, time, environment.WEBHOOK_ID, checksum].join('|');
    const made = withHeader(withHeader(request(body), header.id, id), header.time, time);
    return withHeader(made, header.signature, signedBy(text));
  };
  const at = (url: string): Captured => ({
    ...withHeader(base, header.url, url),
    certificates: { [URL.canParse(url) ? new URL(url).href : url]: leaf.pem + intermediate.pem },
  });
  const issued = async (options: Partial<Parameters<typeof issue>[0]>) =>
    request(bodyWith('plain'), {
      chain:
        (await issue({ name, by: intermediate, keys, dnsNames: [name], ...options })).pem + intermediate.pem,
    });
  const stranger = await issue({
    name: 'shop.example.com',
    by: intermediate,
    keys: await rsaKeys(),
    dnsNames: ['shop.example.com'],
  });
  const vector = readFileSync(new URL('../providers/fixtures/paypal/sale-completed.body', import.meta.url));
  const [vectorId, vectorTime] = ['dfb3be50-fd74-11e4-8bf3-77339302725b', '2015-05-18T15:45:13Z'];
  const large = withCrc((digits) => bodyWith(digits), 0xf0_00_00_01);
  const rotated = { ...environment, WEBHOOK_ID: 'NEW', WEBHOOK_ID_PREVIOUS: environment.WEBHOOK_ID };
  const strict = { ...environment, WEBHOOK_TOLERANCE_SECONDS: '300' };
  const ago = (seconds: number) =>
    request(bodyWith('plain'), { at: new Date(now.getTime() - seconds * 1000) });
  const cut = base.body.subarray(0, -1);
  return {
    name: 'paypal',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: Object.values(header) },
    cases: [
      {
        kind: 'published vector',
        title: "the event, id and time of the SDKs' tests; the text that they sign, under a key of ours",
        request: withHeader(
          withHeader(withHeader(request(vector), header.id, vectorId), header.time, vectorTime),
          header.signature,
          signedBy(`${vectorId}|${vectorTime}|4JH86294D6297924G|2771810304`),
        ),
        expect: { ids: ['WH-0G2756385H040842W-5Y612302CV158622M'], types: ['PAYMENT.SALE.COMPLETED'] },
      },
      {
        kind: 'official signer',
        title: 'no library signs: written out by hand, RSA PKCS#1 v1.5 with SHA-256',
        request: byHand(bodyWith('signed by hand 🐎')),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'a checksum beyond 2^31, unsigned',
        request: byHand(large, 0xf0_00_00_01),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'the intermediate before the leaf',
        request: request(bodyWith('plain'), { chain: intermediate.pem + leaf.pem }),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'the same checksum, as a negative number',
        request: byHand(large, 0xf0_00_00_01 | 0),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'for another webhook',
        request: request(bodyWith('plain'), { by: { WEBHOOK_ID: 'OTHER' } }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: "for the simulator's WEBHOOK_ID, which is not switched on",
        request: request(bodyWith('plain'), { by: { WEBHOOK_ID: 'WEBHOOK_ID' } }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature',
        request: withHeader(base, header.signature),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'no time',
        request: withHeader(base, header.time),
        expect: { refused: 'timestamp_missing' },
      },
      ...(
        [
          ['on another host', 'https://evil.example/v1/notifications/certs/CERT-1'],
          ["on live's host, in the sandbox", 'https://api.paypal.com/v1/notifications/certs/CERT-1'],
          [
            'on a host that begins with the right one',
            urlPrefix.replace('.com', '.com.evil.example') + 'CERT-1',
          ],
          ['on a host behind a user', urlPrefix.replace('.com', '.com@evil.example') + 'CERT-1'],
          ['on another port', urlPrefix.replace('.com', '.com:8443') + 'CERT-1'],
          ['over http', urlPrefix.replace('https', 'http') + 'CERT-1'],
          ['outside of the folder, by dots', `${urlPrefix}../CERT-1`],
          ['outside of the folder, by escaped dots', `${urlPrefix}%2e%2e/CERT-1`],
          ['with a query', `${urlPrefix}CERT-1?x=1`],
        ] as const
      ).map(([where, url]) => ({
        kind: 'forged' as const,
        title: `the certificate lies ${where}: it is not fetched`,
        request: at(url),
        expect: untrusted,
      })),
      {
        kind: 'forged',
        title: 'there is no certificate under the URL',
        request: { ...base, certificates: {} },
        expect: untrusted,
      },
      {
        kind: 'forged',
        title: "a genuine certificate of somebody else's",
        request: await issued({ name: 'shop.example.com', dnsNames: ['shop.example.com'] }),
        expect: untrusted,
      },
      {
        kind: 'forged',
        title: 'a certificate that issued itself',
        request: request(bodyWith('plain'), { chain: (await issue({ name, keys, dnsNames: [name] })).pem }),
        expect: untrusted,
      },
      {
        kind: 'forged',
        title: "a certificate issued by another's certificate, which is no CA",
        request: request(bodyWith('plain'), {
          chain:
            (await issue({ name, by: stranger, keys, dnsNames: [name] })).pem +
            stranger.pem +
            intermediate.pem,
        }),
        expect: untrusted,
      },
      {
        kind: 'forged',
        title: 'a certificate that has expired',
        request: await issued({ to: '2026-11-20T11:59:59Z' }),
        expect: untrusted,
      },
      {
        kind: 'forged',
        title: 'a certificate that is not valid yet',
        request: await issued({ from: '2026-11-20T12:00:01Z' }),
        expect: untrusted,
      },
      {
        kind: 'forged',
        title: 'a certificate without its intermediate',
        request: request(bodyWith('plain'), { chain: leaf.pem }),
        expect: untrusted,
      },
      {
        kind: 'stale',
        title: 'thirty days old: without a tolerance any time is taken, for retries may carry the first one',
        request: ago(30 * 86_400),
        expect: read,
      },
      {
        kind: 'stale',
        title: '300 s old, with a tolerance of 300',
        request: ago(300),
        environment: strict,
        expect: read,
      },
      {
        kind: 'stale',
        title: '301 s old, with a tolerance of 300',
        request: ago(301),
        environment: strict,
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'future',
        title: '301 s ahead, with a tolerance of 300',
        request: ago(-301),
        environment: strict,
        expect: { refused: 'timestamp_future' },
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
        kind: 'truncated',
        title: 'the certificate is cut off',
        request: request(bodyWith('plain'), { chain: leaf.pem.slice(0, 500) }),
        expect: untrusted,
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
        title: 'the transmission id came twice',
        request: withHeader(base, header.id, headerOf(base, header.id), headerOf(base, header.id)),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'for the previous webhook',
        request: base,
        environment: rotated,
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'the right signature, called SHA1withRSA',
        request: withHeader(base, header.algorithm, 'SHA1withRSA'),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'signed with SHA-1, called SHA256withRSA',
        request: withHeader(
          base,
          header.signature,
          createSign('RSA-SHA1')
            .update(
              [
                headerOf(base, header.id),
                headerOf(base, header.time),
                environment.WEBHOOK_ID,
                crc32(base.body),
              ].join('|'),
            )
            .sign(privateKey, 'base64'),
        ),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'another body with the same CRC-32: known again by its transmission',
        request: withBody(
          base,
          withCrc((digits) => bodyWith(digits, 'WH-2'), crc32(base.body)),
        ),
        expect: { ids: ['WH-2'], knownAgain: true },
      },
    ],
    without: { handshake: 'PayPal asks nothing' },
  };
}
