import { randomBytes, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ed25519Matches, ed25519PublicKey, ed25519Sign } from './ed25519.ts';
import { requireFresh, timestampHeader } from './freshness.ts';
import type { Delivery, DeliveryHeaders } from './provider.ts';
import { hmac, requireMatch, signatureInvalid, singleHeader } from './signature.ts';

// The scheme of Standard Webhooks, which its own provider, Svix and GitLab share:
// github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme

/** What the three headers begin with: `webhook-id`, `svix-id`. */
export type HeaderSet = 'webhook-' | 'svix-';

/** The keys that a sender may have signed with. */
export interface StandardKeys {
  /** Of `v1`: HMAC-SHA256. */
  readonly secrets: readonly Buffer[];
  /** Of `v1a`: Ed25519. Where there is one, `v1a` is demanded and `v1` is not looked at. */
  readonly publicKeys: readonly KeyObject[];
}

const defaultToleranceSeconds = 300;
const forms = { v1: /^[A-Za-z0-9+/]{43}=$/, v1a: /^[A-Za-z0-9+/]{86}==$/ };

/** `whsec_` and the base64 of 24 to 64 bytes, as the bytes. */
export const hmacKey = z.string().transform((text, context): Buffer => {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length >= 24 && bytes.length <= 64) return bytes;
  context.addIssue({ code: 'custom', message: complaint(text, 'whsec_ and the base64 of 24 to 64 bytes') });
  return z.NEVER;
});

const complaint = (text: string, form: string): string =>
  text.trim() === text ? `must be ${form}` : `has blanks around it, and must be ${form}`;

/** `whpk_` and the base64 of 32 bytes, as an Ed25519 key. */
export const publicKey = z.string().transform((text, context): KeyObject => {
  const [, encoded = ''] = /^whpk_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length === 32) return ed25519PublicKey(bytes);
  context.addIssue({ code: 'custom', message: complaint(text, 'whpk_ and the base64 of 32 bytes') });
  return z.NEVER;
});

/**
 * Passes when one of the keys signed id, time and body, at most `toleranceSeconds` from now either way. Versions other
 * than the one that is demanded are skipped: a `v1` does not stand in for a `v1a`. Throws WebhookError.
 */
export function verifyStandard(
  { headers, body }: Pick<Delivery, 'headers' | 'body'>,
  { secrets, publicKeys }: StandardKeys,
  {
    set,
    now,
    toleranceSeconds = defaultToleranceSeconds,
  }: { set: HeaderSet; now: Date; toleranceSeconds?: number | undefined },
): void {
  const name = `${set}signature`;
  const list = headers.get(name);
  if (list === undefined || list === '') throw signatureInvalid('signature_missing', `no ${name}`);
  const id = singleHeader(headers, `${set}id`);
  const timestamp = timestampHeader(headers, `${set}timestamp`);
  // A dot in the id could be read as the one behind it; what would follow then is no JSON, and not read.
  const signed = [`${id}.${timestamp}.`, body];
  if (publicKeys.length === 0) {
    const given = signaturesOf(list, { version: 'v1', name });
    requireMatch(given, secrets, (key) => hmac(key, signed, { encoding: 'base64' }));
  } else {
    const given = signaturesOf(list, { version: 'v1a', name });
    const bytes = Buffer.concat(signed.map((part) => Buffer.from(part)));
    const matches = given.map((text) => ed25519Matches(publicKeys, bytes, Buffer.from(text, 'base64')));
    if (!matches.includes(true)) throw signatureInvalid('signature_mismatch');
  }
  requireFresh(Number(timestamp), now, { toleranceSeconds });
}

/**
 * Those of one version in a list with blanks between: `v1,<base64> v1a,<base64>`. The header is a list, so it may come
 * more than once, or folded with a comma and a blank (RFC 9110, 5.3).
 */
function signaturesOf(list: string, { version, name }: { version: 'v1' | 'v1a'; name: string }): string[] {
  const given = list
    .split(' ')
    .map((item) => (item.endsWith(',') && item.indexOf(',') < item.length - 1 ? item.slice(0, -1) : item))
    .filter((item) => item.startsWith(`${version},`))
    .map((item) => item.slice(version.length + 1));
  if (given.length === 0) throw signatureInvalid('signature_missing', `no ${version} in ${name}`);
  // Bits that base64 leaves unused must be zero, or a signature could be spelled in several ways.
  const whole = given.filter(
    (text) => forms[version].test(text) && Buffer.from(text, 'base64').toString('base64') === text,
  );
  if (whole.length === 0) {
    throw signatureInvalid('signature_malformed', `${version} in ${name} is not base64 of its length`);
  }
  return whole;
}

/** The three headers of a sender that signs with what it has: `v1` with the first secret, `v1a` with the private key. */
export function standardHeaders(
  { id, body }: { id: string; body: Buffer },
  { secret, privateKey }: { secret?: Buffer | undefined; privateKey?: string | undefined },
  { set, at }: { set: HeaderSet; at: Date },
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const signatures = [
    ...(secret === undefined ? [] : [`v1,${hmac(secret, [signed], { encoding: 'base64' })}`]),
    ...(privateKey === undefined
      ? []
      : [`v1a,${ed25519Sign(seedOf(privateKey), signed).toString('base64')}`]),
  ];
  return {
    [`${set}id`]: id,
    [`${set}timestamp`]: timestamp,
    [`${set}signature`]: signatures.join(' '),
  };
}

/** Of `whsk_<base64 of 64>`, the private key with the public one behind it; the 32 bytes of the first alone do as well. */
const seedOf = (privateKey: string): string =>
  Buffer.from(privateKey.replace(/^whsk_/, ''), 'base64')
    .subarray(0, 32)
    .toString('base64');

/** The names of a set. */
export const headerNames = (set: HeaderSet): string[] => [`${set}id`, `${set}timestamp`, `${set}signature`];

/** Whether all three of a set are there. */
export const isWhole = (headers: DeliveryHeaders, set: HeaderSet): boolean =>
  headerNames(set).every((name) => headers.get(name) !== undefined);

/** A secret of this scheme for development: 32 random bytes. */
export const developmentKey = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** Of names that may each have a `_PREVIOUS`: one must be set, and none have only its previous. For zod's `superRefine`. */
export const requireOne =
  (first: string, ...others: readonly string[]) =>
  (names: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const wanted = [first, ...others];
    const alone = wanted.find((name) => names[name] === undefined && names[`${name}_PREVIOUS`] !== undefined);
    const complaint =
      alone !== undefined
        ? { path: [alone], message: `is not set, but ${alone}_PREVIOUS is` }
        : wanted.every((name) => names[name] === undefined)
          ? { path: [first], message: `is not set, nor is ${others.join(' or ')}` }
          : undefined;
    if (complaint) context.addIssue({ code: 'custom', ...complaint });
  };

/** Those that are set. */
export const present = <Value>(...values: readonly (Value | undefined)[]): Value[] =>
  values.filter((value) => value !== undefined);
