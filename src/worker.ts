import { fileURLToPath } from 'node:url';
import type { DataConverter, ExternalStorage } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { journalSources, requireDatabase } from './acceptance.ts';
import { runOf } from './api/route.ts';
import { checkGateway, keyComplaints, keyedKinds } from './check.ts';
import { settled, type Config } from './config.ts';
import type { ActivityContext, AnyActivities, Gateway } from './define.ts';
import { revealCredential } from './encryption/credentials.ts';
import { warnIfClear } from './encryption/warning.ts';
import { ConfigError } from './errors.ts';
import { openBlobs } from './journal/blobs.ts';
import { createPool } from './journal/connection.ts';
import type { Logger } from './log.ts';
import { turnActivities } from './turn-activities.ts';
import { createDataConverter } from './temporal/data-converter.ts';
import { connectWorker, requireNamespace } from './temporal/worker-connection.ts';

/** How long activities may go on once the worker is told to stop, and when it stops all the same. */
const shutdown = { shutdownGraceTime: '20 seconds', shutdownForceTime: '30 seconds' } as const;
const developmentShutdown = { shutdownGraceTime: '3 seconds', shutdownForceTime: '6 seconds' } as const;
/** Runs kept in memory; each costs about half a megabyte. */
const maxCachedWorkflows = 500;

/** A worker process at work. */
export interface RunningWorker {
  readonly taskQueues: readonly string[];
  /** Settles when the worker has stopped, rejects when it failed. */
  readonly done: Promise<void>;
  /** Takes no new task, gives activities 20 s to end (3 s in development), then stops. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** Which task queues to serve; default all that the routes name, external ones aside. */
  readonly taskQueues?: readonly string[];
  /** Ends the waiting for a Temporal that is not there yet. */
  readonly signal?: AbortSignal;
}

/**
 * Serves the gateway's task queues. Waits for Temporal as long as it takes. Throws ConfigError when
 * the activities cannot be made or the workflows not be bundled.
 */
export async function startWorker(
  given: Gateway,
  config: Config,
  log: Logger,
  { taskQueues = ownTaskQueues(given, config), signal }: WorkerOptions = {},
): Promise<RunningWorker> {
  const gateway = settled(given, config);
  checkGateway(gateway, config.mode, config.sources);
  const [complaint] = keyComplaints(gateway, config);
  if (complaint !== undefined) throw new ConfigError(complaint);
  installRuntime(log);
  warnIfClear(config, log);
  const closers: (() => Promise<void>)[] = [];
  const dataConverter = createDataConverter({
    keys: config.encryption,
    externalStorage: openStorage(config, log, closers),
  });
  const close = async () => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    const own = await createActivities(gateway, config, closers);
    const reserved = Object.keys(own).find((name) => name.startsWith('everhook'));
    if (reserved !== undefined)
      throw new ConfigError(`activity ${reserved}: names that begin with everhook are ours`);
    const workflowBundle = await bundle(gateway, dataConverter, log);
    requireTakeTurns(gateway, config, workflowBundle);
    const connection = await connectWorker(config.temporal, log, signal);
    closers.push(() => connection.close());
    await requireNamespace(connection, config.temporal.namespace);
    const activities = {
      ...own,
      ...keyedActivities(gateway, config, { connection, dataConverter, closers }),
    };
    const workers = await Promise.all(
      taskQueues.map((taskQueue) =>
        Worker.create({
          connection,
          namespace: config.temporal.namespace,
          taskQueue,
          workflowBundle,
          dataConverter,
          activities,
          maxCachedWorkflows,
          // Cancellation travels with heartbeats; the SDK would hold them back for 16 of git's 20 seconds.
          maxHeartbeatThrottleInterval: '2 seconds',
          ...(config.development ? developmentShutdown : shutdown),
        }),
      ),
    );
    const done = Promise.all(workers.map((worker) => worker.run())).then(close);
    return {
      taskQueues,
      done,
      async stop() {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        await done;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The journal's, for payloads too large for Temporal; what needs it waits while PostgreSQL is away. */
function openStorage(
  { mode, setting }: Config,
  log: Logger,
  closers: (() => Promise<void>)[],
): ExternalStorage | undefined {
  if (mode === 'direct') return undefined;
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl === undefined) {
    log.warn('DATABASE_URL is not set: runs with payloads over 256 KiB, which are in the journal, will wait');
    return undefined;
  }
  const { storage, close } = openBlobs(databaseUrl);
  closers.push(close);
  return storage;
}

let installed = false;

/** Once per process, before any connection. We handle signals: the runtime would swallow them. */
function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      // What the SDK tells of its own state is for those who look for it.
      const method = level === 'INFO' ? 'debug' : (level.toLowerCase() as Lowercase<typeof level>);
      log[method](meta ?? {}, message);
    }),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}

