import { resolve } from 'node:path';
import express from 'express';
import { z } from 'zod';
import type { AnyProvider, Gateway } from './define.ts';
import { readKeys, type Keys } from './encryption/keys.ts';
import { ConfigError } from './errors.ts';
import { keeperLimits, type KeeperLimits } from './journal/keeper.ts';
import type { CertificateLookup } from './providers/provider.ts';
import { complaintOf, type RateLimit } from './rate-limit.ts';
import { readSetting, type Environment } from './settings.ts';
import { readTemporalTarget, type TemporalTarget } from './temporal/target.ts';

/** Whether a journal stands in front of the Temporal start. */
export type Mode = 'journal' | 'direct';

/** Everything a role needs to know, read once at its start. Nothing else reads the environment. */
export interface Config {
  readonly development: boolean;
  readonly mode: Mode;
  /** Absolute; default `.everhook` in the working directory. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  /** What providers call, without a final slash. */
  readonly publicUrl: string | undefined;
  /** Express's `trust proxy`: addresses or a number of hops; false trusts nobody. */
  readonly trustProxy: string | number | false;
  /** How many failed proofs of one address are answered 401; undefined: all of them. */
  readonly refusalLimit: RateLimit | undefined;
  readonly bytesInFlight: number;
  /** What each source may keep of refused deliveries and handshakes. */
  readonly quarantine: KeeperLimits;
  readonly requestTimeoutSeconds: number;
  readonly logLevel: string;
  readonly temporal: TemporalTarget;
  /** What travels through Temporal is sealed with these; without a current key it is not. */
  readonly encryption: Keys;
  /** What `/codec` of the admin port asks for; without one only development answers, on loopback. */
  readonly adminToken: string | undefined;
  /** The origins of Temporal's UI, whose pages may call `/codec`. */
  readonly uiOrigins: readonly string[];
  /** The names of the sources that are switched on. */
  readonly sources: readonly string[];
  /** Any other setting, for activities. */
  setting(name: string): string | undefined;
  /** Whether a setting is a proof that a development start made up: nobody outside holds it. */
  isMadeUp(name: string): boolean;
}

/** The process's environment; the one place that reads it. */
export const processEnvironment = (): Environment => process.env;

/** Reads and checks the configuration. Throws ConfigError with one readable message. */
export function readConfig(
  gateway: Gateway,
  {
    environment = process.env,
    development = false,
  }: { environment?: Environment; development?: boolean } = {},
): Config {
  const setting = (name: string) => readSetting(environment, name);
  return {
    development,
    mode: readMode(setting('EVERHOOK_MODE')),
    home: resolve(setting('EVERHOOK_HOME') ?? '.everhook'),
    host: setting('EVERHOOK_HOST') ?? '127.0.0.1',
    port: wholeNumber('PORT', setting('PORT'), { fallback: 3000, from: 0, to: 65_535 }),
    adminHost: setting('EVERHOOK_ADMIN_HOST') ?? '127.0.0.1',
    adminPort: wholeNumber('EVERHOOK_ADMIN_PORT', setting('EVERHOOK_ADMIN_PORT'), {
      fallback: 3001,
      from: 0,
      to: 65_535,
    }),
    publicUrl: readPublicUrl(setting('EVERHOOK_PUBLIC_URL')),
    trustProxy: readTrustProxy(setting('EVERHOOK_TRUST_PROXY')),
    refusalLimit: readRefusalLimit(setting('EVERHOOK_REFUSAL_LIMIT') ?? '100/60'),
    bytesInFlight: wholeNumber('EVERHOOK_BYTES_IN_FLIGHT', setting('EVERHOOK_BYTES_IN_FLIGHT'), {
      fallback: 268_435_456,
      from: 1_048_576,
      to: 2 ** 40,
    }),
    quarantine: {
      rows: wholeNumber('EVERHOOK_QUARANTINE_ROWS', setting('EVERHOOK_QUARANTINE_ROWS'), {
        fallback: keeperLimits.rows,
        from: 0,
        to: 1_000_000,
      }),
      bytes: wholeNumber('EVERHOOK_QUARANTINE_BYTES', setting('EVERHOOK_QUARANTINE_BYTES'), {
        fallback: keeperLimits.bytes,
        from: 0,
        to: 2 ** 40,
      }),
    },
    requestTimeoutSeconds: wholeNumber(
      'EVERHOOK_REQUEST_TIMEOUT_SECONDS',
      setting('EVERHOOK_REQUEST_TIMEOUT_SECONDS'),
      { fallback: 10, from: 1, to: 300 },
    ),
    logLevel: oneOf('EVERHOOK_LOG_LEVEL', setting('EVERHOOK_LOG_LEVEL') ?? 'info', [
      'trace',
      'debug',
      'info',
      'warn',
      'error',
      'fatal',
      'silent',
    ]),
    temporal: readTemporalTarget(environment),
    encryption: readKeys(setting),
    adminToken: readAdminToken(setting('EVERHOOK_ADMIN_TOKEN')),
    uiOrigins: readOrigins(setting('EVERHOOK_UI_ORIGIN')),
    sources: readSources(gateway, setting('EVERHOOK_SOURCES')),
    setting,
    isMadeUp: () => false,
  };
}

