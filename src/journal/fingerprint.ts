import { createHash } from 'node:crypto';
import { WebhookError } from '../errors.ts';

/**
 * SHA-256 over a JSON value, its names in the order they came; `undefined` counts as not there. Two
 * events of one id are the same event when these are equal: senders repeat the bytes they have, or write
 * the same object again. Sorting the names would cost a tenth of an acknowledgement. Throws
 * WebhookError `payload_unreadable` where it is nested too deeply to walk.
 */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(textOf(value)).digest('hex');
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (cause) {
    // JSON.stringify recurses; what JSON.parse took may still be too deep for it.
    if (cause instanceof RangeError)
      throw new WebhookError('payload_unreadable', { reason: 'too_deep', cause });
    throw cause;
  }
}
