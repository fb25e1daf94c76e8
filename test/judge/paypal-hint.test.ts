import { expect, test } from 'vitest';
import type { Captured } from '../../src/judge/captured.ts';
import { hintOf } from '../../src/judge/hint.ts';
import { judge } from '../../src/judge/judge.ts';
import { paypal } from '../../src/providers/paypal.ts';
import { hierarchy, privateKeyOf } from '../support/certificates.ts';

const now = new Date('2026-11-20T12:00:00Z');
const body = Buffer.from('{"id":"WH-1","event_type":"A.B"}');
const source = { name: 'paypal', provider: paypal() };

/** What is said of a delivery that was signed so, where the settings are others. */
async function hint(
  signedFor: { WEBHOOK_ID: string; ENVIRONMENT: 'live' | 'sandbox' },
  settings: Record<string, string>,
): Promise<string | undefined> {
  const place = signedFor.ENVIRONMENT === 'live' ? '' : 'sandbox.';
  const { root, intermediate, leaf, keys } = await hierarchy(`messageverificationcerts.${place}paypal.com`);
  const proof = {
    ...paypal().proof.parse({ ...signedFor, WEBHOOK_ID: 'ID', TRUSTED_ROOTS: root.pem }),
    webhookIds: [signedFor.WEBHOOK_ID] as const,
    privateKey: await privateKeyOf({ keys }),
  };
  const headers = paypal().sign({ method: 'POST', url: '', body, type: 'A.B' }, proof, now);
  const captured: Captured = {
    method: 'POST',
    url: '/webhooks/paypal',
    headers: Object.entries(headers),
    body,
    certificates: { [headers['paypal-cert-url']!]: leaf.pem + intermediate.pem },
  };
  const circumstances = { environment: { PAYPAL_TRUSTED_ROOTS: root.pem, ...settings }, now };
  const judgement = await judge(captured, source, circumstances);
  if (judgement.accepted) throw new Error('it was accepted');
  return await hintOf({ captured, source, circumstances, refusal: judgement.refusal });
}

test('the sandbox taken for live, and the reverse', async () => {
  const settings = { PAYPAL_WEBHOOK_ID: 'ID', PAYPAL_ENVIRONMENT: 'live' };
  expect(await hint({ WEBHOOK_ID: 'ID', ENVIRONMENT: 'sandbox' }, settings)).toContain(
    'PAYPAL_ENVIRONMENT=sandbox',
  );
  const sandbox = { ...settings, PAYPAL_ENVIRONMENT: 'sandbox' };
  expect(await hint({ WEBHOOK_ID: 'ID', ENVIRONMENT: 'live' }, sandbox)).toContain('PAYPAL_ENVIRONMENT=live');
});

test("the simulator's events", async () => {
  const settings = { PAYPAL_WEBHOOK_ID: 'ID', PAYPAL_ENVIRONMENT: 'sandbox' };
  expect(await hint({ WEBHOOK_ID: 'WEBHOOK_ID', ENVIRONMENT: 'sandbox' }, settings)).toContain(
    'it is of the simulator',
  );
  const live = { ...settings, PAYPAL_ENVIRONMENT: 'live' };
  for (const ENVIRONMENT of ['live', 'sandbox'] as const) {
    expect(await hint({ WEBHOOK_ID: 'WEBHOOK_ID', ENVIRONMENT }, live)).toContain('it is of the simulator');
  }
});

test("another source's webhook", async () => {
  const settings = {
    PAYPAL_WEBHOOK_ID: 'ID',
    PAYPAL_ENVIRONMENT: 'sandbox',
    SHOP_WEBHOOK_ID: 'OTHER',
  };
  expect(await hint({ WEBHOOK_ID: 'OTHER', ENVIRONMENT: 'sandbox' }, settings)).toContain('SHOP_WEBHOOK_ID');
});

test('a host that is none of the environment is named', async () => {
  const settings = { PAYPAL_WEBHOOK_ID: 'OTHER', PAYPAL_ENVIRONMENT: 'live' };
  expect(await hint({ WEBHOOK_ID: 'ID', ENVIRONMENT: 'sandbox' }, settings)).toBe(
    'the certificate lies at api.sandbox.paypal.com',
  );
});
