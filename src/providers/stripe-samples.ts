import { randomBytes } from 'node:crypto';

/** Bodies as Stripe sends them (API version 2026-08-27.dahlia, shortened), each with fresh ids. */
export const stripeSamples = {
  'payment_intent.succeeded': () =>
    snapshot('payment_intent.succeeded', {
      ...paymentIntent(),
      amount_received: 2000,
      status: 'succeeded',
      latest_charge: id('ch'),
    }),
  'payment_intent.payment_failed': () =>
    snapshot('payment_intent.payment_failed', {
      ...paymentIntent(),
      amount_received: 0,
      status: 'requires_payment_method',
      latest_charge: id('ch'),
      last_payment_error: {
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        message: 'Your card has insufficient funds.',
      },
    }),
  'customer.created': () =>
    snapshot('customer.created', {
      id: id('cus'),
      object: 'customer',
      balance: 0,
      created: now(),
      currency: null,
      default_source: null,
      delinquent: false,
      description: null,
      email: 'jenny.rosen@example.com',
      livemode: false,
      metadata: {},
      name: 'Jenny Rosen',
      phone: null,
      preferred_locales: [],
    }),
  'v1.billing.meter.error_report_triggered': () => ({
    id: `evt_test_${random()}`,
    object: 'v2.core.event',
    type: 'v1.billing.meter.error_report_triggered',
    livemode: false,
    created: new Date().toISOString(),
    related_object: {
      id: `mtr_test_${random()}`,
      type: 'billing.meter',
      url: '/v1/billing/meters/mtr_test',
    },
  }),
};

const now = () => Math.floor(Date.now() / 1000);
const random = () => randomBytes(12).toString('hex');
const id = (prefix: string) => `${prefix}_${random()}`;

const paymentIntent = () => ({
  id: id('pi'),
  object: 'payment_intent',
  amount: 2000,
  amount_capturable: 0,
  capture_method: 'automatic_async',
  client_secret: null,
  confirmation_method: 'automatic',
  created: now(),
  currency: 'usd',
  customer: id('cus'),
  description: null,
  livemode: false,
  metadata: {},
  payment_method: id('pm'),
  payment_method_types: ['card'],
  receipt_email: 'jenny.rosen@example.com',
});

const snapshot = (type: string, object: object) => ({
  id: id('evt'),
  object: 'event',
  api_version: '2026-08-27.dahlia',
  created: now(),
  data: { object },
  livemode: false,
  pending_webhooks: 1,
  request: { id: id('req'), idempotency_key: null },
  type,
});
