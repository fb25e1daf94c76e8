import express, { type IRouter, type Router } from 'express';
import type { Client } from '@temporalio/client';
import type { ExternalStorage } from '@temporalio/common';
import type { Registry } from 'prom-client';
import { assembleAcceptance, requireDatabase, type Acceptance } from './acceptance.ts';
import { createMetrics } from './admin/metrics.ts';
import { createAsk } from './api/ask.ts';
import { createCertificateLookup } from './api/certificates.ts';
import { createLimiter } from './api/limiter.ts';
import type { Observe } from './api/observer.ts';
import type { ReadySource } from './api/receive.ts';
import { addRoutes } from './api/router.ts';
import { createWebhook, type Webhook } from './api/webhook.ts';
import { bodyLimitOf, checkGateway, keyComplaints, urlComplaints } from './check.ts';
import { developmentCertificate, readConfig, readProof, settled, type Config } from './config.ts';
import type { AnyProvider, Gateway } from './define.ts';
import { developmentKey } from './dev/encryption-key.ts';
import { developmentSecrets } from './dev/secrets.ts';
import { hideCredentials } from './encryption/credentials.ts';
import type { Keys } from './encryption/keys.ts';
import { warnIfClear } from './encryption/warning.ts';
import { ConfigError } from './errors.ts';
import { openBlobs } from './journal/blobs.ts';
import { startBlobCollector } from './journal/collect-blobs.ts';
import { journalSchema } from './journal/schema.ts';
import { createLogger, logObservation, type Logger } from './log.ts';
import { migrateSchema } from './postgres/migrate.ts';
import { memoryBegins } from './retention.ts';
import type { Environment } from './settings.ts';
import { checkTemporal } from './temporal/check.ts';
import { connectTemporal, temporalServes } from './temporal/connection.ts';
import { createDataConverter } from './temporal/data-converter.ts';

/** The API's parts, wired; whoever listens decides when it is ready and when it drains. */
export interface Api {
  /** Answers deliveries, for a server that does without Express there. */
  readonly webhook: Webhook;
  /** Adds the gateway's paths to an app or a router. */
  readonly addTo: <R extends IRouter>(router: R) => R;
  readonly registry: Registry;
  readonly observe: Observe;
  readonly client: Client;
  /** Where large payloads are kept; undefined in direct mode. */
  readonly externalStorage: ExternalStorage | undefined;
  phase: 'starting' | 'ready' | 'draining';
  close(): Promise<void>;
}

/** Wires the API. Throws ConfigError. */
export async function assembleApi(given: Gateway, config: Config, log: Logger): Promise<Api> {
  const gateway = settled(given, config);
  checkGateway(gateway, config.mode, config.sources);
  const sources = readySources(gateway, config, config.mode === 'journal' ? databaseComplaint(config) : []);
  const budget = { limitBytes: config.bytesInFlight, usedBytes: 0 };
  const metrics = createMetrics(budget);
  warnIfClear(config, log);
  const blobs = config.mode === 'journal' ? openBlobs(requireDatabase(config)) : undefined;
  const externalStorage = blobs?.storage;
  const client = connectTemporal(
    config.temporal,
    createDataConverter({ keys: config.encryption, externalStorage }),
  );
  const doubt = await checkTemporal(client);
  if (doubt !== undefined) {
    const meanwhile = config.mode === 'direct' ? 'deliveries get 503' : 'events wait in the journal';
    log.warn({ doubt }, `Temporal could not be checked; ${meanwhile} while it is away`);
  }
  const acceptance = await assembleAcceptance({ gateway, config, client, metrics, log }).catch(
    async (error: unknown) => {
      await blobs?.close();
      await client.connection.close();
      throw error;
    },
  );
  const collector = blobs && startBlobCollector({ pool: blobs.pool, client, log });

  const toLog = logObservation(log);
  const observe: Observe = (observation) => {
    metrics.observe(observation);
    toLog(observation);
  };
  const webhook = createWebhook({
    sources: remembering(sources, gateway, acceptance),
    accept: acceptance.accept,
    ...(acceptance.keep && { keep: acceptance.keep }),
    observe,
    development: config.development,
    publicUrl: config.publicUrl,
    budget,
    bodyTimeoutMs: config.requestTimeoutSeconds * 1000,
    refusalLimiter: config.refusalLimit && createLimiter(config.refusalLimit, { policy: 'refusals' }),
  });
  const api: Omit<Api, 'addTo'> = {
    webhook,
    registry: metrics.registry,
    observe,
    client,
    externalStorage,
    phase: 'starting',
    async close() {
      await collector?.stop();
      await acceptance.close();
      await client.connection.close();
      await blobs?.close();
    },
  };
  const addTo = <R extends IRouter>(router: R) =>
    addRoutes(router, {
      webhook,
      phase: () => api.phase,
      temporalServes: () => temporalServes(client),
      ...(acceptance.journalServes && { journalServes: acceptance.journalServes }),
    });
  return Object.assign(api, { addTo });
}

