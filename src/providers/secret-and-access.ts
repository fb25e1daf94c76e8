import type { z } from 'zod';
import { accessNames, accessOf, type AccessProof } from './access.ts';
import { secretNames, secretsOf, type HmacProof } from './proof.ts';

/** Shared secrets, and what a sender has to show besides. */
export interface SecretAndAccess extends HmacProof {
  /** Demanded in addition to the signature, as far as it is set. */
  readonly access: AccessProof;
}

/**
 * `WEBHOOK_SECRET` and its `_PREVIOUS`; with `WEBHOOK_TOKEN`, `WEBHOOK_BASIC` or `WEBHOOK_PATH_TOKEN` set, these are
 * demanded too, never instead.
 */
export const secretAndAccess: z.ZodType<SecretAndAccess> = secretNames
  .extend(accessNames)
  .transform(({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS, ...names }) => ({
    secrets: secretsOf({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS }),
    toleranceSeconds: undefined,
    access: accessOf(names),
  }));
