import { chmod, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { problemDocument } from '../../src/api/problem.ts';
import { parseKey } from '../../src/encryption/keys.ts';
import type { Code } from '../../src/errors.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { resultOf } from '../../src/temporal/result-of.ts';
import { createDatabase, startTestPostgres } from '../support/postgres.ts';
import { startTestTemporal } from '../support/temporal.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import {
  createNamespace,
  everhook,
  post,
  query,
  readAnswer,
  readyApi,
  unique,
  unusedPort,
  type After,
  type Answered,
  type ApiProcess,
  type Process,
  type Settings,
} from '../system/support.ts';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import { payment } from '../../src/providers/index.ts';
import { startNginx, type Nginx } from './nginx.ts';
import { checkout, run } from './run.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

/** The one place that says how all roles run. */
const mode = 'journal';
/** How long the impatient of the providers wait for an answer, in milliseconds. */
const senderWaitsMs = 3000;

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);

let folder = '';
let client: Client;
let worker: Process;
let nginx: Nginx;
let settings: Settings;
let certificate: Buffer;
/** What nginx and both replicas listen on. */
let port = 0;
let operatorPort = 0;
let ports: readonly [number, number];
/** Those that run; a test may end them, and the next finds both again. */
const replicas: (ApiProcess | undefined)[] = [undefined, undefined];

