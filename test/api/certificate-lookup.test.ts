import { beforeAll, expect, test } from 'vitest';
import { receive, type ReadySource } from '../../src/api/receive.ts';
import { WebhookError } from '../../src/errors.ts';
import { paypal } from '../../src/providers/paypal.ts';
import { DeliveryHeaders, type CertificateLookup, type Delivery } from '../../src/providers/provider.ts';
import { hierarchy, privateKeyOf } from '../support/certificates.ts';

let source: ReadySource;
let delivery: Delivery;
let chain: string;
beforeAll(async () => {
  const pki = await hierarchy('messageverificationcerts.paypal.com');
  const proof = paypal().proof.parse({ WEBHOOK_ID: 'ID', TRUSTED_ROOTS: pki.root.pem });
  chain = pki.leaf.pem + pki.intermediate.pem;
  source = { name: 'paypal', provider: paypal(), proof, routes: undefined, bodyLimitBytes: 10_000 };
  const body = Buffer.from('{"id":"WH-1","event_type":"A.B"}');
  const receivedAt = new Date('2026-11-20T12:00:00Z');
  const signing = { ...proof, privateKey: await privateKeyOf(pki) };
  const headers = paypal().sign({ method: 'POST', url: '', body, type: 'A.B' }, signing, receivedAt);
  delivery = {
    method: 'POST',
    url: '/webhooks/paypal',
    headers: new DeliveryHeaders(Object.entries(headers)),
    body,
    receivedAt,
  };
});

const received = (certificate?: CertificateLookup) =>
  receive(
    delivery,
    { ...source, ...(certificate && { certificate }) },
    () => Promise.resolve(['new']),
    new Date(),
  );

test("a source's lookup finds what its deliveries name", async () => {
  expect((await received(() => Promise.resolve(chain))).answer.status).toBe(200);
});

test('a lookup that cannot know now lets the provider send again', async () => {
  const away = () => Promise.reject(new WebhookError('not_durable', { reason: 'certificate_unavailable' }));
  await expect(received(away)).rejects.toMatchObject({ status: 503, reason: 'certificate_unavailable' });
});

test('without a lookup nothing is proven', async () => {
  await expect(received()).rejects.toMatchObject({ status: 401, reason: 'certificate_untrusted' });
});
