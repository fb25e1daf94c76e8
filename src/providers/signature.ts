import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { WebhookError, type Reason } from '../errors.ts';
import type { DeliveryHeaders } from './provider.ts';

export type HmacAlgorithm = 'sha1' | 'sha256' | 'sha512';
export type TextEncoding = 'hex' | 'base64' | 'base64url';

/** The HMAC of the parts, one after another, as text. Texts count as UTF-8, a secret that is one too. */
export function hmac(
  secret: string | Buffer,
  parts: Iterable<string | Buffer>,
  { algorithm = 'sha256', encoding = 'hex' }: { algorithm?: HmacAlgorithm; encoding?: TextEncoding } = {},
): string {
  const digest = createHmac(algorithm, secret);
  for (const part of parts) digest.update(part);
  return digest.digest(encoding);
}

/** SHA-256 of the bytes, hex. */
export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** Compares in a time that depends on the lengths alone. */
export function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Passes when any given signature is that of any secret. Every pair is compared, so the time does
 * not tell which one fitted.
 */
export function requireMatch<Secret>(
  given: readonly string[],
  secrets: readonly Secret[],
  expected: (secret: Secret) => string,
): void {
  const matches = secrets.flatMap((secret) => {
    const text = expected(secret);
    return given.map((signature) => sameText(signature, text));
  });
  if (!matches.includes(true)) throw signatureInvalid('signature_mismatch');
}

/** A header that may come once only, and must. */
export function singleHeader(headers: DeliveryHeaders, name: string): string {
  if (headers.repeated(name)) throw signatureInvalid('signature_repeated', `${name} came more than once`);
  const value = headers.get(name);
  if (value === undefined || value === '') throw signatureInvalid('signature_missing', `no ${name}`);
  return value;
}

export const signatureInvalid = (reason: Reason<'signature_invalid'>, note?: string): WebhookError =>
  new WebhookError('signature_invalid', { reason, ...(note !== undefined && { note }) });
