import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { readProof } from '../../src/config.ts';
import { WebhookError } from '../../src/errors.ts';
import { signedText } from '../../src/providers/paypal-transmission.ts';
import { paypal, type PaypalOptions, type PaypalProof } from '../../src/providers/paypal.ts';
import {
  DeliveryHeaders,
  type CertificateLookup,
  type Delivery,
  type ReadEvent,
  type SigningProof,
} from '../../src/providers/provider.ts';
import { hierarchy, issue, privateKeyOf } from '../support/certificates.ts';
import { withCrc } from '../support/crc-collision.ts';

const now = new Date('2026-11-20T12:00:00Z');
const webhookId = '4JH86294D6297924G';
const names = {
  live: 'messageverificationcerts.paypal.com',
  sandbox: 'messageverificationcerts.sandbox.paypal.com',
};
const body = Buffer.from(
  '{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","create_time":"2026-11-20T11:59:58.123Z",' +
    '"resource_type":"capture","resource":{"id":"CAP-1","amount":{"currency_code":"EUR","value":"12.50"}}}',
);

let pki: Awaited<ReturnType<typeof hierarchy>>;
let privateKey: string;
beforeAll(async () => {
  pki = await hierarchy(names.sandbox);
  privateKey = await privateKeyOf(pki);
});

const environment = (changes: Record<string, string> = {}) => ({
  WEBHOOK_ID: webhookId,
  ENVIRONMENT: 'sandbox',
  TRUSTED_ROOTS: pki.root.pem,
  ...changes,
});
const proofOf = (changes: Record<string, string> = {}): SigningProof<PaypalProof> => ({
  ...paypal().proof.parse(environment(changes)),
  privateKey,
});
const chain = () => pki.leaf.pem + pki.intermediate.pem;

/** A delivery as `sign` makes it, with some headers replaced (undefined: left out; a list: repeated). */
function delivery(
  bytes = body,
  headers: Record<string, string | readonly string[] | undefined> = {},
  proof = proofOf(),
): Delivery {
  const signed = paypal().sign({ method: 'POST', url: '', body: bytes, type: 'x' }, proof, now);
  const all = Object.entries({ ...signed, ...headers });
  return {
    method: 'POST',
    url: '/webhooks/paypal',
    headers: new DeliveryHeaders(
      all.flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, one] as const)),
    ),
    body: bytes,
    receivedAt: now,
  };
}

interface Judging {
  readonly options?: PaypalOptions;
  readonly proof?: PaypalProof;
  readonly certificate?: CertificateLookup;
}

