import { accessNames, accessOf, verifyAccess } from './access.ts';
import type { Delivery } from './provider.ts';

/** The secret last segments of the URL; where there are none, nothing is asked of it. */
export interface PathTokens {
  readonly pathTokens?: readonly string[];
}

/** `WEBHOOK_PATH_TOKEN` and its `_PREVIOUS`, which any generic source may demand besides its own proof. */
export const pathTokenNames = {
  WEBHOOK_PATH_TOKEN: accessNames.WEBHOOK_PATH_TOKEN,
  WEBHOOK_PATH_TOKEN_PREVIOUS: accessNames.WEBHOOK_PATH_TOKEN_PREVIOUS,
};

type PathTokenNames = { readonly [Name in keyof typeof pathTokenNames]?: string | undefined };

/** Those that are set; nothing where none is. */
export function pathTokensOf({
  WEBHOOK_PATH_TOKEN,
  WEBHOOK_PATH_TOKEN_PREVIOUS,
}: PathTokenNames): PathTokens {
  const { pathTokens } = accessOf({ WEBHOOK_PATH_TOKEN, WEBHOOK_PATH_TOKEN_PREVIOUS });
  return pathTokens.length === 0 ? {} : { pathTokens };
}

/** Throws WebhookError where a path token is demanded, and none or another was shown. */
export const requirePathToken = (delivery: Delivery, { pathTokens = [] }: PathTokens): void =>
  verifyAccess(delivery, { tokens: [], basics: [], pathTokens });