beforeAll(async () => {
  const home = await temporaryHome();
  folder = home.home;
  afterwards(home.remove);
  const secrets = join(folder, 'secrets');
  await run('sh', ['deploy/secrets.sh', secrets], { cwd: checkout });
  // Each file of it is mounted by itself in a container; here nginx's own user has to get in.
  await chmod(secrets, 0o755);
  certificate = await readFile(join(secrets, 'tls_certificate'));
  const secret = async (name: string) => (await readFile(join(secrets, name), 'utf8')).trimEnd();
  paymentSecret = await secret('payment_webhook_secret');
  operator = `operator:${await secret('operator_password')}`;

  const postgres = await startTestPostgres();
  afterwards(() => postgres.stop());
  const database = await createDatabase(postgres.url);
  afterwards(() => database.drop());
  const temporal = await startTestTemporal();
  afterwards(() => temporal.stop());
  const bare = await createNamespace(temporal.address, { prepared: false, after: afterwards });
  const keys = { current: parseKey(await secret('encryption_key')), previous: undefined };
  const { connection, options } = bare;
  client = new Client({
    connection,
    namespace: options.namespace,
    dataConverter: createDataConverter({ keys }),
  });

  ports = [await unusedPort(), await unusedPort()];
  adminPort = await unusedPort();
  port = await unusedPort();
  operatorPort = await unusedPort();
  // As docker-compose.yml sets them.
  settings = {
    EVERHOOK_MODE: mode,
    EVERHOOK_HOME: folder,
    EVERHOOK_SOURCES: 'payment',
    EVERHOOK_ENCRYPTION_KEY_FILE: join(secrets, 'encryption_key'),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: options.namespace,
    DATABASE_URL: database.url,
  };
  apiSettings = {
    ...settings,
    EVERHOOK_TRUST_PROXY: '127.0.0.1',
    EVERHOOK_ADMIN_TOKEN_FILE: join(secrets, 'admin_token'),
    EVERHOOK_UI_ORIGIN: `https://localhost:${operatorPort}`,
    PAYMENT_WEBHOOK_SECRET_FILE: join(secrets, 'payment_webhook_secret'),
  };
  await migrate();
  worker = everhook(
    ['worker'],
    { ...settings, SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@example.com' },
    afterwards,
  );
  await worker.says(/"worker ready"/);
  const ui = await startUi();
  const place = { folder, port, operatorPort, apis: ports, admin: adminPort, ui };
  nginx = await startNginx(place, afterwards);
});
beforeEach(async () => {
  await Promise.all([startReplica(0), startReplica(1)]);
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

let paymentSecret = '';
let operator = '';
let adminPort = 0;
let apiSettings: Settings;

async function migrate(): Promise<void> {
  const migration = everhook(['migrate'], settings, afterwards);
  if ((await migration.exited) !== 0) throw new Error(`everhook migrate failed: ${migration.errors()}`);
}

/** Starts a replica on its port where it does not run; the first has the admin port. */
async function startReplica(which: 0 | 1): Promise<void> {
  if (replicas[which] !== undefined) return;
  const admin = which === 0 ? adminPort : 0;
  const given = { ...apiSettings, PORT: String(ports[which]), EVERHOOK_ADMIN_PORT: String(admin) };
  replicas[which] = await readyApi(given, afterwards);
}

async function endReplica(which: 0 | 1, signal: NodeJS.Signals): Promise<number | null> {
  const replica = replicas[which]!;
  replica.kill(signal);
  const code = await replica.exited;
  replicas[which] = undefined;
  return code;
}

/** Stands for Temporal's UI: says what it was sent. */
async function startUi(): Promise<number> {
  const server = createServer((incoming, response) => {
    response.end(JSON.stringify({ ui: incoming.url, authorization: incoming.headers.authorization ?? null }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** An event without effects outside; each call signs the same bytes anew. */
function event(id = unique('evt')) {
  const proof = { secrets: [paymentSecret], toleranceSeconds: undefined };
  const data = Buffer.from(JSON.stringify({ id, type: 'payment.noted', data: { amount: 1 } }));
  const url = 'https://localhost/webhooks/payment';
  return { id, signed: sampleRequest({ provider: payment(), proof, type: 'payment.noted', url, data }) };
}

interface Sent {
  readonly body?: string | Buffer;
  readonly headers?: Settings;
  /** The address that the sender has. */
  readonly from?: string;
  readonly to?: number;
  readonly method?: string;
}

/** One request over TLS, on a connection of its own. */
function send(path: string, { body = '', headers = {}, from, to = port, method = 'POST' }: Sent) {
  const started = performance.now();
  return new Promise<Answered>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      servername: 'localhost',
      port: to,
      path,
      method,
      headers: { 'content-length': String(Buffer.byteLength(body)), ...headers },
      ca: certificate,
      agent: false,
      ...(from !== undefined && { localAddress: from }),
    };
    const sent = request(options, (response) => resolve(readAnswer(response, started)));
    sent.on('error', reject).end(body);
  });
}

const deliver = ({ signed }: ReturnType<typeof event>, more: Sent = {}): Promise<Answered> => {
  const { body, headers } = signed();
  return send('/webhooks/payment', { ...more, body, headers: { ...headers, ...more.headers } });
};

function expectProblem(answered: Answered, code: Code): void {
  expect(answered.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answered.body)).toEqual(JSON.parse(problemDocument(code)));
}

const statusesOf = (answers: readonly Answered[]): number[] => [
  ...new Set(answers.map(({ status }) => status)),
];

test('a signed event over TLS is acknowledged, and its run completes', async () => {
  const sent = event();
  const answered = await deliver(sent);
  expect(answered).toMatchObject({
    status: 200,
    headers: { 'everhook-event': `payment:${sent.id}` },
  });
  expect(JSON.parse(answered.body)).toMatchObject({ received: true });
  expect(await resultOf(client, `payment:${sent.id}`)).toMatchObject({
    source: 'payment',
    type: 'payment.noted',
  });
});

test('plain HTTP is refused, by a replica that is asked directly and by nginx', async () => {
  const { body, headers } = event().signed();
  const direct = await post(`${replicas[0]!.url}/webhooks/payment`, { body, headers });
  expect(direct.status).toBe(403);
  expectProblem(direct, 'https_required');
  const plain = await post(`http://127.0.0.1:${port}/webhooks/payment`, { body, headers });
  expect(plain.status).toBe(403);
  expectProblem(plain, 'https_required');
});

test('nothing but /webhooks is reached from outside', async () => {
  for (const path of ['/', '/readyz', '/metrics', '/codec/decode', '/webhooks']) {
    const answered = await send(path, { method: 'GET' });
    expect(answered.status).toBe(404);
    expectProblem(answered, 'source_unknown');
  }
  expectProblem(await send('/webhooks/nobody', {}), 'source_unknown');
});

describe('while replicas come and go', () => {
  test('one is killed: everything is acknowledged by the other', async () => {
    await endReplica(0, 'SIGKILL');
    const answers = [];
    for (let count = 0; count < 12; count++) answers.push(await deliver(event()));
    expect(statusesOf(answers)).toEqual([200]);
    for (const { ms } of answers) expect(ms).toBeLessThan(senderWaitsMs);
  });

  test('one is killed in the middle of requests: those are taken by the other', async () => {
    const sent = Array.from({ length: 60 }, () => event());
    let answered = 0;
    const answers = await inParallel(6, sent, async (one) => {
      const answer = await deliver(one);
      if (++answered === 15) replicas[1]!.kill('SIGKILL');
      return answer;
    });
    await replicas[1]!.exited;
    replicas[1] = undefined;
    expect(statusesOf(answers)).toEqual([200]);
    // What the killed one had taken and not started is the other's when its lease is over: no need to wait.
    const taken = `update everhook.runs set lease_until = now() where state = 'accepted'`;
    await query(settings['DATABASE_URL']!, taken);
    for (const { id } of sent) await resultOf(client, `payment:${id}`);
  });

  test('both are killed: 503 as a problem document with Retry-After, in time', async () => {
    await Promise.all([endReplica(0, 'SIGKILL'), endReplica(1, 'SIGKILL')]);
    const answered = await deliver(event());
    expect(answered).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expectProblem(answered, 'not_durable');
    expect(answered.ms).toBeLessThan(senderWaitsMs);
  });

  test('both are there and say nothing: 503 before the sender has gone', async () => {
    await Promise.all([endReplica(0, 'SIGKILL'), endReplica(1, 'SIGKILL')]);
    const close = await Promise.all(ports.map(startSilent));
    const answered = await deliver(event());
    await Promise.all(close.map((end) => end()));
    expect(answered).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expectProblem(answered, 'not_durable');
    expect(answered.ms).toBeLessThan(senderWaitsMs);
  });

  test('a rolling restart under requests: none is answered by anything but 200', async () => {
    const over = new AbortController();
    const answers: Answered[] = [];
    const stream = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!over.signal.aborted && answers.length < 4000) answers.push(await deliver(event()));
      }),
    );
    for (const which of [0, 1, 0, 1] as const) {
      const before = answers.length;
      expect(await endReplica(which, 'SIGTERM')).toBe(0);
      await expect.poll(() => answers.length, { timeout: 10_000 }).toBeGreaterThan(before + 10);
      await startReplica(which);
    }
    over.abort();
    await stream;
    expect(statusesOf(answers)).toEqual([200]);
    expect(answers.length).toBeGreaterThan(40);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(senderWaitsMs);
  });
});