async function judge(
  given: Delivery,
  { options, proof = proofOf(), certificate = () => Promise.resolve(chain()) }: Judging = {},
): Promise<string> {
  try {
    await paypal(options).verify(given, proof, { now, certificate });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
}

function readOne(given: Delivery): ReadEvent {
  const reading = paypal().read(given);
  if (!('events' in reading) || reading.events.length !== 1) throw new Error('not one event');
  return reading.events[0]!;
}

describe('the published vector', () => {
  const bytes = readFileSync(new URL('fixtures/paypal/sale-completed.body', import.meta.url));
  const vector = { id: 'dfb3be50-fd74-11e4-8bf3-77339302725b', time: '2015-05-18T15:45:13Z' };

  test('is the text that the SDKs sign', () => {
    expect(signedText(vector, webhookId, bytes).toString()).toBe(
      'dfb3be50-fd74-11e4-8bf3-77339302725b|2015-05-18T15:45:13Z|4JH86294D6297924G|2771810304',
    );
    expect(crc32('123456789')).toBe(3_421_780_262);
  });

  test('is accepted under a signature made of that text by another hand', async () => {
    const text = `${vector.id}|${vector.time}|${webhookId}|2771810304`;
    const given = delivery(bytes, {
      'paypal-transmission-id': vector.id,
      'paypal-transmission-time': vector.time,
      'paypal-transmission-sig': createSign('RSA-SHA256').update(text).sign(privateKey, 'base64'),
    });
    expect(await judge(given)).toBe('accepted');
    expect(readOne(given)).toMatchObject({
      id: 'WH-0G2756385H040842W-5Y612302CV158622M',
      types: ['PAYMENT.SALE.COMPLETED'],
      key: 'PAY-86C81811X5228590KKVNARQQ',
      occurredAt: '2015-05-18T15:45:13.000Z',
      once: vector.id,
    });
  });
});

describe('a delivery', () => {
  test('is accepted as it is signed, and by the certificate that it names', async () => {
    const certificate = vi.fn<CertificateLookup>(() => Promise.resolve(chain()));
    expect(await judge(delivery(), { certificate })).toBe('accepted');
    expect(certificate).toHaveBeenCalledExactlyOnceWith(
      new URL('https://api.sandbox.paypal.com/v1/notifications/certs/CERT-everhook'),
    );
  });

  test.each(['', '|', 'žluťoučký 🐎', '\xff'])('is verified by its bytes: %j', async (text) => {
    for (const encoding of ['utf8', 'latin1'] as const) {
      expect(await judge(delivery(Buffer.from(text, encoding)))).toBe('accepted');
    }
  });

  test.each<[string, Buffer]>([
    ['one byte changed', Buffer.from(body.toString().replace('12.50', '99.50'))],
    ['its last byte cut off', body.subarray(0, -1)],
    ['a newline more', Buffer.concat([body, Buffer.from('\n')])],
    ['nothing left', Buffer.alloc(0)],
    ['JSON written again', Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1))],
  ])('with %s is refused', async (_title, bytes) => {
    expect(await judge({ ...delivery(), body: bytes })).toBe('signature_mismatch');
  });

  test('of which the checksum was signed as a signed number is refused', async () => {
    const signed = crc32(body) | 0;
    const bytes =
      signed < 0 ? body : Buffer.from(withCrc((digits) => `${body.toString()}${digits}`, 0x80_00_00_01));
    expect(crc32(bytes)).toBeGreaterThan(0x7f_ff_ff_ff);
    const text = (sum: number) => `transmission-1|2026-11-20T12:00:00Z|${webhookId}|${sum}`;
    const by = (sum: number) =>
      delivery(bytes, {
        'paypal-transmission-id': 'transmission-1',
        'paypal-transmission-time': '2026-11-20T12:00:00Z',
        'paypal-transmission-sig': createSign('RSA-SHA256').update(text(sum)).sign(privateKey, 'base64'),
      });
    expect(await judge(by(crc32(bytes)))).toBe('accepted');
    expect(await judge(by(crc32(bytes) | 0))).toBe('signature_mismatch');
  });

  test('of another webhook is refused', async () => {
    const other = delivery(body, {}, proofOf({ WEBHOOK_ID: 'OTHER' }));
    expect(await judge(other)).toBe('signature_mismatch');
    // A known mistake: the event's id in its place.
    expect(await judge(delivery(), { proof: proofOf({ WEBHOOK_ID: 'WH-1' }) })).toBe('signature_mismatch');
  });

  test('of the previous webhook is accepted while that is configured', async () => {
    const both = proofOf({ WEBHOOK_ID: 'NEW', WEBHOOK_ID_PREVIOUS: webhookId });
    expect(await judge(delivery(), { proof: both })).toBe('accepted');
    expect(await judge(delivery(body, {}, proofOf({ WEBHOOK_ID: 'NEW' })), { proof: both })).toBe('accepted');
    expect(await judge(delivery(body, {}, proofOf({ WEBHOOK_ID: 'THIRD' })), { proof: both })).toBe(
      'signature_mismatch',
    );
  });
});

