import { join } from 'node:path';
import type { Client as Temporal } from '@temporalio/client';
import { Client } from 'pg';
import { Stripe } from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase, startTestPostgres } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { startEverhook } from './everhook.ts';
import { apiKey, registerWebhook, startLocalstripe, stripeTrigger } from './localstripe.ts';
import { checkout } from './run.ts';

const secret = 'whsec_localstripe_signs_with_this';

test("what localstripe posts becomes the customer's welcome, and one ledger entry of the payment", async () => {
  const database = await aDatabase();
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const { addresses, client } = await startEverhook(['node', join(checkout, 'bin/everhook.js'), 'start'], {
    cwd: checkout,
    home,
    env: { DATABASE_URL: database, STRIPE_WEBHOOK_SECRET: secret },
  });
  const { port, url } = await startLocalstripe();
  await registerWebhook(url, `${addresses.api}/webhooks/stripe`, secret);

  const stripe = new Stripe(apiKey, { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  const email = 'jenny.rosen@example.com';
  const customer = await stripe.customers.create({ email });
  const card = { number: '4242424242424242', exp_month: 12, exp_year: 2040, cvc: '123' };
  const method = await stripe.paymentMethods.create({ type: 'card', card });
  await stripe.paymentMethods.attach(method.id, { customer: customer.id });
  const payment = await stripe.paymentIntents.create({
    amount: 4200,
    currency: 'eur',
    customer: customer.id,
    payment_method: method.id,
    confirm: true,
  });
  expect(payment.status).toBe('succeeded');

  expect(await resultOf('customer.created', stripe, client)).toEqual({ mail: 'sent' });
  expect(await resultOf('payment_intent.succeeded', stripe, client)).toMatchObject({
    alreadyPosted: false,
    reRead: false,
  });
  expect(await entries(database)).toEqual([
    { provider: 'stripe', payment_id: payment.id, amount_minor: '4200', currency: 'EUR' },
  ]);
});

test("what Stripe's own CLI triggers is welcomed too", async () => {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const { addresses, client } = await startEverhook(['node', join(checkout, 'bin/everhook.js'), 'start'], {
    cwd: checkout,
    home,
    env: { STRIPE_WEBHOOK_SECRET: secret },
  });
  const { port, url } = await startLocalstripe();
  await registerWebhook(url, `${addresses.api}/webhooks/stripe`, secret);
  await stripeTrigger('customer.created', url);

  const stripe = new Stripe(apiKey, { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  expect(await resultOf('customer.created', stripe, client)).toMatchObject({ mail: expect.any(String) });
});

/** What the run of the one event of that type gave. */
async function resultOf(type: string, stripe: Stripe, temporal: Temporal): Promise<unknown> {
  const { data } = await stripe.events.list({ type });
  expect(data).toHaveLength(1);
  const handle = temporal.workflow.getHandle(`stripe:${data[0]?.id}`);
  // It posts a second after the fact.
  await expect
    .poll(
      () =>
        handle.describe().then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  return (await handle.result()) as unknown;
}

async function aDatabase(): Promise<string> {
  const server = await startTestPostgres();
  onTestFinished(() => server.stop());
  const { url, drop } = await createDatabase(server.url);
  onTestFinished(drop);
  return url;
}

async function entries(database: string): Promise<unknown[]> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(
      'select provider, payment_id, amount_minor, currency from ledger.entries',
    );
    return rows;
  } finally {
    await client.end();
  }
}
