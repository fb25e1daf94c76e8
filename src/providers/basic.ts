import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { accessNames, requireToken } from './access.ts';
import { genericParts, type GenericOptions, type SchemaEvents, type Schemas } from './generic.ts';
import { pathTokenNames, pathTokensOf, requirePathToken, type PathTokens } from './path-token.ts';
import type { Provider } from './provider.ts';
import { signatureInvalid, singleHeader } from './signature.ts';
import { headerName, requireOtherHeaders } from './template.ts';

export interface BasicOptions<Known extends Schemas = Schemas> extends GenericOptions<Known> {
  /** Where user and password are. Default `authorization`. */
  readonly header?: string;
}

/** `user:password`, and the pair before it while the sender still shows that. */
export interface BasicProof extends PathTokens {
  readonly basics: readonly [string, ...string[]];
}

/**
 * Any sender that shows user and password (RFC 7617) and signs nothing: whoever knows them can say anything. Throws
 * ConfigError when the options contradict each other.
 */
export function basic<Known extends Schemas = Schemas>(
  options: BasicOptions<Known> = {},
): Provider<SchemaEvents<Known>, BasicProof> {
  const header = headerName('basic', 'header', options.header ?? 'authorization');
  const generic = genericParts('basic', options);
  requireOtherHeaders('basic', header, generic.headers);

  return {
    name: 'basic',
    proof: basicProof,

    verify(delivery, proof) {
      requirePathToken(delivery, proof);
      const value = singleHeader(delivery.headers, header);
      const [, credentials] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value) ?? [];
      if (credentials === undefined) {
        throw signatureInvalid('signature_malformed', `${header} is not Basic <user:password, base64>`);
      }
      // Compared as written: decoders take several texts for the same bytes.
      requireToken(credentials, proof.basics.map(base64), 'user and password');
    },

    sign: (request, { basics }) => ({
      'content-type': 'application/json',
      ...generic.sentHeaders(request),
      [header]: `Basic ${base64(basics[0])}`,
    }),

    pathToken: ({ pathTokens }) => pathTokens?.[0],
    // The header with the password is never kept.
    keepHeaders: generic.headers,
    ...generic.provider,
    develop: () => ({ WEBHOOK_BASIC: `everhook:${randomBytes(32).toString('base64url')}` }),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const basicProof: z.ZodType<BasicProof> = z
  .object({
    WEBHOOK_BASIC: accessNames.WEBHOOK_BASIC.unwrap(),
    WEBHOOK_BASIC_PREVIOUS: accessNames.WEBHOOK_BASIC_PREVIOUS,
    ...pathTokenNames,
  })
  .transform(({ WEBHOOK_BASIC, WEBHOOK_BASIC_PREVIOUS, ...rest }) => ({
    basics: WEBHOOK_BASIC_PREVIOUS === undefined ? [WEBHOOK_BASIC] : [WEBHOOK_BASIC, WEBHOOK_BASIC_PREVIOUS],
    ...pathTokensOf(rest),
  }));