describe('the headers', () => {
  test.each<[string, string | undefined, string]>([
    ['paypal-transmission-sig', undefined, 'signature_missing'],
    ['paypal-transmission-sig', '', 'signature_missing'],
    ['paypal-transmission-sig', 'nonsense!', 'signature_malformed'],
    ['paypal-transmission-sig', 'AAAA', 'signature_mismatch'],
    ['paypal-transmission-id', undefined, 'signature_missing'],
    ['paypal-transmission-id', 'another', 'signature_mismatch'],
    ['paypal-transmission-id', 'a|b', 'signature_malformed'],
    ['paypal-transmission-id', 'a b', 'signature_malformed'],
    ['paypal-transmission-id', 'a'.repeat(129), 'signature_malformed'],
    ['paypal-transmission-time', undefined, 'timestamp_missing'],
    ['paypal-transmission-time', '2026-11-20T12:00:01Z', 'signature_mismatch'],
    ['paypal-transmission-time', '2026-11-20', 'signature_malformed'],
    ['paypal-transmission-time', '2026-13-20T12:00:00Z', 'signature_malformed'],
    ['paypal-transmission-time', '1763640000', 'signature_malformed'],
    ['paypal-cert-url', undefined, 'signature_missing'],
    ['paypal-auth-algo', undefined, 'signature_missing'],
    ['paypal-auth-algo', 'SHA1withRSA', 'signature_malformed'],
    ['paypal-auth-algo', 'sha256', 'signature_malformed'],
    ['paypal-auth-algo', 'SHA256withRSA, SHA1withRSA', 'signature_malformed'],
    ['paypal-auth-algo', 'SHA256withRSAandMGF1', 'signature_malformed'],
  ])('%s: %j is refused, %s', async (name, value, reason) => {
    expect(await judge(delivery(body, { [name]: value }))).toBe(reason);
  });

  test('each of them may come once', async () => {
    const given = delivery();
    for (const name of paypal().keepHeaders!) {
      const value = given.headers.get(name)!;
      const verdict = await judge(delivery(body, { [name]: [value, value] }));
      expect(verdict, `twice: ${name}`).toBe('signature_repeated');
    }
  });

  test('a signature has one spelling', async () => {
    const value = delivery().headers.get('paypal-transmission-sig')!;
    // The last character before the padding has four bits that say nothing.
    const other = String.fromCharCode(value.charCodeAt(value.length - 3) + 1);
    for (const changed of [
      value.replace(/=+$/, ''),
      value.replace(/.==$/, `${other}==`),
      `${value}=`,
      `${value} `,
      value.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    ]) {
      expect(await judge(delivery(body, { 'paypal-transmission-sig': changed }))).toBe('signature_malformed');
    }
  });
});

describe('the URL of the certificate', () => {
  const good = 'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77';

  test.each([
    'http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'HTTPS://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'ftp://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api-m.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://evil.example/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'https://api-sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://xapi.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://API.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com./v1/notifications/certs/CERT-1',
    'https://127.0.0.1/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com@evil.example/v1/notifications/certs/CERT-1',
    'https://evil.example@api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com:443/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com\\@evil.example/v1/notifications/certs/CERT-1',
    'https://evil.example\\.api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://evil.example#api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1?redirect=https://evil.example',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1?',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1#x',
    'https://api.sandbox.paypal.com/v1/notifications/certs/../webhooks',
    'https://api.sandbox.paypal.com/v1/notifications/certs/..',
    'https://api.sandbox.paypal.com/v1/notifications/certs/a..b',
    'https://api.sandbox.paypal.com/v1/notifications/certs/%2e%2e/webhooks',
    'https://api.sandbox.paypal.com/v1/notifications/certs/..%2fwebhooks',
    'https://api.sandbox.paypal.com/v1/notifications/certs%2fCERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs/a%00',
    'https://api.sandbox.paypal.com/v1/notifications/certs\\CERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs//CERT-1',
    'https://api.sandbox.paypal.com/v1/notifications/certs/',
    'https://api.sandbox.paypal.com/v1/notifications/certs',
    'https://api.sandbox.paypal.com/v1/notifications/certsX/CERT-1',
    'https://api.sandbox.paypal.com/v2/notifications/certs/CERT-1',
    'https://api.sandbox.paypal.com/x/v1/notifications/certs/CERT-1',
    'https:/api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    '//api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    ' https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    `https://api.sandbox.paypal.com/v1/notifications/certs/${'C'.repeat(600)}`,
    'file:///etc/passwd',
    'nonsense',
  ])('%s is never fetched', async (url) => {
    const certificate = vi.fn<CertificateLookup>(() => Promise.resolve(chain()));
    expect(await judge(delivery(body, { 'paypal-cert-url': url }), { certificate })).toBe(
      'certificate_untrusted',
    );
    expect(certificate).not.toHaveBeenCalled();
  });

  test('is taken as PayPal writes it', async () => {
    for (const url of [good, `${good}.pem`, good.replace('CERT', 'a/CERT')]) {
      expect(await judge(delivery(body, { 'paypal-cert-url': url }))).toBe('accepted');
    }
  });

  test('may be at another host of PayPal that is configured, in the same way', async () => {
    const options = { certificateHosts: ['api-m.sandbox.paypal.com'] };
    const url = good.replace('api.', 'api-m.');
    expect(await judge(delivery(body, { 'paypal-cert-url': url }), { options })).toBe('accepted');
    expect(await judge(delivery(), { options })).toBe('accepted');
    expect(await judge(delivery(body, { 'paypal-cert-url': `${url}?x` }), { options })).toBe(
      'certificate_untrusted',
    );
  });

  test.each(['evil.example', 'paypal.com.evil.example', 'xpaypal.com', 'a@api.paypal.com', ''])(
    'no host of others can be configured: %s',
    (host) => {
      expect(() => paypal({ certificateHosts: [host] })).toThrow('certificateHosts takes names such as');
    },
  );
});

