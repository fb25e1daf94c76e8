import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { ed25519Matches, ed25519Pair, ed25519PublicKey, ed25519Sign } from './ed25519.ts';
import { requireFresh, timestampHeader as timestampOf } from './freshness.ts';
import { genericParts, type GenericOptions, type SchemaEvents, type Schemas } from './generic.ts';
import { pathTokenNames, pathTokensOf, requirePathToken, type PathTokens } from './path-token.ts';
import { seconds } from './proof.ts';
import type { Provider } from './provider.ts';
import { signatureInvalid, singleHeader, type TextEncoding } from './signature.ts';
import { compileTemplate, headerName, type Template } from './template.ts';

export interface Ed25519Options<Known extends Schemas = Schemas> extends GenericOptions<Known> {
  /** Where the signature is. Default `x-webhook-signature`. */
  readonly header?: string;
  /** Of the signature. Default `hex`, read in either case; base64 is read as written. */
  readonly encoding?: TextEncoding;
  /** Text in front of the signature. Default none. */
  readonly prefix?: string;
  /** What is signed: `{body}` once, and `{timestamp}` where a time is. Default `{body}`. */
  readonly signed?: string;
  /** Where the time is, in Unix seconds; needed when `signed` names it, refused otherwise. */
  readonly timestampHeader?: string;
}

/** The sender's public key, and the one before it while the sender still signs with that. */
export interface Ed25519Proof extends PathTokens {
  readonly publicKeys: readonly [KeyObject, ...KeyObject[]];
  /** How old a signed time may be; undefined leaves 300. */
  readonly toleranceSeconds: number | undefined;
}

const defaultToleranceSeconds = 300;

/**
 * Any sender that signs with an Ed25519 key (RFC 8032). `PUBLIC_KEY` is its 32 bytes, in hex or base64. Throws
 * ConfigError when the options contradict each other.
 */
export function ed25519<Known extends Schemas = Schemas>(
  options: Ed25519Options<Known> = {},
): Provider<SchemaEvents<Known>, Ed25519Proof> {
  const { encoding = 'hex', prefix = '', signed = '{body}', timestampHeader } = options;
  const header = headerName('ed25519', 'header', options.header ?? 'x-webhook-signature');
  const timeHeader =
    timestampHeader === undefined ? undefined : headerName('ed25519', 'timestampHeader', timestampHeader);
  const template = compileTemplate('ed25519', signed, timeHeader);
  const generic = genericParts('ed25519', options);

  return {
    name: 'ed25519',
    proof: timeHeader === undefined ? untimedProof : timedProof,

    verify(delivery, proof, { now }) {
      const { headers, body } = delivery;
      requirePathToken(delivery, proof);
      const value = singleHeader(headers, header);
      const signature = value.startsWith(prefix) ? decoded(value.slice(prefix.length), encoding) : undefined;
      if (signature?.length !== 64) {
        throw signatureInvalid('signature_malformed', `${header} is not ${prefix}<64 bytes, ${encoding}>`);
      }
      const timestamp = timeHeader === undefined ? '' : timestampOf(headers, timeHeader);
      if (!ed25519Matches(proof.publicKeys, joined(template, timestamp, body), signature)) {
        throw signatureInvalid('signature_mismatch');
      }
      const { toleranceSeconds = defaultToleranceSeconds } = proof;
      if (timeHeader !== undefined) requireFresh(Number(timestamp), now, { toleranceSeconds });
    },

    sign(request, { privateKey }, moment) {
      if (privateKey === undefined) {
        throw new ConfigError('only who holds the private key can sign: PRIVATE_KEY is not set');
      }
      const timestamp = String(Math.floor(moment.getTime() / 1000));
      const signature = ed25519Sign(privateKey, joined(template, timestamp, request.body));
      return {
        'content-type': 'application/json',
        ...generic.sentHeaders(request),
        ...(timeHeader !== undefined && { [timeHeader]: timestamp }),
        [header]: prefix + signature.toString(encoding),
      };
    },

    pathToken: ({ pathTokens }) => pathTokens?.[0],
    keepHeaders: [header, ...(timeHeader === undefined ? [] : [timeHeader]), ...generic.headers],
    ...generic.provider,
    develop() {
      const { publicKey, privateKey } = ed25519Pair();
      return { PUBLIC_KEY: publicKey.toString('hex'), PRIVATE_KEY: privateKey };
    },
  };
}

const joined = (template: Template, timestamp: string, body: Buffer): Buffer =>
  Buffer.concat(template(timestamp, body).map((part) => Buffer.from(part)));

/** Bytes from their text; undefined where the text is another than their encoding gives. */
function decoded(text: string, encoding: TextEncoding): Buffer | undefined {
  const written =
    encoding === 'hex' ? text.toLowerCase() : encoding === 'base64url' ? text.replace(/=+$/, '') : text;
  const bytes = Buffer.from(written, encoding);
  return bytes.toString(encoding) === written ? bytes : undefined;
}

const publicKey = z.string().transform((text, context): KeyObject => {
  const bytes = (['hex', 'base64', 'base64url'] as const)
    .map((encoding) => decoded(text, encoding))
    .find((candidate) => candidate?.length === 32);
  if (bytes) return ed25519PublicKey(bytes);
  context.addIssue({ code: 'custom', message: 'must be the 32 bytes of an Ed25519 key, in hex or base64' });
  return z.NEVER;
});

const names = z.object({
  PUBLIC_KEY: publicKey,
  PUBLIC_KEY_PREVIOUS: publicKey.optional(),
  ...pathTokenNames,
});

const proofOf = (
  { PUBLIC_KEY, PUBLIC_KEY_PREVIOUS, ...rest }: z.infer<typeof names>,
  toleranceSeconds: number | undefined,
): Ed25519Proof => ({
  publicKeys: PUBLIC_KEY_PREVIOUS === undefined ? [PUBLIC_KEY] : [PUBLIC_KEY, PUBLIC_KEY_PREVIOUS],
  toleranceSeconds,
  ...pathTokensOf(rest),
});

const untimedProof: z.ZodType<Ed25519Proof> = names.transform((given) => proofOf(given, undefined));

const timedProof: z.ZodType<Ed25519Proof> = names
  .extend({ WEBHOOK_TOLERANCE_SECONDS: seconds.optional() })
  .transform(({ WEBHOOK_TOLERANCE_SECONDS, ...given }) => proofOf(given, WEBHOOK_TOLERANCE_SECONDS));