/**
 * The gateway with each `configured()` source by the scheme that the environment gives it; the others, and what has no
 * scheme yet, as they are.
 */
export const settled = (gateway: Gateway, { setting }: Pick<Config, 'setting'>): Gateway => ({
  ...gateway,
  sources: Object.fromEntries(
    Object.entries(gateway.sources).map(([name, source]) => [
      name,
      { ...source, provider: settledProvider(name, source.provider, setting) },
    ]),
  ),
});

/** The same for one source. */
export const settledProvider = (
  source: string,
  provider: AnyProvider,
  setting: Config['setting'],
): AnyProvider => provider.settle?.(givenProof(source, provider, setting)) ?? provider;

/**
 * The proof of one source, from the names that its provider lists, each after `<SOURCE>_`. Throws
 * ConfigError that names each variable that is missing or wrong.
 */
export function readProof(source: string, provider: AnyProvider, setting: Config['setting']): unknown {
  const prefix = environmentPrefix(source);
  const result = provider.proof.safeParse(givenProof(source, provider, setting));
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) => {
    const name = prefix + String(issue.path[0] ?? '');
    const missing = issue.code === 'invalid_type' && setting(name) === undefined;
    if (missing) return `${name} is not set`;
    return issue.message.startsWith('is not set') ? `${name} ${issue.message}` : `${name}: ${issue.message}`;
  });
  throw new ConfigError(`the source ${source} has no valid proof: ${complaints.join('; ')}`);
}