describe('the certificate', () => {
  const by = (certificate: CertificateLookup | string) =>
    judge(delivery(), {
      certificate: typeof certificate === 'string' ? () => Promise.resolve(certificate) : certificate,
    });

  test('that cannot be had is not trusted, and a lookup that knows why is believed', async () => {
    expect(await by(() => Promise.reject(new Error('no such file')))).toBe('certificate_untrusted');
    const away = new WebhookError('not_durable', { reason: 'certificate_unavailable' });
    expect(await by(() => Promise.reject(away))).toBe('certificate_unavailable');
    const verify = async () => await paypal().verify(delivery(), proofOf(), { now });
    await expect(verify()).rejects.toMatchObject({ reason: 'certificate_untrusted' });
  });

  test.each(['', 'nonsense', '<html>', '-----BEGIN CERTIFICATE-----\nMIIB'])(
    'that is none is not trusted: %j',
    async (pem) => {
      expect(await by(pem)).toBe('certificate_untrusted');
    },
  );

  test('must lead to a root that is trusted: public ones alone do not do here', async () => {
    const { TRUSTED_ROOTS: _, ...names } = environment();
    expect(await judge(delivery(), { proof: paypal().proof.parse(names) })).toBe('certificate_untrusted');
  });

  test.each(['api.sandbox.paypal.com', names.live, 'shop.example.com', `${names.sandbox}.example.com`])(
    'must be in the name of the environment, not of %s',
    async (name) => {
      const { keys, intermediate } = pki;
      const leaf = await issue({ name, by: intermediate, keys, dnsNames: [name] });
      expect(await by(leaf.pem + intermediate.pem)).toBe('certificate_untrusted');
    },
  );

  test('of another key, in the right name, does not fit the signature', async () => {
    const leaf = await issue({
      name: names.sandbox,
      by: pki.intermediate,
      keys: (await hierarchy('x')).keys,
      dnsNames: [names.sandbox],
    });
    expect(await by(leaf.pem + pki.intermediate.pem)).toBe('signature_mismatch');
  });

  test('has an RSA key', async () => {
    const leaf = await issue({ name: names.sandbox, by: pki.intermediate, dnsNames: [names.sandbox] });
    expect(await by(leaf.pem + pki.intermediate.pem)).toBe('certificate_untrusted');
  });

  test('of the live system signs for live alone', async () => {
    const live = await issue({
      name: names.live,
      by: pki.intermediate,
      keys: pki.keys,
      dnsNames: [names.live],
    });
    const certificate = () => Promise.resolve(live.pem + pki.intermediate.pem);
    const proof = proofOf({ ENVIRONMENT: 'live' });
    expect(await judge(delivery(body, {}, proof), { proof, certificate })).toBe('accepted');
    expect(await judge(delivery(body, {}, proof), { proof })).toBe('certificate_untrusted');
    expect(await judge(delivery(), { proof, certificate })).toBe('certificate_untrusted');
  });
});

describe("the simulator's events", () => {
  const simulated = (environment: 'sandbox' | 'live' = 'sandbox') => {
    const given = proofOf({ WEBHOOK_ID: 'WEBHOOK_ID' });
    return delivery(body, {}, { ...given, environment });
  };

  test('are refused, unless they are switched on', async () => {
    expect(await judge(simulated())).toBe('signature_mismatch');
    expect(await judge(simulated(), { options: { simulator: true } })).toBe('accepted');
    expect(await judge(delivery(), { options: { simulator: true } })).toBe('accepted');
  });

  test('may be signed as the live system does, which then signs nothing else', async () => {
    const live = await issue({
      name: names.live,
      by: pki.intermediate,
      keys: pki.keys,
      dnsNames: [names.live],
    });
    const certificate = () => Promise.resolve(live.pem + pki.intermediate.pem);
    const options = { simulator: true };
    expect(await judge(simulated('live'), { options, certificate })).toBe('accepted');
    expect(await judge(simulated('live'), { certificate })).toBe('certificate_untrusted');
    const real = delivery(body, {}, { ...proofOf(), environment: 'live' });
    expect(await judge(real, { options, certificate })).toBe('signature_mismatch');
  });

  test('are never taken for live', async () => {
    const live = await issue({
      name: names.live,
      by: pki.intermediate,
      keys: pki.keys,
      dnsNames: [names.live],
    });
    const certificate = () => Promise.resolve(live.pem + pki.intermediate.pem);
    const proof = proofOf({ ENVIRONMENT: 'live' });
    expect(await judge(simulated('live'), { options: { simulator: true }, proof, certificate })).toBe(
      'signature_mismatch',
    );
  });
});

