import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Delivery } from './provider.ts';
import { sameText, signatureInvalid, singleHeader } from './signature.ts';

/** What a sender that signs nothing shows instead. What is set is demanded; of token and password one will do. */
export interface AccessProof {
  /** For `Authorization: Bearer`. */
  readonly tokens: readonly string[];
  /** `user:password`, for `Authorization: Basic`. */
  readonly basics: readonly string[];
  /** The secret last segment of the URL. */
  readonly pathTokens: readonly string[];
}

const text = z.string().min(1).optional();
const basic = z
  .string()
  .regex(/^[^:]+:/, 'must be user:password')
  .optional();

/** `WEBHOOK_TOKEN`, `WEBHOOK_BASIC`, `WEBHOOK_PATH_TOKEN`, each with `_PREVIOUS`. */
export const accessNames = {
  WEBHOOK_TOKEN: text,
  WEBHOOK_TOKEN_PREVIOUS: text,
  WEBHOOK_BASIC: basic,
  WEBHOOK_BASIC_PREVIOUS: basic,
  WEBHOOK_PATH_TOKEN: text,
  WEBHOOK_PATH_TOKEN_PREVIOUS: text,
};

type AccessNames = { readonly [Name in keyof typeof accessNames]?: string | undefined };

/** The proof of what the environment names; a source's own proof may hold it beside others. */
export const accessOf = (names: AccessNames): AccessProof => ({
  tokens: given(names.WEBHOOK_TOKEN, names.WEBHOOK_TOKEN_PREVIOUS),
  basics: given(names.WEBHOOK_BASIC, names.WEBHOOK_BASIC_PREVIOUS),
  pathTokens: given(names.WEBHOOK_PATH_TOKEN, names.WEBHOOK_PATH_TOKEN_PREVIOUS),
});

const given = (...values: readonly (string | undefined)[]): string[] =>
  values.filter((value) => value !== undefined);

/** Whether anything is demanded at all. */
export const demandsAccess = ({ tokens, basics, pathTokens }: AccessProof): boolean =>
  tokens.length + basics.length + pathTokens.length > 0;

/** A proof of these names alone, of which one must be set. */
export const accessProof: z.ZodType<AccessProof> = z
  .object(accessNames)
  .transform(accessOf)
  .refine(demandsAccess, {
    path: ['WEBHOOK_TOKEN'],
    message: 'is not set, nor is WEBHOOK_BASIC or WEBHOOK_PATH_TOKEN',
  });

/**
 * Passes when the delivery shows everything that is demanded: the path token, and one of the tokens or passwords (RFC
 * 6750, 2.1; RFC 7617). Throws WebhookError `signature_missing` where nothing is shown, `token_mismatch` where it is
 * something else.
 */
export function verifyAccess(
  { headers, pathToken }: Delivery,
  { tokens, basics, pathTokens }: AccessProof,
): void {
  if (pathTokens.length > 0) {
    if (pathToken === undefined) throw signatureInvalid('signature_missing', 'no token in the path');
    requireToken(pathToken, pathTokens, 'the token in the path');
  }
  if (tokens.length + basics.length === 0) return;
  const value = singleHeader(headers, 'authorization');
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+) *$/.exec(value) ?? [];
  if (scheme.toLowerCase() === 'bearer') return requireToken(credentials, tokens, 'the bearer token');
  if (scheme.toLowerCase() === 'basic') {
    // As written: the same bytes have other base64 texts, which no client sends.
    return requireToken(credentials, basics.map(base64), 'user and password');
  }
  throw signatureInvalid('signature_malformed', 'authorization is neither Bearer nor Basic');
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Passes when a token is one of those expected; all are compared, in a time that depends on lengths alone. */
export function requireToken(shown: string, expected: readonly string[], what: string): void {
  const matches = expected.map((token) => sameText(shown, token));
  if (!matches.includes(true)) throw signatureInvalid('token_mismatch', `${what} is another`);
}

/** The headers of a sender that shows the first of what is demanded. The path token is in the URL that it is given. */
export function accessHeaders({ tokens, basics }: AccessProof): Record<string, string> {
  if (tokens[0] !== undefined) return { authorization: `Bearer ${tokens[0]}` };
  if (basics[0] !== undefined) return { authorization: `Basic ${base64(basics[0])}` };
  return {};
}

/** A token for development: 32 random bytes, base64url. */
export const developmentToken = (): Readonly<Record<string, string>> => ({
  WEBHOOK_TOKEN: randomBytes(32).toString('base64url'),
});
