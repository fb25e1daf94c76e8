import { environmentPrefix, proofNames } from '../config.ts';
import type { AnyProvider } from '../define.ts';
import { ConfigError } from '../errors.ts';
import { simulatorId } from '../providers/paypal-certificate.ts';
import { readSetting, type Environment } from '../settings.ts';
import type { Judge } from './judge.ts';

/** The settings as they may have been meant, and what differs. */
export interface SettingsVariant {
  readonly environment: Environment;
  readonly words: string;
}

const secret = /(?:SECRET|TOKEN|KEY|BASIC|WEBHOOK_ID)(?:_PREVIOUS)?$/;

/** What goes wrong when a secret is copied, or belongs to somebody else. Names are told, values never. */
export function* settingsVariants(
  { name, provider }: Judge,
  environment: Environment,
): Generator<SettingsVariant> {
  const prefix = environmentPrefix(name);
  const own = proofNames(provider.proof)
    .filter((proof) => secret.test(proof))
    .map((proof) => prefix + proof);
  for (const variable of own) {
    const value = valueOf(environment, variable);
    if (value === undefined) continue;
    for (const [words, change] of changes) {
      const changed = change(value);
      if (changed !== value && changed !== '') {
        yield { environment: withValue(environment, variable, changed), words: words(variable) };
      }
    }
  }
  yield* otherPlaces(prefix, provider, environment);
  for (const [variable, value] of foreign(environment, own)) {
    const meant = own.find((candidate) => kindOf(candidate) === kindOf(variable));
    if (meant === undefined || value === valueOf(environment, meant)) continue;
    yield {
      environment: withValue(environment, meant, value),
      words: `the secret of another endpoint: it matches with ${variable}`,
    };
  }
}

/** PayPal's other environment. */
function* otherPlaces(
  prefix: string,
  { proof }: AnyProvider,
  environment: Environment,
): Generator<SettingsVariant> {
  if (!proofNames(proof).includes('ENVIRONMENT')) return;
  for (const place of ['live', 'sandbox']) {
    yield {
      environment: withValue(environment, `${prefix}ENVIRONMENT`, place),
      words: `it is of the other environment: it matches with ${prefix}ENVIRONMENT=${place}`,
    };
  }
}

/** `WEBHOOK_SECRET` of `STRIPE_WEBHOOK_SECRET_PREVIOUS`. */
const kindOf = (variable: string): string | undefined =>
  /(?:WEBHOOK_SECRET|WEBHOOK_SIGNING_TOKEN|WEBHOOK_PATH_TOKEN|WEBHOOK_TOKEN|WEBHOOK_BASIC|PUBLIC_KEY|WEBHOOK_ID)(?=(?:_PREVIOUS)?$)/.exec(
    variable,
  )?.[0];

/** The secrets of all other sources, by their names in the environment. */
function* foreign(environment: Environment, own: readonly string[]): Generator<readonly [string, string]> {
  const names = Object.keys(environment).map((variable) => variable.replace(/_FILE$/, ''));
  for (const variable of new Set(names)) {
    if (own.includes(variable) || kindOf(variable) === undefined) continue;
    const value = valueOf(environment, variable);
    if (value !== undefined) yield [variable, value];
  }
}

function valueOf(environment: Environment, variable: string): string | undefined {
  try {
    return readSetting(environment, variable);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const withValue = (environment: Environment, variable: string, value: string): Environment => ({
  ...environment,
  [`${variable}_FILE`]: undefined,
  [variable]: value,
});

type Change = readonly [words: (variable: string) => string, change: (value: string) => string];

const changes: readonly Change[] = [
  [(name) => `the secret has blanks around it: it matches with ${name} trimmed`, (value) => value.trim()],
  [
    (name) => `the secret has quotes around it: it matches with ${name} without them`,
    (value) => value.replace(/^\s*(["'`])(.*)\1\s*$/s, '$2'),
  ],
  [
    (name) => `the sender's secret ends in a newline: it matches with ${name} and one more`,
    (value) => `${value}\n`,
  ],
  [
    (name) => `the sender's secret has no whsec_ in front: it matches with ${name} without it`,
    (value) => value.replace(/^whsec_/, ''),
  ],
  [
    (name) => `the sender's secret has whsec_ in front: it matches with ${name} behind it`,
    (value) => (value.startsWith('whsec_') ? value : `whsec_${value}`),
  ],
  [
    (name) => `the sender took the secret as text, not as base64: it matches with ${name} taken so`,
    (value) => `whsec_${Buffer.from(value).toString('base64')}`,
  ],
  [
    (name) =>
      `the sender took the secret as text, not as base64: it matches with ${name} taken so, without whsec_`,
    (value) => `whsec_${Buffer.from(value.replace(/^whsec_/, '')).toString('base64')}`,
  ],
  [
    (name) => `the sender's secret is the base64 of this one: it matches with ${name} encoded`,
    (value) => Buffer.from(value).toString('base64'),
  ],
  [
    (name) => `the secret is in other letters: it matches with ${name} in lower case`,
    (value) => value.toLowerCase(),
  ],
];

/** A proof as its sender may hold it: its secrets' bytes decoded from the text that they are, or for PayPal's simulator. */
export function* decodedProofs(
  proof: unknown,
): Generator<{ readonly proof: unknown; readonly words: string }> {
  if (typeof proof !== 'object' || proof === null) return;
  if ('webhookIds' in proof) {
    // Settings for the live system do not take the simulator's id.
    for (const environment of ['live', 'sandbox']) {
      yield {
        proof: { ...proof, environment, webhookIds: [simulatorId] },
        words: 'it is of the simulator, whose events are taken where they are switched on',
      };
    }
  }
  if (!('secrets' in proof) || !Array.isArray(proof.secrets)) return;
  const texts = proof.secrets.filter((one): one is string => typeof one === 'string');
  if (texts.length === 0) return;
  const decoded = (encoding: 'base64' | 'hex') =>
    texts.map((text) => Buffer.from(text.replace(/^whsec_/, ''), encoding));
  yield {
    proof: { ...proof, secrets: decoded('base64') },
    words: 'the sender decodes the secret: it matches base64-decoded',
  };
  yield {
    proof: { ...proof, secrets: decoded('hex') },
    words: 'the sender decodes the secret: it matches hex-decoded',
  };
}
