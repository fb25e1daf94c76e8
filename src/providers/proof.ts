import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** A shared secret, and the one before it while the provider still signs with that. */
export interface HmacProof {
  readonly secrets: readonly [string, ...string[]];
  /** How old a signed time may be; undefined leaves the provider's default. */
  readonly toleranceSeconds: number | undefined;
}

/** A whole number of seconds, as environment variables spell it. */
export const seconds = z
  .string()
  .regex(/^\d{1,7}$/, 'must be a whole number of seconds')
  .transform(Number)
  .refine((value) => value > 0, 'must be at least 1');

/** The name of a header that the sender lets its users choose (RFC 9110, 5.1); in lower case. */
export const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]{1,64}$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase());

/** `WEBHOOK_SECRET` and its `_PREVIOUS`, for proofs that hold more beside them. */
export const secretNames = z.object({
  WEBHOOK_SECRET: z.string().min(1),
  WEBHOOK_SECRET_PREVIOUS: z.string().min(1).optional(),
});

export const secretsOf = (names: z.infer<typeof secretNames>): HmacProof['secrets'] =>
  names.WEBHOOK_SECRET_PREVIOUS === undefined
    ? [names.WEBHOOK_SECRET]
    : [names.WEBHOOK_SECRET, names.WEBHOOK_SECRET_PREVIOUS];

/** `WEBHOOK_SECRET`, `WEBHOOK_SECRET_PREVIOUS`: of a scheme that signs no time. */
export const hmacProof: z.ZodType<HmacProof> = secretNames.transform((names): HmacProof => ({
  secrets: secretsOf(names),
  toleranceSeconds: undefined,
}));

/** The same, and `WEBHOOK_TOLERANCE_SECONDS`. */
export const timedHmacProof: z.ZodType<HmacProof> = secretNames
  .extend({ WEBHOOK_TOLERANCE_SECONDS: seconds.optional() })
  .transform((names): HmacProof => ({
    secrets: secretsOf(names),
    toleranceSeconds: names.WEBHOOK_TOLERANCE_SECONDS,
  }));

/** A secret for development: 32 random bytes, hex. */
export const developmentSecret = (prefix = ''): Readonly<Record<string, string>> => ({
  WEBHOOK_SECRET: prefix + randomBytes(32).toString('hex'),
});
