import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { WebhookEvent } from '../event.ts';
import { hmac } from './hmac.ts';

/**
 * A payment system of one's own, posting to `/webhooks/payment`: `x-webhook-signature` holds the hex
 * HMAC-SHA256 of the body, id and type are at `/id` and `/type`.
 */
export const payment = () =>
  hmac({ id: '/id', type: '/type', key: '/data/payment_id', events: paymentEvents, samples });

const body = <Type extends string>(type: Type) =>
  z.looseObject({
    id: z.string(),
    type: z.literal(type),
    data: z
      .looseObject({
        payment_id: z.string().optional(),
        /** Minor units: cents. */
        amount: z.number().optional(),
        /** ISO 4217, any case. */
        currency: z.string().optional(),
        customer_email: z.string().optional(),
        failure_message: z.string().optional(),
      })
      .optional(),
  });

/** Only id and type are certain; a workflow says what else it misses, in a run that people can see. */
const paymentEvents = {
  'payment.succeeded': body('payment.succeeded'),
  'payment.failed': body('payment.failed'),
};

export type PaymentEvents = { [Type in keyof typeof paymentEvents]: z.input<(typeof paymentEvents)[Type]> };

/** A payment event as a workflow takes it: `PaymentEvent<'payment.failed'>`. */
export type PaymentEvent<Type extends keyof PaymentEvents = keyof PaymentEvents> = {
  [T in Type]: WebhookEvent<T, PaymentEvents[T]>;
}[Type];

const id = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`;

const samples = {
  'payment.succeeded': () => ({
    id: id('evt'),
    type: 'payment.succeeded',
    created_at: new Date().toISOString(),
    data: { payment_id: id('pay'), amount: 4200, currency: 'EUR', customer_email: 'jenny.rosen@example.com' },
  }),
  'payment.failed': () => ({
    id: id('evt'),
    type: 'payment.failed',
    created_at: new Date().toISOString(),
    data: {
      payment_id: id('pay'),
      amount: 4200,
      currency: 'EUR',
      customer_email: 'jenny.rosen@example.com',
      failure_message: 'The card was declined.',
    },
  }),
};
