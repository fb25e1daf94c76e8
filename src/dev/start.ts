import { EventEmitter, once } from 'node:events';
import { requireDatabase } from '../acceptance.ts';
import { migrateStores, readRoleConfig, readySources } from '../app.ts';
import { checkGateway } from '../check.ts';
import { readConfig } from '../config.ts';
import type { Gateway } from '../define.ts';
import { createLogger } from '../log.ts';
import { startApi } from '../server.ts';
import type { Environment } from '../settings.ts';
import { requireTemporal } from '../temporal/check.ts';
import { forgetAddresses, writeAddresses, type Addresses } from './addresses.ts';
import { temporalCli } from './binaries.ts';
import { embeddedTemporal } from './embedded-temporal.ts';
import { findBinary } from './find-binary.ts';
import { startGitStandIn } from './git-stand-in.ts';
import { acquireHome } from './lock.ts';
import { holdPort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { developmentSecrets } from './secrets.ts';
import { summarise } from './summary.ts';
import { startTemporalServer } from './temporal-server.ts';
import { startWorkerProcess } from './worker-process.ts';

export interface StartOptions {
  readonly gateway: Gateway;
  /** Where the gateway was loaded from; the worker process loads the same. */
  readonly gatewayFile: string;
  readonly environment: Environment;
  readonly log: (line: string) => void;
  /** Stops what has been started, at any moment. */
  readonly signal: AbortSignal;
}

export interface RunningStart {
  /** What to tell the user: addresses, stand-ins, what to try. */
  readonly summary: readonly string[];
  /** Settles when the signal comes (undefined), or when a server died (its name). */
  readonly ended: Promise<string | undefined>;
  /** Stops everything, the API first and the database last. */
  stop(): Promise<void>;
}

/**
 * Starts all of Everhook on this machine, embedded where the environment names nothing. Undefined when
 * the signal came first. Throws ConfigError; whatever had been started is stopped then.
 */
export async function startEverything(options: StartOptions): Promise<RunningStart | undefined> {
  const { signal, log } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const stopOne of stops.splice(0).toReversed()) {
      await stopOne().catch((error: unknown) => log(`while stopping: ${(error as Error).message}`));
    }
  };
  const deaths = new EventEmitter();
  const ended = Promise.race([
    once(signal, 'abort').then(() => undefined),
    once(deaths, 'death').then(([name]) => String(name)),
  ]);
  try {
    const summary = await startParts(options, stops, (name) => {
      log(`${name} ended by itself; stopping the rest`);
      deaths.emit('death', name);
    });
    if (!signal.aborted) return { summary, ended, stop };
  } catch (error) {
    await stop();
    if (!signal.aborted) throw error;
  }
  await stop();
  return undefined;
}

async function startParts(
  { gateway, gatewayFile, environment, log, signal }: StartOptions,
  stops: (() => Promise<void>)[],
  died: (name: string) => void,
): Promise<string[]> {
  const requested = readConfig(gateway, { environment, development: true });
  const { home, release } = await acquireHome(requested.home, { log });
  stops.push(release, () => forgetAddresses(home));
  const step = <Result>(title: string, start: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted();
    log(title);
    return start();
  };

  // What is wrong with the settings is better known before anything runs.
  const early = await readRoleConfig(gateway, { environment, development: true });
  checkGateway(gateway, early.mode, early.sources);
  readySources(gateway, early);
  if (early.setting('DATABASE_URL') !== undefined) requireDatabase(early);
  const named = early.setting('TEMPORAL_ADDRESS') !== undefined;
  const cli = named ? undefined : await findBinary(temporalCli, { env: environment, log });
  const held = [
    await holdPort({ name: 'PORT', host: requested.host, port: requested.port }),
    // Temporal's UI is told where the admin port is before that is open.
    await holdPort({ name: 'EVERHOOK_ADMIN_PORT', host: requested.adminHost, port: requested.adminPort }),
  ] as const;
  stops.push(...held.map(({ release }) => release));
  const [{ port }, { port: adminPort }] = held;
  const database = await step('database …', () => findDatabase());
  const temporal = await step('Temporal …', () => findTemporal());
  const git = await startGitStandIn({ home, env: environment, log });
  stops.push(() => git.stop());
  const shared: Environment = {
    ...environment,
    ...database.environment,
    ...temporal.environment,
    EVERHOOK_HOME: home,
    EVERHOOK_GIT_STAND_IN: `https://git.everhook.example/=${git.url}/`,
  };
  // A name and its _FILE together stop the start: what was just made stands in for both.
  const config = {
    ...(await readRoleConfig(gateway, { environment: shared, development: true })),
    port,
    adminPort,
    uiOrigins: requested.uiOrigins.length > 0 ? requested.uiOrigins : originsOf(temporal.uiUrl),
  };
  const secrets = await developmentSecrets(gateway, requested);
  for (const line of await migrateStores(gateway, config)) log(line);

  const worker = await step('worker …', () =>
    startWorkerProcess({
      gatewayFile,
      environment: shared,
      home,
      log,
      signal,
      onDeath: () => died('worker'),
    }),
  );
  stops.push(() => worker.stop());
  const logger = createLogger({ level: config.logLevel, terminal: process.stdout.isTTY });
  for (const { release } of held) await release();
  const api = await step('API …', () => startApi(gateway, config, logger));
  stops.push(() => api.stop());

  const addresses: Addresses = {
    api: api.url,
    admin: api.adminUrl,
    temporal: temporal.address,
    namespace: config.temporal.namespace,
    ...(temporal.uiUrl !== undefined && { ui: temporal.uiUrl }),
    ...(database.environment.DATABASE_URL !== undefined && { database: database.environment.DATABASE_URL }),
  };
  await writeAddresses(home, addresses);
  return summarise({ gateway, gatewayFile, config, addresses, secrets, database: database.title });

  async function findDatabase() {
    if (requested.setting('DATABASE_URL') !== undefined) {
      return { title: 'DATABASE_URL', environment: {} };
    }
    const server = await startPostgres({ home, env: environment, log, onExit: () => died('PostgreSQL') });
    stops.push(() => server.stop());
    return {
      title: `embedded PostgreSQL at 127.0.0.1:${server.port}`,
      environment: { DATABASE_URL: server.url },
    };
  }

  async function findTemporal() {
    if (cli === undefined) {
      await requireTemporal(requested.temporal);
      const { address } = requested.temporal.connectionOptions;
      return { address: address ?? 'TEMPORAL_ADDRESS', uiUrl: undefined, environment: {} };
    }
    const server = await startTemporalServer({
      cli,
      home,
      env: environment,
      log,
      codecEndpoint: codecEndpoint(requested.adminHost, adminPort),
      onExit: () => died('Temporal'),
    });
    stops.push(() => server.stop());
    const { address, uiUrl } = server;
    return { address, uiUrl, environment: await embeddedTemporal(environment, { address, home }) };
  }
}

/** Where a browser on this machine finds `/codec`. */
function codecEndpoint(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}/codec`;
}

/** The UI's address is printed with numbers, and typed by name. */
const originsOf = (uiUrl: string | undefined): string[] =>
  uiUrl === undefined ? [] : [uiUrl, uiUrl.replace('//127.0.0.1:', '//localhost:')];
