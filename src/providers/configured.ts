import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { basic } from './basic.ts';
import { bearer } from './bearer.ts';
import { ed25519 } from './generic-ed25519.ts';
import { hmac } from './hmac.ts';
import { path } from './path.ts';
import type { Provider } from './provider.ts';
import { sampleAt } from './sample-at.ts';

type AnyEvents = Record<string, unknown>;
// Each kind has a proof of its own, and gets no other.
type AnyScheme = Provider<AnyEvents, never>;

/** A scheme that was read, and the proof that it asks for. */
export interface ConfiguredProof {
  readonly provider: Provider<AnyEvents>;
  readonly proof: unknown;
}

const text = z.string({ error: 'must be a text' });
const algorithm = z.enum(['sha1', 'sha256', 'sha512'], { error: 'must be sha1, sha256 or sha512' });
const encoding = z.enum(['hex', 'base64', 'base64url'], { error: 'must be hex, base64 or base64url' });
const places = { id: text.optional(), type: text.optional(), key: text.optional() };
const signature = {
  header: text.optional(),
  encoding: encoding.optional(),
  prefix: text.optional(),
  signed: text.optional(),
  timestampHeader: text.optional(),
};

const kinds = {
  hmac: scheme(z.strictObject({ ...signature, algorithm: algorithm.optional(), ...places }), hmac),
  ed25519: scheme(z.strictObject({ ...signature, ...places }), ed25519),
  bearer: scheme(z.strictObject({ header: text.optional(), prefix: text.optional(), ...places }), bearer),
  basic: scheme(z.strictObject({ header: text.optional(), ...places }), basic),
  path: scheme(z.strictObject(places), path),
};

/**
 * A source whose scheme the environment says: `<SOURCE>_WEBHOOK_SCHEME` is a JSON object of `kind` (`hmac`, `ed25519`,
 * `bearer`, `basic`, `path`) and of what the function of that name takes. Its events may be of any type. Development
 * makes a scheme up: `hmac` with the id at `/id` and the type at `/type`.
 */
export const configured = (): Provider<AnyEvents, ConfiguredProof> => ({
  name: 'configured',
  proof: configuredProof,

  settle: (names) => readScheme(names['WEBHOOK_SCHEME']).provider,

  // Before it is settled it can prove and sign, by its proof, but does not know where an id is.
  verify: (delivery, { provider, proof }, context) => provider.verify(delivery, proof, context),
  read() {
    throw new Error('a configured source is read by the provider that settle gives');
  },
  sign: (request, { provider, proof, privateKey }, at) =>
    provider.sign(request, { ...(proof as object), ...(privateKey !== undefined && { privateKey }) }, at),
  pathToken: ({ provider, proof }) => provider.pathToken?.(proof),

  samples: {},
  develop: () => ({
    WEBHOOK_SCHEME: JSON.stringify({ kind: 'hmac', id: '/id', type: '/type' }),
    ...hmac().develop?.(),
  }),
});

function scheme<Options extends { id?: string | undefined; type?: string | undefined }>(
  options: z.ZodType<Options>,
  make: (given: never) => unknown,
) {
  return { options, make: make as (given: object) => AnyScheme };
}

/** The provider of a scheme, or what is wrong with it, in one line; neither where there is no text. */
function readScheme(value: string | undefined): { provider?: AnyScheme; complaint?: string } {
  if (value === undefined) return {};
  const given = parsed(value);
  if (given === undefined) return { complaint: 'must be a JSON object' };
  const { kind, ...fields } = given;
  const known = Object.keys(kinds);
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) {
    return { complaint: `kind must be ${known.slice(0, -1).join(', ')} or ${known.at(-1)}` };
  }
  const { options, make } = kinds[kind as keyof typeof kinds];
  const result = options.safeParse(fields);
  if (!result.success)
    return { complaint: result.error.issues.map((issue) => wrong(issue, kind)).join('; ') };
  try {
    const provider = make(result.data);
    return { provider: { ...provider, name: 'configured', samples: sampleAt(result.data) } };
  } catch (error) {
    if (error instanceof ConfigError) return { complaint: error.message.replace(`${kind}: `, '') };
    throw error;
  }
}

function parsed(value: string): Record<string, unknown> | undefined {
  try {
    const given: unknown = JSON.parse(value);
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    return isObject ? (given as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const wrong = (issue: z.core.$ZodIssue, kind: string): string =>
  issue.code === 'unrecognized_keys'
    ? `${kind} has no ${issue.keys.join(', no ')}`
    : `${issue.path.join('.')} ${issue.message}`;

const one = z.string().optional();

/** All that any scheme may ask for; the scheme says what of it counts. */
const configuredProof: z.ZodType<ConfiguredProof> = z
  .object({
    WEBHOOK_SCHEME: z.string(),
    WEBHOOK_SECRET: one,
    WEBHOOK_SECRET_PREVIOUS: one,
    PUBLIC_KEY: one,
    PUBLIC_KEY_PREVIOUS: one,
    WEBHOOK_TOKEN: one,
    WEBHOOK_TOKEN_PREVIOUS: one,
    WEBHOOK_BASIC: one,
    WEBHOOK_BASIC_PREVIOUS: one,
    WEBHOOK_PATH_TOKEN: one,
    WEBHOOK_PATH_TOKEN_PREVIOUS: one,
    WEBHOOK_TOLERANCE_SECONDS: one,
  })
  .transform(({ WEBHOOK_SCHEME, ...names }, context): ConfiguredProof => {
    const { provider, complaint = '' } = readScheme(WEBHOOK_SCHEME);
    if (provider === undefined) {
      context.addIssue({ code: 'custom', path: ['WEBHOOK_SCHEME'], message: complaint });
      return z.NEVER;
    }
    const proof = (provider.proof as z.ZodType).safeParse(names);
    if (proof.success) return { provider, proof: proof.data };
    // The code is kept: by it a name that is not set is told from a wrong one.
    context.issues.push(...proof.error.issues.map((issue) => ({ ...issue, input: undefined })));
    return z.NEVER;
  });
