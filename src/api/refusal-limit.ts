import { WebhookError } from '../errors.ts';
import { addressKey } from './address-key.ts';
import type { Limiter } from './limiter.ts';

/**
 * What an address hears for a refusal: the refusal itself, and for a failed proof `rate_limited` once
 * the address is over its limit. Only failed proofs are counted, and only they are refused by it: many
 * senders share a provider's addresses, and a valid proof must get in whatever others did.
 */
export async function limitedRefusal(
  refusal: WebhookError,
  address: string | undefined,
  limiter: Limiter | undefined,
): Promise<WebhookError> {
  if (limiter === undefined || refusal.code !== 'signature_invalid') return refusal;
  const { over, headers } = await limiter(addressKey(address));
  if (!over) return refusal;
  const { message: note } = refusal;
  return new WebhookError('rate_limited', {
    reason: 'too_many_refusals',
    note,
    headers,
    cause: refusal,
  });
}
