import type { DeliveryHeaders } from './provider.ts';
import { signatureInvalid } from './signature.ts';

/**
 * A header that says when the request was signed, as text, for it is signed as text: whole seconds (or what `unit`
 * names) since 1970. Throws WebhookError where it is missing, repeated or something else.
 */
export function timestampHeader(headers: DeliveryHeaders, name: string, unit = 'Unix seconds'): string {
  if (headers.repeated(name)) throw signatureInvalid('signature_repeated', `${name} came more than once`);
  const value = headers.get(name);
  if (value === undefined || value === '') throw signatureInvalid('timestamp_missing', `no ${name}`);
  if (!/^\d{1,15}$/.test(value)) throw signatureInvalid('signature_malformed', `${name} is not ${unit}`);
  return value;
}

/**
 * Refuses a signed time, in Unix seconds, that is older than is allowed or, unless `future` is `'unbounded'`, as much
 * ahead. Whole seconds are compared, and the edges pass. Throws WebhookError.
 */
export function requireFresh(
  time: number,
  now: Date,
  { toleranceSeconds, future = 'bounded' }: { toleranceSeconds: number; future?: 'bounded' | 'unbounded' },
): void {
  const ageSeconds = Math.floor(now.getTime() / 1000) - Math.floor(time);
  if (ageSeconds > toleranceSeconds) throw signatureInvalid('timestamp_stale', `${ageSeconds} s old`);
  if (future === 'bounded' && -ageSeconds > toleranceSeconds) {
    throw signatureInvalid('timestamp_future', `${-ageSeconds} s ahead`);
  }
}
