import { ApplicationFailure } from '@temporalio/common';
import { Stripe } from 'stripe';
import { retryAfterSeconds } from '../retry-after.ts';

/**
 * What an error of Stripe's means for the attempt: the request or the key is wrong, and stays so; too
 * many requests, so wait as told; all else passes. Stripe's own message stays out, because it may quote
 * what was sent. https://docs.stripe.com/error-handling
 */
export function stripeFailure(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode, code, requestId } = error;
  const message = ['Stripe', statusCode, code, requestId].filter((part) => part !== undefined).join(' ');
  if (error instanceof Stripe.errors.StripeRateLimitError) {
    return ApplicationFailure.create({
      message,
      type: 'StripeBusy',
      nextRetryDelay: `${retryAfterSeconds(error.headers?.['retry-after'])} seconds`,
    });
  }
  const type = permanent.find(([kind]) => error instanceof kind)?.[1];
  return type === undefined
    ? ApplicationFailure.retryable(message, 'StripeUnavailable')
    : ApplicationFailure.nonRetryable(message, code === 'resource_missing' ? 'PaymentMissing' : type);
}

const permanent = [
  [Stripe.errors.StripeCardError, 'PaymentDeclined'],
  [Stripe.errors.StripeAuthenticationError, 'StripeUnauthorized'],
  [Stripe.errors.StripePermissionError, 'StripeUnauthorized'],
  [Stripe.errors.StripeInvalidRequestError, 'StripeRequestInvalid'],
  [Stripe.errors.StripeIdempotencyError, 'StripeRequestInvalid'],
] as const;