describe('the signed time', () => {
  const at = (seconds: number) => {
    const moment = new Date(now.getTime() + seconds * 1000);
    const headers = paypal().sign({ method: 'POST', url: '', body, type: 'x' }, proofOf(), moment);
    return { ...delivery(), headers: new DeliveryHeaders(Object.entries(headers)) };
  };

  test('is any, because a retry may come days later', async () => {
    for (const seconds of [-30 * 86_400, 30 * 86_400]) expect(await judge(at(seconds))).toBe('accepted');
  });

  test('is bounded both ways where a tolerance is set', async () => {
    const proof = proofOf({ WEBHOOK_TOLERANCE_SECONDS: '60' });
    expect(await judge(at(-60), { proof })).toBe('accepted');
    expect(await judge(at(-61), { proof })).toBe('timestamp_stale');
    expect(await judge(at(60), { proof })).toBe('accepted');
    expect(await judge(at(61), { proof })).toBe('timestamp_future');
  });
});

describe('reading', () => {
  test('takes id, type, time, key and labels, and the transmission as what comes once', () => {
    const resource = {
      id: 'CAP-1',
      invoice_id: 'INV-7',
      custom_id: 'order-7',
      payee: { merchant_id: 'M1' },
      supplementary_data: { related_ids: { order_id: 'ORDER-1' } },
    };
    const payload = { id: 'WH-1', event_type: 'A.B', create_time: '2026-11-20T11:59:58.123Z', resource };
    const given = delivery(Buffer.from(JSON.stringify({ ...payload, resource_type: 'capture' })));
    expect(readOne(given)).toMatchObject({
      id: 'WH-1',
      types: ['A.B'],
      key: 'CAP-1',
      occurredAt: '2026-11-20T11:59:58.123Z',
      once: given.headers.get('paypal-transmission-id'),
      payload: { resource },
      labels: { resource: 'capture', order: 'ORDER-1', invoice: 'INV-7', custom: 'order-7', merchant: 'M1' },
    });
  });

  test.each<[object, string | undefined]>([
    [{ id: 'CAP-1' }, 'CAP-1'],
    [{ dispute_id: 'PP-D-1' }, 'PP-D-1'],
    [{ id: '4EU', parent_payment: 'PAY-1' }, 'PAY-1'],
    [{ payout_item_id: 'ITEM-1' }, 'ITEM-1'],
    [{ invoice: { id: 'INV2-1' } }, 'INV2-1'],
    [{ id: '' }, undefined],
    [{}, undefined],
  ])('the key of %j is %s', (resource, key) => {
    const bytes = Buffer.from(JSON.stringify({ id: 'WH-1', event_type: 'A.B', resource }));
    expect(readOne(delivery(bytes)).key).toBe(key);
  });

  test('a resend is the same event, under a transmission of its own', () => {
    const resent = Buffer.from(
      body.toString().replace(/}$/, ',"links":[{"href":"https://api-m.paypal.com"}]}'),
    );
    const [first, again] = [delivery(), delivery(resent)].map(readOne);
    expect(again?.id).toBe(first?.id);
    expect(again?.sameness).toEqual(first?.sameness);
    expect(again?.once).not.toBe(first?.once);
  });

  test('another body with the same checksum passes, and is known by its transmission', async () => {
    const given = delivery();
    const forged = withCrc(
      (digits) =>
        body.toString().replace('WH-1', 'WH-2').replace('12.50', '0.01').replace(/}$/, `,"_":"${digits}"}`),
      crc32(body),
    );
    const replayed = { ...given, body: Buffer.from(forged) };
    // Nothing that PayPal signs tells them apart.
    expect(await judge(replayed)).toBe('accepted');
    const [event, other] = [readOne(given), readOne(replayed)];
    expect(other.id).toBe('WH-2');
    expect(other.once).toBe(event.once);
    // Under the same id it would be another event, which is a conflict.
    expect(other.sameness).not.toEqual(event.sameness);
  });

  test.each([
    ['{"event_type":"A.B"}', 'event_id_missing', 'field_missing'],
    ['{"id":"","event_type":"A.B"}', 'event_id_missing', 'field_missing'],
    ['{"id":{},"event_type":"A.B"}', 'event_id_missing', 'field_malformed'],
    ['{"id":"WH-1"}', 'payload_unreadable', 'field_missing'],
    ['{"id":"WH-1","event_type":7}', 'payload_unreadable', 'field_malformed'],
    ['{"id":"WH-1","event_type":""}', 'payload_unreadable', 'field_malformed'],
    ['[]', 'payload_unreadable', 'field_malformed'],
    ['null', 'payload_unreadable', 'field_malformed'],
    ['{"id"', 'payload_unreadable', 'not_json'],
    ['', 'payload_unreadable', 'not_json'],
  ])('refuses %s', (text, code, reason) => {
    expect(() => readOne(delivery(Buffer.from(text)))).toThrow(expect.objectContaining({ code, reason }));
  });

  test('integers beyond 2^53 become texts of the same digits', () => {
    const text = '{"id":9007199254740993,"event_type":"A.B","resource":{"id":12345678901234567890}}';
    expect(readOne(delivery(Buffer.from(text)))).toMatchObject({
      id: '9007199254740993',
      key: '12345678901234567890',
    });
  });

  test('every sample is accepted, read under its type, and has an id of its own', async () => {
    for (const [type, sample] of Object.entries(paypal().samples)) {
      const [one, other] = [sample!(), sample!()].map((value) =>
        delivery(Buffer.from(JSON.stringify(value))),
      );
      expect(await judge(one!)).toBe('accepted');
      expect(readOne(one!)).toMatchObject({ types: [type], key: expect.any(String) as string });
      expect(readOne(one!).id).not.toBe(readOne(other!).id);
      expect(readOne(one!).occurredAt).toBeDefined();
    }
  });
});