/** With the journal each source knows since when ids are remembered; without it Temporal alone knows ids. */
function remembering(
  sources: Readonly<Record<string, ReadySource>>,
  gateway: Gateway,
  { forgottenUpTo }: Pick<Acceptance, 'forgottenUpTo'>,
): Readonly<Record<string, ReadySource>> {
  if (forgottenUpTo === undefined) return sources;
  return Object.fromEntries(
    Object.entries(sources).map(([name, ready]) => [
      name,
      {
        ...ready,
        memoryBegins: (now) => memoryBegins(gateway.sources[name]!, now, forgottenUpTo(name)),
      } satisfies ReadySource,
    ]),
  );
}

export interface AppOptions {
  /** Default the process's. */
  readonly environment?: Environment;
  /** Default false: every source needs its proof, and plain HTTP is refused. */
  readonly development?: boolean;
  readonly log?: Logger;
}

/** An Express router, with what its owner must do in the end. */
export type App = Router & {
  /** Prometheus metrics of this router. */
  readonly registry: Registry;
  /** Stops dispatch and closes its connections. Answer the last request before. */
  close(): Promise<void>;
};

/**
 * The gateway as an Express router, for an app of your own: `app.use(await createApp(gateway))`. Mount
 * it above every body parser; where a proxy ends TLS, set `trust proxy` on the app around, which counts
 * here instead of EVERHOOK_TRUST_PROXY. Throws ConfigError that names what is missing.
 */
export async function createApp(gateway: Gateway, options: AppOptions = {}): Promise<App> {
  const config = await readRoleConfig(gateway, options);
  const log = options.log ?? createLogger({ level: config.logLevel, terminal: false });
  if (config.trustProxy !== false) {
    log.warn('EVERHOOK_TRUST_PROXY counts for nothing here: set `trust proxy` on the app around');
  }
  const api = await assembleApi(gateway, config, log);
  api.phase = 'ready';
  return Object.assign(api.addTo(express.Router({ caseSensitive: true })), {
    registry: api.registry,
    close: () => api.close(),
  });
}

/**
 * Brings the journal and the stores of the gateway's activities up to date; gives what it did, in words. Throws
 * ConfigError where a database cannot be reached, or does not let us in.
 */
export async function migrateStores(gateway: Gateway, config: Config): Promise<readonly string[]> {
  try {
    const journal =
      config.mode === 'journal' ? await migrateSchema(requireDatabase(config), journalSchema) : [];
    return [...journal, ...((await gateway.migrate?.(config)) ?? [])];
  } catch (cause) {
    const { code = '', syscall, message } = cause as { code?: string; syscall?: string; message?: string };
    // PostgreSQL's classes for connections, authorization and databases that are not there.
    if (syscall === undefined && !/^(08|28|3D)...$/.test(code)) throw cause;
    throw new ConfigError(`DATABASE_URL: the database cannot be used: ${message || code}`, { cause });
  }
}

/** The configuration of a role; in development, proofs and a key that are not set are made up and kept. */
export async function readRoleConfig(gateway: Gateway, options: AppOptions): Promise<Config> {
  const config = readConfig(gateway, options);
  if (!config.development) return config;
  const { values } = await developmentSecrets(gateway, config);
  const { current, previous } = config.encryption;
  return {
    ...config,
    encryption: { current: current ?? (await developmentKey(config.home)), previous },
    setting: (name) => config.setting(name) ?? values[name],
    isMadeUp: (name) => config.setting(name) === undefined && Object.hasOwn(values, name),
  };
}

/** What is wrong with `DATABASE_URL`, to be said along with what else is. */
function databaseComplaint(config: Config): string[] {
  try {
    requireDatabase(config);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}

/**
 * The sources that are on, with their proofs. Throws ConfigError that names all that is missing or wrong, and the
 * complaints given.
 */
export function readySources(
  gateway: Gateway,
  config: Config,
  given: readonly string[] = [],
): Record<string, ReadySource> {
  const complaints = [...given, ...keyComplaints(gateway, config), ...urlComplaints(gateway, config)];
  const certificates = createCertificateLookup();
  const ask = createAsk();
  const entries = config.sources.flatMap((name): [string, ReadySource][] => {
    const { provider, options } = gateway.sources[name]!;
    try {
      const ready = {
        name,
        provider,
        proof: readProof(name, provider, config.setting),
        routes: gateway.routes[name],
        bodyLimitBytes: bodyLimitOf(gateway.sources[name]!, config.mode),
        certificate: developmentCertificate(name, config) ?? certificates,
        ask,
        ...hiding(provider, config.encryption),
        ...(options.rateLimit && { limiter: createLimiter(options.rateLimit, { policy: 'deliveries' }) }),
      };
      return [[name, ready]];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      complaints.push(error.message);
      return [];
    }
  });
  // All of them at once: who starts a gateway wants to try once more, not once for each source.
  if (complaints.length > 0) throw new ConfigError(complaints.join('\n'));
  return Object.fromEntries(entries);
}

const hiding = ({ credentials }: AnyProvider, keys: Keys): Pick<ReadySource, 'hide'> =>
  credentials === undefined ? {} : { hide: (payload) => hideCredentials(payload, credentials, keys) };
