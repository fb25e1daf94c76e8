import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { Client as PostgresClient } from 'pg';
import { expect, inject, onTestFinished } from 'vitest';
import { developmentKey } from '../../src/dev/encryption-key.ts';
import { readMark, runFile } from '../../src/dev/leftovers.ts';
import { isRunning, stampOf, type ProcessMark } from '../../src/dev/processes.ts';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import gateway from '../../src/gateway.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { prepareNamespace } from '../../src/temporal/prepare.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Direct mode refuses the rows of the shipped one that need the journal. */
const plainGateway = fileURLToPath(new URL('plain-gateway.ts', import.meta.url));
const command = fileURLToPath(new URL('../../bin/everhook.js', import.meta.url));

/** Registers what runs when the test, or the file (`afterAll`), is over. */
export type After = (cleanUp: () => Promise<void> | void) => void;
export type Settings = Readonly<Record<string, string>>;

/** What the system needs, and none of the shell's own settings for Everhook, Temporal or a provider. */
export function environment(settings: Settings): Settings {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'XDG_CACHE_HOME', 'EVERHOOK_TEMPORAL_CLI'];
  const system = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(system), ...settings };
}

export interface Process {
  readonly pid: number;
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** What it printed so far. */
  output(): string;
  /** What it printed to standard error so far. */
  errors(): string;
  /** Settles when the pattern was printed, throws when that takes too long or the process ends before. */
  says(pattern: RegExp, timeoutMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** A real `everhook` process, killed in the end where it still runs. */
export function everhook(
  args: readonly string[],
  settings: Settings,
  after: After = onTestFinished,
): Process {
  const direct =
    settings['EVERHOOK_MODE'] === 'direct' && ['api', 'worker', 'migrate'].includes(args[0] ?? '');
  const child = spawn(process.execPath, [command, ...args, ...(direct ? ['--gateway', plainGateway] : [])], {
    cwd: root,
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { output: '', errors: '' };
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watcher of watchers) watcher();
  };
  const collect = (name: 'output' | 'errors') => (chunk: string) => {
    texts[name] += chunk;
    look();
  };
  child.stdout.setEncoding('utf8').on('data', collect('output'));
  child.stderr.setEncoding('utf8').on('data', collect('errors'));
  // Not `close`: children of a killed process may hold its output open.
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  void exited.then(look);
  return {
    pid: child.pid ?? 0,
    exited,
    output: () => texts.output,
    errors: () => texts.errors,
    kill: (signal) => void child.kill(signal),
    says: (pattern, timeoutMs = 30_000) =>
      new Promise<void>((resolve, reject) => {
        const settle = (finish: () => void) => {
          clearTimeout(timer);
          watchers.delete(watcher);
          finish();
        };
        const fail = (why: string) =>
          settle(() => reject(new Error(`${why} before ${pattern}:\n${texts.output}${texts.errors}`)));
        const watcher = () => {
          if (pattern.test(texts.output) || pattern.test(texts.errors)) settle(resolve);
          else if (child.exitCode !== null || child.signalCode !== null) fail('ended');
        };
        const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
        watchers.add(watcher);
        watcher();
      }),
  };
}

/** Runs a command to its end. */
export async function finished(
  args: readonly string[],
  settings: Settings,
): Promise<{ code: number | null; output: string; errors: string }> {
  const run = everhook(args, settings);
  const code = await run.exited;
  await expect.poll(() => run.output() + run.errors()).not.toBe('');
  return { code, output: run.output(), errors: run.errors() };
}

export interface ApiProcess extends Process {
  readonly url: string;
  readonly adminUrl: string;
}

/** `everhook api`, ready. */
export async function readyApi(settings: Settings, after: After = onTestFinished): Promise<ApiProcess> {
  const api = everhook(['api'], settings, after);
  await api.says(/"msg":"ready"/);
  const line = api
    .output()
    .split('\n')
    .find((text) => text.includes('"msg":"ready"'))!;
  const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string };
  return { ...api, url, adminUrl };
}

/** The processes that a home has written down, by name: `start`, `worker`, `temporal`, `postgres`. */
export async function recorded(home: string): Promise<Record<string, ProcessMark>> {
  const files = await readdir(join(home, 'run')).catch(() => []);
  const marks = files
    .filter((file) => /^[a-z]+\.json$/.test(file))
    .map(async (file) => {
      const name = file.slice(0, -'.json'.length);
      const mark = await readMark(runFile(home, name));
      return mark === undefined ? [] : [[name, mark] as const];
    });
  return Object.fromEntries((await Promise.all(marks)).flat());
}

/** A process and all below it, where the system tells (`/proc`); elsewhere itself alone. */
export async function treeOf(pid: number): Promise<ProcessMark[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc').catch(() => [])) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    if (stat !== '') parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const below = (parent: number): number[] =>
    [...parents].filter(([, above]) => above === parent).flatMap(([child]) => [child, ...below(child)]);
  const marks = [pid, ...below(pid)].map(async (one) => ({ pid: one, stamp: (await stampOf(one)) ?? '' }));
  return await Promise.all(marks);
}

/** Passes when none of the processes runs any more. */
export async function expectGone(marks: readonly ProcessMark[], timeoutMs = 2000): Promise<void> {
  const left = async () => {
    const running = await Promise.all(marks.map(isRunning));
    return marks.filter((_, index) => running[index]);
  };
  await expect.poll(left, { timeout: timeoutMs }).toEqual([]);
}

/** Ends recorded processes of a home that a failed test left behind. */
export async function endRecorded(home: string): Promise<void> {
  for (const mark of Object.values(await recorded(home))) {
    if (mark.pid !== process.pid && (await isRunning(mark))) process.kill(mark.pid, 'SIGKILL');
  }
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly ms: number;
}

/** A home, a database and a namespace of its own, and the settings that name them. */
export async function surroundings(
  after: After,
): Promise<{ client: Client; home: string; databaseUrl: string; settings: Settings }> {
  const { home, remove } = await temporaryHome();
  after(remove);
  const database = await createDatabase(inject('postgresUrl'));
  after(() => database.drop());
  const client = await createNamespace(inject('temporalAddress'), { after });
  const settings = {
    EVERHOOK_HOME: home,
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: client.options.namespace,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  };
  return { client, home, databaseUrl: database.url, settings };
}

/** Posts bytes; gives the answer and how long it took. */
export function post(
  url: string,
  {
    body,
    headers,
    agent,
    localAddress,
  }: { body: string | Buffer; headers: Settings; agent?: Agent; localAddress?: string },
): Promise<Answered> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const from = localAddress === undefined ? {} : { localAddress };
    const sent = request(url, { method: 'POST', headers, agent: agent ?? false, ...from }, (response) => {
      resolve(readAnswer(response, started));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Reads an answer to its end; `started` is when its request was, by performance.now(). */
export async function readAnswer(response: IncomingMessage, started: number): Promise<Answered> {
  const body = await text(response);
  const { statusCode: status = 0, headers } = response;
  return { status, headers, body, ms: performance.now() - started };
}

export const secrets = {
  stripe: 'whsec_of_the_system_tests',
  github: 'github_of_the_system_tests',
  payment: 'payment_of_the_system_tests',
} as const;

/** The sources that the tests send to; a fork may have more. */
export type SourceName = keyof typeof secrets;

/** The proofs that `secrets` are, as the environment names them; sources that have none of them are off. */
export const proofs: Settings = {
  EVERHOOK_SOURCES: Object.keys(secrets).join(','),
  ...Object.fromEntries(
    Object.entries(secrets).map(([name, secret]) => [`${name.toUpperCase()}_WEBHOOK_SECRET`, secret]),
  ),
};

/** A sample of a source's provider, to be signed anew, with the same bytes, each time it is sent. */
export function sample(source: SourceName, type: string, set: Readonly<Record<string, unknown>> = {}) {
  const { provider } = gateway.sources[source];
  const proof = { secrets: [secrets[source]], toleranceSeconds: undefined };
  return sampleRequest({ provider, proof, type, url: `http://127.0.0.1/webhooks/${source}`, set });
}

/** A namespace of the test's own, so that its runs, and their task queues, are nobody else's. */
export async function createNamespace(
  address: string,
  { prepared = true, after = onTestFinished }: { prepared?: boolean; after?: After } = {},
): Promise<Client> {
  const namespace = unique('system');
  const connection = await Connection.connect({ address });
  after(() => connection.close());
  const day = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: day });
  if (prepared) await prepareNamespace(connection, namespace);
  return new Client({ connection, namespace });
}

/** The same client, with the key that development made in a home. */
export async function withKeyOf(
  home: string,
  { connection, options: { namespace } }: Client,
): Promise<Client> {
  const keys = { current: await developmentKey(home), previous: undefined };
  return new Client({ connection, namespace, dataConverter: createDataConverter({ keys }) });
}

export const unique = (prefix: string): string => `${prefix}-${randomBytes(6).toString('hex')}`;

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One query on a connection of its own. */
export async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The values of one metric, by the labels as Prometheus prints them; all others left out. */
export async function metric(adminUrl: string, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(name.length, at), Number(line.slice(at + 1))];
    }),
  );
}