/** What is set of a provider's names, without the source's prefix. */
function givenProof(
  source: string,
  provider: AnyProvider,
  setting: Config['setting'],
): Record<string, string> {
  const given = proofNames(provider.proof).flatMap((name) => {
    const value = setting(environmentPrefix(source) + name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

/** The proof as a sender of the source holds it: with the private half of a key pair, where one is set. */
export function readSigningProof(source: string, provider: AnyProvider, setting: Config['setting']): unknown {
  const proof = readProof(source, provider, setting);
  const privateKey = setting(`${environmentPrefix(source)}PRIVATE_KEY`);
  return privateKey === undefined ? proof : { ...(proof as object), privateKey };
}

/**
 * Gives the certificate that was made up for a source, whatever URL names it, so that development needs no network.
 * Undefined where there is none, and always in production: `<SOURCE>_CERTIFICATE` is not even read there.
 */
export function developmentCertificate(
  source: string,
  { development, setting }: Pick<Config, 'development' | 'setting'>,
): CertificateLookup | undefined {
  const pem = development ? setting(`${environmentPrefix(source)}CERTIFICATE`) : undefined;
  return pem === undefined ? undefined : () => Promise.resolve(pem);
}

/** `stripe-connect` as variables spell it: `STRIPE_CONNECT_`. */
export const environmentPrefix = (source: string): string => `${source.toUpperCase().replaceAll('-', '_')}_`;

/** The names in a proof's schema, whatever is piped or refined around it. */
export function proofNames(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodPipe) return proofNames(schema.def.in as z.ZodType);
  if (schema instanceof z.ZodUnion) {
    return [...new Set((schema.options as z.ZodType[]).flatMap(proofNames))];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function readMode(mode = 'journal'): Mode {
  if (mode === 'journal' || mode === 'direct') return mode;
  throw new ConfigError(`EVERHOOK_MODE must be journal or direct, not ${mode}`);
}

function wholeNumber(
  name: string,
  value: string | undefined,
  { fallback, from, to }: { fallback: number; from: number; to: number },
): number {
  if (value === undefined) return fallback;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (number >= from && number <= to) return number;
  throw new ConfigError(`${name} must be a whole number from ${from} to ${to}, not ${value}`);
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not ${value}`);
}

/** What providers call, without a final slash. Throws ConfigError where it is no such address. */
export function readPublicUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '') {
    return value.replace(/\/$/, '');
  }
  throw new ConfigError(`EVERHOOK_PUBLIC_URL must be an http(s) URL without query, not ${value}`);
}

/** RFC 6750's characters, or no client could send it. The message never shows it. */
function readAdminToken(value: string | undefined): string | undefined {
  if (value === undefined || (/^[\w.~+/-]+=*$/.test(value) && value.length >= 16)) return value;
  throw new ConfigError(
    'EVERHOOK_ADMIN_TOKEN must have 16 characters or more, of letters, digits and -._~+/=',
  );
}

function readOrigins(list: string | undefined): string[] {
  return (list?.split(',') ?? []).map((item) => {
    const origin = item.trim();
    if (/^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin) return origin;
    throw new ConfigError(
      `EVERHOOK_UI_ORIGIN must be origins such as https://temporal.example.com, with commas, not ${origin || 'nothing'}`,
    );
  });
}

function readTrustProxy(value: string | undefined): string | number | false {
  if (value === undefined) return false;
  if (/^\d{1,2}$/.test(value)) return Number(value) === 0 ? false : Number(value);
  if (value === 'true')
    throw new ConfigError('EVERHOOK_TRUST_PROXY=true would trust anybody: name the proxies');
  // Express would take a number in a list, or a large one, for an address: 100 for 0.0.0.100.
  if (/(^|,)\s*\d+\s*(,|$)/.test(value)) throw trustComplaint(`not ${value}`);
  try {
    // Who will read it judges it.
    express().set('trust proxy', value);
    return value;
  } catch (cause) {
    throw trustComplaint((cause as Error).message, cause);
  }
}

const trustComplaint = (why: string, cause?: unknown) =>
  new ConfigError(`EVERHOOK_TRUST_PROXY takes addresses, networks, loopback or 0 to 99 hops; ${why}`, {
    cause,
  });

function readRefusalLimit(value: string): RateLimit | undefined {
  if (value === 'off') return undefined;
  const [, limit = NaN, windowSeconds = NaN] = /^(\d+)\/(\d+)$/.exec(value) ?? [];
  const rateLimit = { limit: Number(limit), windowSeconds: Number(windowSeconds) };
  if (complaintOf(rateLimit) === undefined) return rateLimit;
  throw new ConfigError(
    `EVERHOOK_REFUSAL_LIMIT must be <count>/<seconds> (1 to 1000000 in 1 to 86400) or off, not ${value}`,
  );
}

function readSources({ sources }: Gateway, list: string | undefined): string[] {
  const known = Object.keys(sources);
  for (const name of known) requireSourceName(name);
  if (list === undefined) return known;
  const names = list.split(',').map((name) => name.trim());
  for (const name of names) {
    if (Object.hasOwn(sources, name)) continue;
    throw new ConfigError(`EVERHOOK_SOURCES names ${name || 'nothing'}; the gateway has ${known.join(', ')}`);
  }
  return [...new Set(names)];
}

/** Whether a text has the form of a source's name. */
export const hasNameForm = (text: string): boolean => /^[a-z][a-z0-9-]*$/.test(text);

/** Names that no source may have: Everhook's own, and Temporal's. */
export const isReserved = (name: string): boolean => name === 'everhook' || name === 'temporal';

function requireSourceName(name: string): void {
  if (!hasNameForm(name)) {
    throw new ConfigError(`source ${name}: names are lower-case letters, digits and -, a letter first`);
  }
  if (isReserved(name)) throw new ConfigError(`no source may be called ${name}`);
}