async function createActivities(
  { activities, sources, routes }: Gateway,
  config: Config,
  closers: (() => Promise<void>)[],
): Promise<AnyActivities> {
  if (typeof activities !== 'function') return activities;
  const context: ActivityContext = {
    setting: config.setting,
    isMadeUp: config.isMadeUp,
    development: config.development,
    home: config.home,
    reveal: (sealed) => revealCredential(sealed, config.encryption),
    routes: config.sources.flatMap((source) =>
      Object.entries(routes[source] ?? {}).map(([type, row]) => ({
        source,
        provider: sources[source]!.provider.name,
        type,
        workflow: runOf(row).workflow,
      })),
    ),
    onClose: (closer) => void closers.push(closer),
  };
  return await activities(context);
}

/**
 * What keyed rows need of the journal. Also where there is none now: what an earlier gateway accepted for one
 * waits for its turn.
 */
function keyedActivities(
  gateway: Gateway,
  config: Config,
  {
    connection,
    dataConverter,
    closers,
  }: { connection: NativeConnection; dataConverter: DataConverter; closers: (() => Promise<void>)[] },
): AnyActivities {
  if (
    config.mode !== 'journal' ||
    (keyedKinds(gateway, config).size === 0 && !config.setting('DATABASE_URL'))
  )
    return {};
  const pool = createPool(requireDatabase(config), { name: 'everhook-turns', connections: 5 });
  closers.push(() => pool.end());
  const client = new Client({ connection, namespace: config.temporal.namespace, dataConverter });
  return turnActivities(pool, journalSources(gateway, config), client);
}

/** `inOrderBy` runs a workflow of ours, which a gateway's own workflows file has to pass on. */
function requireTakeTurns(gateway: Gateway, config: Config, { code }: WorkflowBundleWithSourceMap): void {
  if (!keyedKinds(gateway, config).has('inOrderBy') || code.includes('takeTurns')) return;
  throw new ConfigError(
    "a row has inOrderBy: add `export { takeTurns } from 'everhook/workflows'` to the workflows file",
  );
}

async function bundle(
  { workflowsPath }: Gateway,
  { failureConverterPath }: DataConverter,
  log: Logger,
): Promise<WorkflowBundleWithSourceMap> {
  const path = workflowsPath instanceof URL ? fileURLToPath(workflowsPath) : workflowsPath;
  try {
    return await bundleWorkflowCode({
      workflowsPath: path,
      ...(failureConverterPath !== undefined && { failureConverterPath }),
      logger: new DefaultLogger('ERROR'),
    });
  } catch (cause) {
    log.debug({ err: cause }, 'bundle');
    throw new ConfigError(`the workflows at ${path} cannot be bundled: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The queues of the rows that workers of this gateway serve, in order, each once. */
export function ownTaskQueues({ routes }: Gateway, { sources }: Pick<Config, 'sources'>): string[] {
  const rows = sources.flatMap((source) => Object.values(routes[source] ?? {}));
  const own = rows.filter((row) => typeof row === 'string' || 'workflow' in row);
  return [...new Set(own.map((row) => runOf(row).taskQueue))].toSorted();
}