test('what comes eight times at once, through both replicas, runs once', async () => {
  const sent = event();
  const answers = await Promise.all(Array.from({ length: 8 }, () => deliver(sent)));
  expect(statusesOf(answers)).toEqual([200]);
  expect(answers.filter(({ body }) => body.includes('"duplicate":true'))).toHaveLength(7);
  await resultOf(client, `payment:${sent.id}`);
  const spoke = () => replicas.filter((replica) => replica!.output().includes(`payment:${sent.id}`)).length;
  await expect.poll(spoke).toBe(2);
});

describe("the sender's address", () => {
  // The second is the proxy's own: a list that was added to would be believed up to its first word.
  test.each(['127.0.0.7', '127.0.0.1'])(
    '%s is what Everhook logs, whatever the sender says',
    async (from) => {
      const sent = event();
      await deliver(sent, { from, headers: { 'x-forwarded-for': '203.0.113.9' } });
      const lines = () => replicas.flatMap((replica) => replica!.output().split('\n'));
      const line = () => lines().find((text) => text.includes(`payment:${sent.id}`)) ?? '{}';
      await expect.poll(() => JSON.parse(line()) as unknown).toMatchObject({ remoteAddress: from });
      expect(lines().join('\n')).not.toContain('203.0.113.9');
    },
  );

  test('is not taken from anybody but the proxy', async () => {
    const { body, headers } = event().signed();
    const forged = { ...headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' };
    const answered = await postFrom('127.0.0.8', ports[0], { body, headers: forged });
    expect(answered.status).toBe(403);
    await expect.poll(() => replicas[0]!.output()).toContain('"remoteAddress":"127.0.0.8"');
    expect(replicas[0]!.output()).not.toContain('203.0.113.9');
  });
});

describe('what is too large for everybody', () => {
  test('a body of 26 MiB gets 413 as a problem document', async () => {
    const answered = await send('/webhooks/payment', { body: Buffer.alloc(26 * 1024 * 1024, 'x') });
    expect(answered.status).toBe(413);
    expectProblem(answered, 'body_too_large');
  });

  test('a header of 20 KiB gets 431 as a problem document', async () => {
    const answered = await send('/webhooks/payment', { headers: { 'x-long': 'x'.repeat(20_480) } });
    expect(answered.status).toBe(431);
    expectProblem(answered, 'headers_too_large');
  });
});

test("the access log has no path's secret, and no query", async () => {
  const marker = unique('secret');
  await send(`/webhooks/payment/${marker}?token=${marker}`, {});
  await send(`/webhooks/nobody?token=${marker}`, {});
  await expect.poll(nginx.output).toContain('"path":"/webhooks/payment/***"');
  await expect.poll(nginx.output).toContain('"path":"/webhooks/nobody"');
  expect(nginx.output()).not.toContain(marker);
});

describe("the operators' port", () => {
  const authorization = () => `Basic ${Buffer.from(operator).toString('base64')}`;

  test('asks for the password, for everything', async () => {
    for (const path of ['/', '/codec/decode', '/namespaces']) {
      expect((await send(path, { to: operatorPort })).status).toBe(401);
    }
  });

  test("shows Temporal's UI, which does not hear the password", async () => {
    const headers = { authorization: authorization() };
    const answered = await send('/namespaces', { to: operatorPort, method: 'GET', headers });
    expect(JSON.parse(answered.body)).toEqual({ ui: '/namespaces', authorization: null });
  });

  test('decodes what Temporal has sealed, for pages of the UI alone', async () => {
    const sent = event();
    await deliver(sent);
    await resultOf(client, `payment:${sent.id}`);
    const { events } = await client.workflow.getHandle(`payment:${sent.id}`).fetchHistory();
    const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
    const metadata = Object.fromEntries(
      Object.entries(input?.metadata ?? {}).map(([name, value]) => [name, base64(value)]),
    );
    const ask = (origin: string) =>
      send('/codec/decode', {
        to: operatorPort,
        body: JSON.stringify({ payloads: [{ metadata, data: base64(input?.data) }] }),
        headers: { authorization: authorization(), 'content-type': 'application/json', origin },
      });
    const answered = await ask(`https://localhost:${operatorPort}`);
    expect(answered.status).toBe(200);
    const { payloads } = JSON.parse(answered.body) as { payloads: { data: string }[] };
    expect(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).toContain(sent.id);
    expect(base64(input?.data)).not.toBe(payloads[0]?.data);
    expect((await ask('https://elsewhere.example.com')).status).toBe(403);
  });
});

test('what the roles are stopped with ends them in order: api and worker exit with 0', async () => {
  expect(await endReplica(0, 'SIGTERM')).toBe(0);
  expect(await endReplica(1, 'SIGTERM')).toBe(0);
  worker.kill('SIGTERM');
  expect(await worker.exited).toBe(0);
});

/** Plain HTTP from another address of this machine. */
function postFrom(from: string, to: number, sent: { body: Buffer; headers: Settings }): Promise<Answered> {
  return post(`http://127.0.0.1:${to}/webhooks/payment`, { ...sent, localAddress: from });
}

/** Takes connections and never answers. */
async function startSilent(on: number): Promise<() => Promise<void>> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(on, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(async () => {
    if (server.listening) await close();
  });
  return close;
}

/** Calls for all items, so many at a time; the results in any order. */
async function inParallel<Item, Result>(
  width: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const left = [...items];
  const results: Result[] = [];
  const run = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: width }, run));
  return results;
}
