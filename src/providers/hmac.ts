import type { z } from 'zod';
import { requireFresh, timestampHeader as timestampOf } from './freshness.ts';
import { genericParts, type GenericOptions, type SchemaEvents, type Schemas } from './generic.ts';
import { pathTokenNames, pathTokensOf, requirePathToken, type PathTokens } from './path-token.ts';
import { developmentSecret, seconds, secretNames, secretsOf, type HmacProof } from './proof.ts';
import type { Provider } from './provider.ts';
import {
  hmac as hmacText,
  requireMatch,
  signatureInvalid,
  singleHeader,
  type HmacAlgorithm,
  type TextEncoding,
} from './signature.ts';
import { compileTemplate, headerName } from './template.ts';

export interface HmacOptions<Known extends Schemas = Schemas> extends GenericOptions<Known> {
  /** Where the signature is. Default `x-webhook-signature`. */
  readonly header?: string;
  /** Default `sha256`. */
  readonly algorithm?: HmacAlgorithm;
  /** Default `hex`, read in either case; base64 is read as written. */
  readonly encoding?: TextEncoding;
  /** Text in front of the signature, such as `sha256=`. Default none. */
  readonly prefix?: string;
  /** What is signed: `{body}` once, and `{timestamp}` where a time is. Default `{body}`. */
  readonly signed?: string;
  /** Where the time is, in Unix seconds; needed when `signed` names it, refused otherwise. */
  readonly timestampHeader?: string;
}

/** The shared secrets, and the secret last segments of the URL where these are demanded besides. */
export type GenericHmacProof = HmacProof & PathTokens;

const defaultToleranceSeconds = 300;

/**
 * Any sender that signs with a shared secret. With no options: lower-case hex HMAC-SHA256 of the body
 * in `x-webhook-signature`, type at `/type`. Throws ConfigError when the options contradict each other.
 */
export function hmac<Known extends Schemas = Schemas>(
  options: HmacOptions<Known> = {},
): Provider<SchemaEvents<Known>, GenericHmacProof> {
  const { algorithm = 'sha256', encoding = 'hex', prefix = '', signed = '{body}', timestampHeader } = options;
  const header = headerName('hmac', 'header', options.header ?? 'x-webhook-signature');
  const timeHeader =
    timestampHeader === undefined ? undefined : headerName('hmac', 'timestampHeader', timestampHeader);
  const template = compileTemplate('hmac', signed, timeHeader);
  const generic = genericParts('hmac', options);
  const form = signatureForm(algorithm, encoding);
  const signature = (secret: string, timestamp: string, body: Buffer) =>
    hmacText(secret, template(timestamp, body), { algorithm, encoding });

  return {
    name: 'hmac',
    proof: timeHeader === undefined ? untimedProof : timedProof,

    verify(delivery, proof, { now }) {
      const { headers, body } = delivery;
      const { secrets, toleranceSeconds = defaultToleranceSeconds } = proof;
      requirePathToken(delivery, proof);
      const value = singleHeader(headers, header);
      const given = canonical(value.slice(prefix.length), encoding);
      if (!value.startsWith(prefix) || !form.test(given)) {
        throw signatureInvalid(
          'signature_malformed',
          `${header} is not ${prefix}<${algorithm}, ${encoding}>`,
        );
      }
      const timestamp = timeHeader === undefined ? '' : timestampOf(headers, timeHeader);
      requireMatch([given], secrets, (secret) => signature(secret, timestamp, body));
      if (timeHeader !== undefined) requireFresh(Number(timestamp), now, { toleranceSeconds });
    },

    sign(request, { secrets }, moment) {
      const timestamp = String(Math.floor(moment.getTime() / 1000));
      return {
        'content-type': 'application/json',
        ...generic.sentHeaders(request),
        ...(timeHeader !== undefined && { [timeHeader]: timestamp }),
        [header]: prefix + signature(secrets[0], timestamp, request.body),
      };
    },

    pathToken: ({ pathTokens }) => pathTokens?.[0],
    keepHeaders: [header, ...(timeHeader === undefined ? [] : [timeHeader]), ...generic.headers],
    ...generic.provider,
    develop: () => developmentSecret(),
  };
}

const names = secretNames.extend(pathTokenNames);

const untimedProof: z.ZodType<GenericHmacProof> = names.transform((given) => ({
  secrets: secretsOf(given),
  toleranceSeconds: undefined,
  ...pathTokensOf(given),
}));

const timedProof: z.ZodType<GenericHmacProof> = names
  .extend({ WEBHOOK_TOLERANCE_SECONDS: seconds.optional() })
  .transform((given) => ({
    secrets: secretsOf(given),
    toleranceSeconds: given.WEBHOOK_TOLERANCE_SECONDS,
    ...pathTokensOf(given),
  }));

/** The spelling that is compared: hex in lower case, base64url without padding. */
const canonical = (given: string, encoding: TextEncoding): string =>
  encoding === 'hex' ? given.toLowerCase() : encoding === 'base64url' ? given.replace(/=+$/, '') : given;

function signatureForm(algorithm: HmacAlgorithm, encoding: TextEncoding): RegExp {
  const length = hmacText('', [''], { algorithm, encoding }).length;
  const alphabet = { hex: '[0-9a-f]', base64: '[A-Za-z0-9+/=]', base64url: '[A-Za-z0-9_-]' }[encoding];
  return new RegExp(`^${alphabet}{${length}}$`);
}
