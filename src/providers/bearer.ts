import { z } from 'zod';
import { developmentToken, requireToken } from './access.ts';
import { genericParts, type GenericOptions, type SchemaEvents, type Schemas } from './generic.ts';
import { pathTokenNames, pathTokensOf, requirePathToken, type PathTokens } from './path-token.ts';
import type { Provider } from './provider.ts';
import { signatureInvalid, singleHeader } from './signature.ts';
import { headerName, requireOtherHeaders } from './template.ts';

export interface BearerOptions<Known extends Schemas = Schemas> extends GenericOptions<Known> {
  /** Where the token is. Default `authorization`. */
  readonly header?: string;
  /** Text in front of the token. Default `Bearer ` in `authorization`, in any case, else none. */
  readonly prefix?: string;
}

/** The token, and the one before it while the sender still shows that. */
export interface BearerProof extends PathTokens {
  readonly tokens: readonly [string, ...string[]];
}

/**
 * Any sender that shows a token (RFC 6750, 2.1) and signs nothing: whoever knows the token can say anything. Throws
 * ConfigError when the options contradict each other.
 */
export function bearer<Known extends Schemas = Schemas>(
  options: BearerOptions<Known> = {},
): Provider<SchemaEvents<Known>, BearerProof> {
  const header = headerName('bearer', 'header', options.header ?? 'authorization');
  const { prefix } = options;
  const generic = genericParts('bearer', options);
  requireOtherHeaders('bearer', header, generic.headers);
  const inScheme = header === 'authorization' && prefix === undefined;
  const before = inScheme ? 'Bearer ' : (prefix ?? '');

  return {
    name: 'bearer',
    proof: bearerProof,

    verify(delivery, proof) {
      requirePathToken(delivery, proof);
      const value = singleHeader(delivery.headers, header);
      const token = inScheme ? /^bearer +(\S+)$/i.exec(value)?.[1] : without(before, value);
      if (!token) throw signatureInvalid('signature_malformed', `${header} is not ${before}<token>`);
      requireToken(token, proof.tokens, `the token in ${header}`);
    },

    sign: (request, { tokens }) => ({
      'content-type': 'application/json',
      ...generic.sentHeaders(request),
      [header]: before + tokens[0],
    }),

    pathToken: ({ pathTokens }) => pathTokens?.[0],
    // The header with the token is never kept.
    keepHeaders: generic.headers,
    ...generic.provider,
    develop: developmentToken,
  };
}

const without = (before: string, value: string): string | undefined =>
  value.startsWith(before) ? value.slice(before.length) : undefined;

// No client could send blanks around it, and no header holds other characters (RFC 9110, 5.5).
const token = z.string().regex(/^[!-~]+(?: +[!-~]+)*$/, 'must be visible ASCII, with no blanks around it');

const bearerProof: z.ZodType<BearerProof> = z
  .object({ WEBHOOK_TOKEN: token, WEBHOOK_TOKEN_PREVIOUS: token.optional(), ...pathTokenNames })
  .transform(({ WEBHOOK_TOKEN, WEBHOOK_TOKEN_PREVIOUS, ...rest }) => ({
    tokens: WEBHOOK_TOKEN_PREVIOUS === undefined ? [WEBHOOK_TOKEN] : [WEBHOOK_TOKEN, WEBHOOK_TOKEN_PREVIOUS],
    ...pathTokensOf(rest),
  }));
