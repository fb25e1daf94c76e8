// The two that Everhook is measured against, each a process of its own: `tsx bench/servers.ts verify|await`.
import express from 'express';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { Stripe } from 'stripe';

const [kind = 'verify'] = process.argv.slice(2);
const secret = process.env['STRIPE_WEBHOOK_SECRET'] ?? '';
const stripe = new Stripe('sk_test_bench');
const client =
  kind === 'await'
    ? new Client({
        connection: await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' }),
        namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
      })
    : undefined;

const app = express().disable('x-powered-by');
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 waits for it
app.post('/webhooks/stripe', express.raw({ type: () => true, limit: '2mb' }), async (request, response) => {
  const event = stripe.webhooks.constructEvent(
    request.body as Buffer,
    request.headers['stripe-signature'] ?? '',
    secret,
  );
  await client?.workflow.start('recordEvent', {
    workflowId: `stripe:${event.id}`,
    taskQueue: 'bench',
    args: [event],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
  response.json({ received: true });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