test('garbage is refused, and nothing else happens', async () => {
  const names = paypal().keepHeaders!;
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '|', 'SHA256withRSA', '2026-01-01T00:00:00Z'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array(),
      fc.array(value, { maxLength: 5 }),
      fc.string(),
      async (bytes, values, pem) => {
        const headers = Object.fromEntries(values.map((one, at) => [names[at]!, one]));
        const given = delivery(Buffer.from(bytes), headers);
        await judge(given, { certificate: () => Promise.resolve(pem) });
        try {
          paypal().read(given);
        } catch (error) {
          expect(error).toBeInstanceOf(WebhookError);
        }
      },
    ),
    { numRuns: 300 },
  );
});

describe('the configuration', () => {
  const read = (settings: Record<string, string>) => () =>
    readProof('shop-paypal', paypal(), (name) => settings[name.replace('SHOP_PAYPAL_', '')]);

  test('needs the id of the webhook, and is for live by default', () => {
    expect(read({})).toThrow('SHOP_PAYPAL_WEBHOOK_ID is not set');
    expect(read({ WEBHOOK_ID: webhookId })()).toMatchObject({
      webhookIds: [webhookId],
      environment: 'live',
      toleranceSeconds: undefined,
    });
  });

  test.each([
    [{ WEBHOOK_ID: 'with|bar' }, 'SHOP_PAYPAL_WEBHOOK_ID: must be the id'],
    [{ WEBHOOK_ID_PREVIOUS: '' }, 'SHOP_PAYPAL_WEBHOOK_ID_PREVIOUS: must be the id'],
    [{ ENVIRONMENT: 'production' }, 'SHOP_PAYPAL_ENVIRONMENT: must be live or sandbox'],
    [
      { TRUSTED_ROOTS: 'nonsense' },
      'SHOP_PAYPAL_TRUSTED_ROOTS: must be certificates as PEM: no PEM certificate',
    ],
    [{ WEBHOOK_TOLERANCE_SECONDS: 'soon' }, 'SHOP_PAYPAL_WEBHOOK_TOLERANCE_SECONDS: must be a whole number'],
    [{ WEBHOOK_ID: 'WEBHOOK_ID' }, 'SHOP_PAYPAL_WEBHOOK_ID: WEBHOOK_ID is the simulator'],
    [{ WEBHOOK_ID_PREVIOUS: 'WEBHOOK_ID' }, 'WEBHOOK_ID is the simulator'],
    [{ CLIENT_ID: 'one' }, 'SHOP_PAYPAL_CLIENT_SECRET is not set, and CLIENT_ID is'],
    [{ CLIENT_SECRET: 'one' }, 'SHOP_PAYPAL_CLIENT_ID is not set, and CLIENT_SECRET is'],
    [{ CLIENT_ID: 'a:b', CLIENT_SECRET: 'x' }, 'SHOP_PAYPAL_CLIENT_ID: must be what the dashboard shows'],
    [{ CLIENT_ID: 'x', CLIENT_SECRET: 'x\n' }, 'SHOP_PAYPAL_CLIENT_SECRET: must be what the dashboard shows'],
  ])('%j is refused by name', (changes, complaint) => {
    expect(read({ WEBHOOK_ID: webhookId, ...changes })).toThrow(complaint);
  });
});

