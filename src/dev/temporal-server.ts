import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { prepareNamespace } from '../temporal/prepare.ts';
import { childEnvironment, startChild } from './child.ts';
import { ensureHome } from './home.ts';
import { endings, forgetChild, recordChild } from './leftovers.ts';
import { freePort } from './ports.ts';
import { until } from './processes.ts';
import { closeDatabase, databaseFile, moveUnfinished } from './temporal-database.ts';
import type { Environment } from '../settings.ts';
import type { Child } from './child.ts';

const readyMs = 30_000;
const retentionDays = 30;
// grpc.health.v1.HealthCheckResponse.ServingStatus
const serving = 1;

/** What the development server is started with. */
export interface TemporalServerOptions {
  /** Temporal's CLI, as `findBinary` gives it. */
  readonly cli: string;
  /** Its data is `<home>/temporal.db`, its output `<home>/logs/temporal.log`. Hold it: `acquireHome`. */
  readonly home: string;
  readonly env: Environment;
  readonly log: (line: string) => void;
  /** The ports to prefer; default 7233 and, for the UI, 8233. */
  readonly ports?: { readonly server?: number; readonly ui?: number };
  /** The server's own settings, by name, as JSON. */
  readonly dynamicConfig?: Readonly<Record<string, string>>;
  /** Where its UI has payloads decoded, `http://127.0.0.1:3001/codec`; default nowhere. */
  readonly codecEndpoint?: string;
  /** Called once if it ends without `stop`; null when a signal ended it. */
  readonly onExit?: (code: number | null) => void;
}

/** A development server that serves. */
export interface TemporalServer {
  /** `127.0.0.1:7233` */
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Ends it: asked first, made to after 10 s. Harmless when repeated. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal's development server on the loopback, and gives it once it serves and the namespace
 * `default` keeps runs for 30 days and has the search attributes; at most 30 s. Throws with its last
 * words when it does not come up.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { log, ports = {} } = options;
  const home = await ensureHome(options.home);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(ports.server ?? 7233, { name: 'Temporal', log });
    const uiPort = await freePort(ports.ui ?? 8233, { name: "Temporal's UI", log });
    const child = await launch(home, options, { port, uiPort });
    try {
      await prepare(child, `127.0.0.1:${port}`);
      await closeDatabase(home);
      return serve(child, home, { port, uiPort, onExit: options.onExit });
    } catch (error) {
      const words = child.said();
      await child.end(endings.default);
      await forgetChild(home, 'temporal');
      if (attempt < 3 && (portTaken.test(words) || (await moveUnfinished(home, { words, log })))) continue;
      throw new Error(
        `Temporal did not start (${join(home, 'logs', 'temporal.log')}):\n${child.lastWords()}`,
        {
          cause: error,
        },
      );
    }
  }
}

async function launch(
  home: string,
  { cli, env, codecEndpoint, dynamicConfig = {} }: TemporalServerOptions,
  ports: Ports,
): Promise<Child> {
  const child = await startChild({
    command: cli,
    args: [
      ...serverArguments(home, ports),
      ...(codecEndpoint === undefined ? [] : [`--ui-codec-endpoint=${codecEndpoint}`]),
      ...Object.entries(dynamicConfig).map(([name, value]) => `--dynamic-config-value=${name}=${value}`),
    ],
    env: childEnvironment(env),
    logFile: join(home, 'logs', 'temporal.log'),
  });
  await recordChild(home, { name: 'temporal', pid: child.pid });
  return child;
}

// Somebody took the port between the look and the start.
const portTaken = /address already in use/i;

const serverArguments = (home: string, { port, uiPort }: Ports): string[] => [
  'server',
  'start-dev',
  '--ip=127.0.0.1',
  '--ui-ip=127.0.0.1',
  `--port=${port}`,
  `--ui-port=${uiPort}`,
  `--db-filename=${databaseFile(home)}`,
  // Twice the starts per second of SQLite's defaults; a kill of the process loses nothing, a crash of
  // the machine the last moments.
  '--sqlite-pragma=journal_mode=wal',
  '--sqlite-pragma=synchronous=1',
  '--log-level=error',
  '--disable-config-file',
  '--ui-disable-news-fetch',
];

async function prepare(child: Child, address: string): Promise<void> {
  // No retries: each look is short, and the next comes soon.
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 200 };
  const connection = Connection.lazy({ address, interceptors: [], channelArgs });
  try {
    const ready = async () => !child.running() || (await serves(connection));
    if (!(await until(ready, { timeoutMs: readyMs })) || !child.running()) throw new Error('not ready');
    await prepareNamespace(connection, 'default', { retentionDays });
  } finally {
    await connection.close();
  }
}

async function serves(connection: Connection): Promise<boolean> {
  const service = 'temporal.api.workflowservice.v1.WorkflowService';
  try {
    const answer = await connection.withDeadline(Date.now() + 500, () =>
      connection.healthService.check({ service }),
    );
    const status: number = answer.status;
    return status === serving;
  } catch {
    return false;
  }
}

function serve(
  child: Child,
  home: string,
  { port, uiPort, onExit }: Ports & { onExit?: OnExit },
): TemporalServer {
  let stopping = false;
  void child.exited.then((code) => {
    if (!stopping) onExit?.(code);
  });
  return {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    pid: child.pid,
    async stop() {
      stopping = true;
      await child.end(endings.default);
      await forgetChild(home, 'temporal');
    },
  };
}

interface Ports {
  readonly port: number;
  readonly uiPort: number;
}
type OnExit = TemporalServerOptions['onExit'];
