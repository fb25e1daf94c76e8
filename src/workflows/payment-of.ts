import { ApplicationFailure } from '@temporalio/workflow';
import type { PaymentRef } from '../activities/index.ts';
import type { PaymentEvent } from '../providers/payment.ts';
import type { PaypalEvent } from '../providers/paypal-events.ts';
import type { StripeEvent } from '../providers/stripe.ts';
import { minorUnits } from './minor-units.ts';

/** The events that tell of a payment. */
export type PaymentTold =
  | StripeEvent<'payment_intent.succeeded' | 'payment_intent.payment_failed'>
  | PaypalEvent<'PAYMENT.CAPTURE.COMPLETED'>
  | PaymentEvent;

/** A payment as its event tells of it; all but its name as sent, so perhaps missing or nonsense. */
export interface ToldPayment extends PaymentRef {
  readonly amount: unknown;
  readonly currency: unknown;
  readonly address: unknown;
}

/** Reads which payment an event is about. Fails the run as `PaymentUnreadable` when it has no usable id. */
export function paymentOf(event: PaymentTold): ToldPayment {
  if (event.type === 'payment_intent.succeeded' || event.type === 'payment_intent.payment_failed') {
    // Typed as always there; a missing one shall fail the run, not leave it hanging.
    const object = event.payload.data?.object ?? {};
    return {
      provider: 'stripe',
      account: event.payload.account ?? '',
      paymentId: requireText(object.id, 'data.object.id'),
      // Older API versions of a succeeded payment may lack what was received.
      amount: object.amount_received ?? object.amount,
      currency: object.currency,
      address: object.receipt_email ?? object.last_payment_error?.payment_method?.billing_details?.email,
    };
  }
  if (event.type === 'PAYMENT.CAPTURE.COMPLETED') {
    // Typed as always there, too; and an event of version 1 has another amount.
    const capture: Partial<typeof event.payload.resource> = event.payload.resource ?? {};
    const amount: Readonly<Record<string, unknown>> = { ...capture.amount };
    const currency = amount['currency_code'] ?? amount['currency'];
    return {
      provider: 'paypal',
      // Captures are numbered in all of PayPal; the sandbox, where nobody pays, is another system.
      account: '',
      paymentId: requireText(capture.id, 'resource.id'),
      amount: minorUnits(amount['value'] ?? amount['total'], currency),
      currency,
      // The capture does not say who paid.
      address: undefined,
    };
  }
  const data: Readonly<Record<string, unknown>> = event.payload.data ?? {};
  return {
    // Two systems may use the same ids, so each source is an account of its own.
    provider: 'payment',
    account: event.source,
    paymentId: requireText(data['payment_id'] ?? textOrNothing(data['id']) ?? event.id, 'data.payment_id'),
    amount: data['amount'],
    currency: data['currency'],
    address: data['customer_email'],
  };
}

/** An amount in minor units. Fails the run as `PaymentUnreadable`, also where it came as text. */
export function requireAmount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw unreadable('amount', 'a whole number of minor units, 0 or more');
}

/** A currency in upper case. Fails the run as `PaymentUnreadable`. */
export function requireCurrency(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z]{3}$/.test(value)) return value.toUpperCase();
  throw unreadable('currency', 'three letters');
}

/** An address to try; undefined where there is none. */
export const addressOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

const textOrNothing = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function requireText(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,512}$/u.test(value)) return value;
  throw unreadable(field, 'text of 1 to 512 characters');
}

/** Whether a failure is one of the above. */
export const isUnreadable = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === unreadableType;

const unreadableType = 'PaymentUnreadable';

const unreadable = (field: string, expected: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`the event's ${field} is not ${expected}`, unreadableType);
