import type { z } from 'zod';
import type { SchemaEvents } from './generic.ts';
import type { DeliveryHeaders, Provider } from './provider.ts';
import { isWhole, type HeaderSet } from './standard-signature.ts';
import { standardProvider, type StandardOptions, type StandardProof } from './standard-webhooks.ts';
import { svixSamples } from './svix-samples.ts';

/**
 * Whoever sends by Svix: the scheme of Standard Webhooks in the headers `svix-id`, `svix-timestamp` and
 * `svix-signature`, or `webhook-*`. docs.svix.com/receiving/verifying-payloads/how-manual
 */
export const svix = <Schemas extends Record<string, z.ZodType> = Record<string, z.ZodType>>(
  options: StandardOptions<Schemas> = {},
): Provider<SchemaEvents<Schemas>, StandardProof> =>
  standardProvider(options, { name: 'svix', sets: ['svix-', 'webhook-'], setOf, samples: svixSamples });

/**
 * One set, whole, and never a mix: an id of the one beside a signature of the other is nothing that was sent so. Where
 * both are whole, `svix-*` is judged and read; the other is not looked at.
 */
const setOf = (headers: DeliveryHeaders): HeaderSet =>
  !isWhole(headers, 'svix-') && isWhole(headers, 'webhook-') ? 'webhook-' : 'svix-';
