import { createHash } from 'node:crypto';

/**
 * SHA-256 over a JSON value, its names in the order they came; `undefined` counts as not there. Two
 * events of one id are the same event when these are equal: senders repeat the bytes they have, or write
 * the same object again. Sorting the names would cost a tenth of an acknowledgement.
 */
export const fingerprint = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex');