describe("PayPal's API, to be asked for its judgement", () => {
  const postback = (changes: Record<string, string>) =>
    proofOf({ CLIENT_ID: 'id', CLIENT_SECRET: 'secret', ...changes }).postback;

  test('is the one of the environment', () => {
    expect(postback({ ENVIRONMENT: 'live' })?.api).toBe('https://api-m.paypal.com');
    expect(postback({})).toEqual({
      api: 'https://api-m.sandbox.paypal.com',
      client: { tokenUrl: 'https://api-m.sandbox.paypal.com/v1/oauth2/token', id: 'id', secret: 'secret' },
    });
  });

  test('is not asked without credentials', () => {
    expect(proofOf().postback).toBeUndefined();
    expect(proofOf({ API_BASE: 'http://127.0.0.1:9' }).postback).toBeUndefined();
  });

  test.each([
    'https://paypal.example',
    'https://paypal.example:8443',
    'http://127.0.0.1:8080',
    'http://localhost',
    'http://[::1]:8080',
  ])('may be %s instead', (API_BASE) => {
    expect(postback({ API_BASE })?.api).toBe(API_BASE);
  });

  test.each([
    'http://api-m.paypal.com',
    'http://127.0.0.1.evil.example',
    'http://localhost@evil.example',
    'http://localhost.evil.example',
    'https://user@paypal.example',
    'https://paypal.example/',
    'https://paypal.example/v1',
    'https://paypal.example?x',
    'https://PayPal.example',
    'ftp://paypal.example',
    'paypal.example',
    '',
  ])('may not be %s', (API_BASE) => {
    expect(() => postback({ API_BASE })).toThrow('must be an origin such as');
  });
});

describe('development', () => {
  test('has a webhook, a root and a certificate of its own, which fit', async () => {
    const made = paypal().develop!();
    const { privateKey, certificate, ...proof } = {
      ...paypal().proof.parse(made),
      privateKey: made['PRIVATE_KEY']!,
      certificate: () => Promise.resolve(made['CERTIFICATE']!),
    };
    const given = delivery(body, {}, { ...proof, privateKey });
    const today = { now: new Date(), certificate };
    await expect(paypal().verify(given, proof, today)).resolves.toBeUndefined();
    const tomorrow = new Date(Date.now() + 86_400_000);
    await expect(paypal().verify(given, proof, { ...today, now: tomorrow })).resolves.toBeUndefined();
  });

  test('proves nothing to a gateway that was not made up along with it', async () => {
    const [one, other] = [paypal().develop!(), paypal().develop!()];
    const sender = { ...paypal().proof.parse(one), privateKey: one['PRIVATE_KEY']! };
    const receiver = paypal().proof.parse({ ...other, WEBHOOK_ID: one['WEBHOOK_ID'] });
    const verdict = paypal().verify(delivery(body, {}, sender), receiver, {
      now: new Date(),
      certificate: () => Promise.resolve(one['CERTIFICATE']!),
    });
    await expect(verdict).rejects.toMatchObject({ reason: 'certificate_untrusted' });
  });

  test('nobody signs without a key', () => {
    const { privateKey: _, ...proof } = proofOf();
    expect(() => paypal().sign({ method: 'POST', url: '', body, type: 'x' }, proof, now)).toThrow(
      'only PayPal can sign',
    );
  });
});
