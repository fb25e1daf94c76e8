import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Addresses } from '../../src/dev/addresses.ts';
import { isRunning } from '../../src/dev/processes.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import {
  endRecorded,
  everhook,
  expectGone,
  finished,
  post,
  recorded,
  treeOf,
  withKeyOf,
  type After,
  type Process,
  type Settings,
} from './support.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
// The tests below follow one another in this home, as a developer's days do.
let home = '';
beforeAll(async () => {
  const made = await temporaryHome();
  home = made.home;
  afterwards(made.remove);
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

interface Started extends Process {
  readonly addresses: Addresses;
  readonly readyMs: number;
}

const launch = (settings: Settings = {}, after: After = onTestFinished): Process => {
  after(() => endRecorded(home));
  return everhook(
    ['start'],
    { EVERHOOK_HOME: home, PORT: '0', EVERHOOK_ADMIN_PORT: '0', ...settings },
    after,
  );
};

/** `everhook start`, ready. */
async function start(settings: Settings = {}, after: After = onTestFinished): Promise<Started> {
  const began = performance.now();
  const process = launch(settings, after);
  await process.says(/^Ready in /m, 60_000);
  const readyMs = performance.now() - began;
  const addresses = JSON.parse(await readFile(join(home, 'addresses.json'), 'utf8')) as Addresses;
  return { ...process, addresses, readyMs };
}

interface Sent {
  readonly code: number | null;
  /** The answers' bodies, in order. */
  readonly answers: readonly Record<string, unknown>[];
  /** The workflow ids of the addresses that were printed. */
  readonly ids: readonly string[];
}

/** `everhook send`, to the start that runs. */
async function send(...args: string[]): Promise<Sent> {
  const { code, output, errors } = await finished(['send', ...args], { EVERHOOK_HOME: home });
  const answers = [...output.matchAll(/^200 (.*)$/gm)].map(
    ([, body = '']) => JSON.parse(body) as Record<string, unknown>,
  );
  const ids = [...output.matchAll(/\/workflows\/(\S+)$/gm)].map(([, id = '']) => decodeURIComponent(id));
  expect(errors).toBe('');
  return { code, answers, ids };
}

async function runs(addresses: Addresses): Promise<Client> {
  const connection = await Connection.connect({ address: addresses.temporal });
  onTestFinished(() => connection.close());
  return await withKeyOf(home, new Client({ connection, namespace: addresses.namespace }));
}

const stateOf = async (client: Client, id: string): Promise<string> =>
  (await client.workflow.getHandle(id).describe()).status.name;

const completes = (client: Client, id: string) =>
  expect.poll(() => stateOf(client, id), { timeout: 30_000, interval: 100 }).toBe('COMPLETED');

/** Sends the signal; gives the exit code and how long all of the tree took to be gone. */
async function stop(started: Process, signal: NodeJS.Signals) {
  const tree = [...(await treeOf(started.pid)), ...Object.values(await recorded(home))];
  const began = performance.now();
  started.kill(signal);
  const code = await started.exited;
  await expectGone(tree);
  return { code, processes: tree.length, ms: performance.now() - began };
}

describe('everhook start', () => {
  let started: Started;
  beforeAll(async () => {
    started = await start({}, afterwards);
  });

  test('prints its addresses, its stand-ins and what to try', async () => {
    const { api, admin, ui } = started.addresses;
    const output = started.output();
    for (const source of ['stripe', 'github', 'payment']) {
      expect(output).toContain(`${api}/webhooks/${source}`);
    }
    expect(output).toContain(ui);
    expect(output).toContain(`${admin}/metrics`);
    expect(output).toContain(`kept in      ${home}`);
    expect(output).toMatch(/STRIPE_WEBHOOK_SECRET, GITHUB_WEBHOOK_SECRET, .*PAYMENT_WEBHOOK_SECRET: made up/);
    expect(output).toContain('npx everhook send stripe payment_intent.succeeded --duplicate');
    expect(started.errors()).toBe('');
    expect((await fetch(ui!)).status).toBe(200);
    expect(await (await fetch(`${api}/readyz`)).json()).toEqual({
      ready: true,
      phase: 'ready',
      journal: 'up',
      temporal: 'up',
    });
  });

  test("shows payloads in Temporal's UI, and to no other page", async () => {
    const { admin, ui } = started.addresses;
    const settings = (await (await fetch(`${ui}/api/v1/settings`)).json()) as { Codec: { Endpoint: string } };
    expect(settings.Codec.Endpoint).toBe(`${admin}/codec`);
    const { ids } = await send('payment', 'payment.succeeded');
    const client = await runs(started.addresses);
    await completes(client, ids[0]!);
    const { events } = await client.workflow.getHandle(ids[0]!).fetchHistory();
    const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const base64 = (bytes?: Uint8Array | null) => Buffer.from(bytes ?? []).toString('base64');
    const metadata = Object.entries(input?.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
    const body = JSON.stringify({
      payloads: [{ metadata: Object.fromEntries(metadata) as object, data: base64(input?.data) }],
    });
    expect(Buffer.from(input?.data ?? []).toString('latin1')).not.toContain('payment.succeeded');
    const ask = (origin: string) =>
      post(`${admin}/codec/decode`, { body, headers: { 'content-type': 'application/json', origin } });

    const answered = await ask(ui!);
    expect(answered.headers['access-control-allow-origin']).toBe(ui);
    const [decoded] = (JSON.parse(answered.body) as { payloads: { data: string }[] }).payloads;
    expect(JSON.parse(Buffer.from(decoded!.data, 'base64').toString())).toMatchObject({
      source: 'payment',
      type: 'payment.succeeded',
    });
    expect((await ask(ui!.replace('127.0.0.1', 'localhost'))).status).toBe(200);
    expect((await ask('https://evil.example')).status).toBe(403);
  });

  test('keeps its secrets, and what holds payloads, to its user', async () => {
    const files = ['encryption.key', 'secrets.json', 'postgres.password', 'temporal.db'];
    const modes = files.map(async (name) => (await stat(join(home, name))).mode & 0o777);
    expect(await Promise.all(modes)).toEqual(files.map(() => 0o600));
    const values = Object.values(JSON.parse(await readFile(join(home, 'secrets.json'), 'utf8')) as object);
    expect(values.length).toBeGreaterThanOrEqual(3);
    for (const value of values) expect(started.output()).not.toContain(value);
  });

  test.each([
    ['stripe', 'payment_intent.succeeded', 'COMPLETED'],
    ['stripe', 'customer.created', 'COMPLETED'],
    ['github', 'push', 'COMPLETED'],
    ['payment', 'payment.succeeded', 'COMPLETED'],
  ])('turns a sample of %s %s into a run under the id of its event', async (source, type, state) => {
    const { code, answers, ids } = await send(source, type);
    expect({ code, answers }).toMatchObject({ code: 0, answers: [{ received: true }] });
    expect(answers[0]).not.toHaveProperty('duplicate');
    const [id = ''] = ids;
    expect(id).toMatch(new RegExp(`^${source}:[\\w-]{10,}$`));
    const client = await runs(started.addresses);
    await expect.poll(() => stateOf(client, id), { timeout: 30_000, interval: 100 }).toBe(state);
    const { searchAttributes, memo } = await client.workflow.getHandle(id).describe();
    expect(searchAttributes).toMatchObject({ WebhookSource: [source], WebhookType: [type] });
    expect(memo).toEqual({ everhookEvent: { event: id, n: 1 } });
  });

  test('turns a sample of a failed payment into the run of that payment, which reminds over days', async () => {
    const { code, ids } = await send('stripe', 'payment_intent.payment_failed');
    expect(code).toBe(0);
    const [id = ''] = ids;
    expect(id).toMatch(/^stripe~recoverPayment:pi_\w+$/);
    const client = await runs(started.addresses);
    await expect.poll(() => stateOf(client, id), { timeout: 30_000, interval: 100 }).toBe('RUNNING');
    const handled = async () =>
      (await client.workflow.getHandle(id).fetchHistory()).events?.some(
        ({ timerStartedEventAttributes: timer }) => timer !== null && timer !== undefined,
      );
    await expect.poll(handled, { timeout: 30_000 }).toBe(true);
  });

  test('answers the second of two equal deliveries as a duplicate, and runs one', async () => {
    const { answers, ids } = await send('payment', 'payment.succeeded', '--duplicate');
    expect(answers).toEqual([
      { received: true, status: 'received', event_type: 'payment.succeeded' },
      { received: true, duplicate: true, status: 'received', event_type: 'payment.succeeded' },
    ]);
    expect(new Set(ids).size).toBe(1);
    const client = await runs(started.addresses);
    await completes(client, ids[0]!);
    const count = async () => (await client.workflow.count(`WorkflowId = '${ids[0]}'`)).count;
    await expect.poll(count, { timeout: 10_000 }).toBe(1);
  });

  test('refuses to be started twice in one home, and names the other', async () => {
    const { code, errors } = await finished(['start'], { EVERHOOK_HOME: home, PORT: '0' });
    expect(code).toBe(2);
    expect(errors).toBe(
      `everhook: EVERHOOK_HOME: ${home} is in use by the start with pid ${started.pid}. End it, or choose another home.\n`,
    );
    expect((await fetch(`${started.addresses.api}/healthz`)).status).toBe(200);
  });

  test('starts a worker again that was killed, and runs go on', async () => {
    const { worker } = await recorded(home);
    process.kill(worker!.pid, 'SIGKILL');
    await started.says(/the worker is back/, 20_000);
    const again = (await recorded(home))['worker'];
    expect(again?.pid).not.toBe(worker?.pid);
    expect(await isRunning(again!)).toBe(true);
    const { ids } = await send('payment', 'payment.succeeded');
    await completes(await runs(started.addresses), ids[0]!);
  });

  test('stops all of its processes on SIGINT, within seconds', async () => {
    const { code, processes, ms } = await stop(started, 'SIGINT');
    expect(code).toBe(0);
    // Itself, PostgreSQL, Temporal, the worker.
    expect(processes).toBeGreaterThanOrEqual(4);
    expect(ms).toBeLessThan(8000);
    expect(started.output()).toMatch(/^Stopped\.$/m);
    expect(Object.keys(await recorded(home))).toEqual([]);
    await expect(stat(join(home, 'addresses.json'))).rejects.toThrow('ENOENT');
  });
});

describe('everhook start in a home that was used', () => {
  test('is ready in under 15 s and knows its events after it was killed with all its children', async () => {
    const first = await start();
    expect(first.readyMs).toBeLessThan(15_000);
    const event = join(home, 'event.json');
    await writeFile(event, JSON.stringify({ id: 'evt_before', type: 'payment.other' }));
    expect((await send('payment', 'payment.other', '--data', event)).ids).toEqual(['payment:evt_before']);
    const tree = await treeOf(first.pid);
    for (const { pid } of tree) process.kill(pid, 'SIGKILL');
    await first.exited;
    await expectGone(tree);

    const second = await start();
    expect(second.readyMs).toBeLessThan(15_000);
    const { answers } = await send('payment', 'payment.other', '--data', event);
    expect(answers).toMatchObject([{ duplicate: true }]);
    const { ids } = await send('payment', 'payment.succeeded');
    await completes(await runs(second.addresses), ids[0]!);
    expect((await stop(second, 'SIGTERM')).code).toBe(0);
  });

  test('ends what a start left running that was killed alone', async () => {
    const first = await start();
    const left = await recorded(home);
    first.kill('SIGKILL');
    await first.exited;
    // Nobody is left to stop the worker: it stops itself. The servers stay.
    await expectGone([left['worker']!], 15_000);
    expect(await isRunning(left['temporal']!)).toBe(true);
    expect(await isRunning(left['postgres']!)).toBe(true);

    const second = await start();
    expect(second.output()).toMatch(/ending temporal \(pid \d+\), left over from a start that was killed/);
    expect(second.output()).toMatch(/ending postgres \(pid \d+\), left over/);
    await expectGone([left['temporal']!, left['postgres']!]);
    const { ids } = await send('payment', 'payment.succeeded');
    await completes(await runs(second.addresses), ids[0]!);
    expect((await stop(second, 'SIGTERM')).code).toBe(0);
  });

  test('stops with one line that names PORT where that is taken, before it starts anything', async () => {
    const port = await occupy(0);
    const run = launch({ PORT: String(port) });
    expect(await run.exited).toBe(2);
    expect(run.errors()).toBe(`everhook: PORT: 127.0.0.1:${port} is taken. Set PORT to another port.\n`);
    expect(run.output()).not.toContain('database …');
    expect(Object.keys(await recorded(home))).toEqual([]);
  });

  test.each([
    [
      { TEMPORAL_ADDRESS: '127.0.0.1:1' },
      /^everhook: TEMPORAL_ADDRESS: 127\.0\.0\.1:1 does not answer: .+\n$/,
    ],
    [{ STRIPE_WEBHOOK_SECRET: ' ' }, /^everhook: STRIPE_WEBHOOK_SECRET is blank/],
    [{ DATABASE_URL: 'planted' }, /^everhook: DATABASE_URL must be postgres:/],
    [{ EVERHOOK_TEMPORAL_CLI: '/nonexistent' }, /^everhook: EVERHOOK_TEMPORAL_CLI/],
    [{ EVERHOOK_MODE: 'direct' }, /^everhook: route .* needs the journal/],
  ])('stops with one message where the settings are %j', async (wrong, message) => {
    const run = launch(wrong);
    expect(await run.exited).toBe(2);
    expect(run.errors()).toMatch(message);
    expect(run.errors().trim().split('\n')).toHaveLength(1);
    expect(run.output()).not.toContain('worker …');
    expect(Object.keys(await recorded(home))).toEqual([]);
  });

  test('is not led astray by what is set for another Temporal', async () => {
    const profile = join(home, 'another.toml');
    const lines = ['[profile.default]', 'address = "other.example:7233"', 'api_key = "planted-key"'];
    await writeFile(profile, lines.join('\n'));
    const started = await start({ TEMPORAL_CONFIG_FILE: profile, TEMPORAL_TLS_SERVER_NAME: 'other.example' });
    const { code, ids } = await send('payment', 'payment.noted', '--data', await noted());
    expect(code).toBe(0);
    expect(ids).toHaveLength(1);
    expect(started.output()).not.toContain('planted-key');
    started.kill('SIGINT');
    expect(await started.exited).toBe(0);
  });

  test('takes other ports for its servers where theirs are taken, and says so', async () => {
    for (const port of [7233, 8233, 5432]) await occupy(port).catch(() => undefined);
    const started = await start();
    const output = started.output();
    expect(output).toMatch(/Temporal: port 7233 is taken, using \d+/);
    expect(output).toMatch(/Temporal's UI: port 8233 is taken, using \d+/);
    expect(output).toMatch(/PostgreSQL: port 5432 is taken, using \d+/);
    const { ids } = await send('stripe', 'payment_intent.succeeded');
    await completes(await runs(started.addresses), ids[0]!);
    expect((await stop(started, 'SIGINT')).code).toBe(0);
  });

  test.each(['database', 'Temporal', 'worker', 'API'])(
    'stops when a signal comes while it starts: %s',
    async (step) => {
      const run = launch();
      await run.says(new RegExp(` ${step} …`));
      expect((await stop(run, 'SIGINT')).code).toBe(0);
      expect(Object.keys(await recorded(home))).toEqual([]);
    },
  );
});

/** Listens on a port of 127.0.0.1 until the test ends; 0 is any. */
async function occupy(port: number): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

/** A body of a type that only `*` takes. */
async function noted(): Promise<string> {
  const file = join(home, 'noted.json');
  await writeFile(file, JSON.stringify({ id: `noted_${Date.now()}`, type: 'payment.noted' }));
  return file;
}
