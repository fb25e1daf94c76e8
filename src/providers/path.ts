import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { accessOf } from './access.ts';
import { genericParts, type GenericOptions, type SchemaEvents, type Schemas } from './generic.ts';
import { pathTokenNames, requirePathToken, type PathTokens } from './path-token.ts';
import type { Provider } from './provider.ts';

/** Where what is said in a delivery. */
export type PathOptions<Known extends Schemas = Schemas> = GenericOptions<Known>;

/** The secret last segments of the URL, of which one must be shown. */
export type PathProof = Required<PathTokens>;

/**
 * Any sender that can do no more than call a URL whose last segment is secret: `/webhooks/<source>/<token>`. It signs
 * nothing: whoever knows the URL can say anything. Throws ConfigError where a location is none.
 */
export function path<Known extends Schemas = Schemas>(
  options: PathOptions<Known> = {},
): Provider<SchemaEvents<Known>, PathProof> {
  const generic = genericParts('path', options);
  return {
    name: 'path',
    proof: pathProof,
    verify: requirePathToken,
    sign: (request) => ({ 'content-type': 'application/json', ...generic.sentHeaders(request) }),
    pathToken: ({ pathTokens }) => pathTokens[0],
    keepHeaders: generic.headers,
    ...generic.provider,
    develop: () => ({ WEBHOOK_PATH_TOKEN: randomBytes(32).toString('base64url') }),
  };
}

const pathProof: z.ZodType<PathProof> = z
  .object({ ...pathTokenNames, WEBHOOK_PATH_TOKEN: pathTokenNames.WEBHOOK_PATH_TOKEN.unwrap() })
  .transform((names) => ({ pathTokens: accessOf(names).pathTokens }));
