import { ApplicationFailure } from '@temporalio/common';
import { Stripe } from 'stripe';

// A provider's word is honoured, but not for ever.
const longestPauseSeconds = 600;
const pauseSeconds = 10;

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

/** Retry-After in seconds; its other form, a date, is not Stripe's. */
const retryAfterSeconds = (value: string | undefined): number =>
  value !== undefined && /^\d{1,6}$/.test(value)
    ? Math.min(Math.max(Number(value), 1), longestPauseSeconds)
    : pauseSeconds;
