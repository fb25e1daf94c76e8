import { Agent } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import type { Client } from '@temporalio/client';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { temporalCli } from '../../src/dev/binaries.ts';
import { findBinary } from '../../src/dev/find-binary.ts';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.ts';
import { journalSchema } from '../../src/journal/schema.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import {
  finished,
  metric,
  post,
  proofs,
  query,
  readyApi,
  sample,
  surroundings,
  unique,
  unusedPort,
  type After,
  type Answered,
  type ApiProcess,
  type Settings,
} from './support.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let client: Client;
let settings: Settings;
beforeAll(async () => {
  const made = await surroundings(afterwards);
  await migrateSchema(made.databaseUrl, journalSchema);
  client = made.client;
  settings = { ...proofs, ...made.settings, EVERHOOK_TRUST_PROXY: 'loopback' };
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** Nobody works on these: that they were started is what counts. */
const events = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    sample('payment', 'payment.succeeded', { id: `${prefix}-${index}` }),
  );

const deliver = (url: string, signed: ReturnType<typeof sample>, agent?: Agent): Promise<Answered> => {
  const { body, headers } = signed();
  const sent = { body, headers: { ...headers, 'x-forwarded-proto': 'https' } };
  return post(`${url}/webhooks/payment`, { ...sent, ...(agent && { agent }) });
};

async function countRuns(prefix: string, by: Client = client): Promise<number> {
  return (await by.workflow.count(`WebhookEventId STARTS_WITH '${prefix}-'`)).count;
}

const statesOf = async (prefix: string) => {
  const rows = await query<{ state: string; count: number }>(
    settings['DATABASE_URL']!,
    `select state, count(*)::int from everhook.runs where workflow_id like 'payment:${prefix}-%' group by state`,
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
};

function keepAlive(maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  onTestFinished(() => agent.destroy());
  return agent;
}

test('300 events, each delivered four times to two replicas at once: 300 runs, 900 duplicates', async () => {
  const prefix = unique('many');
  const [one, other] = await Promise.all([readyApi(settings), readyApi(settings)]);
  const agent = keepAlive(32);
  const sent = events(prefix, 300).flatMap((signed) =>
    [one, other, one, other].map(({ url }) => ({ url, signed })),
  );
  const answers = await Promise.all(sent.map(({ url, signed }) => deliver(url, signed, agent)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(answers.filter(({ body }) => body.includes('"duplicate":true'))).toHaveLength(900);
  await expect.poll(() => statesOf(prefix), { timeout: 60_000 }).toEqual({ started: 300 });
  await expect.poll(() => countRuns(prefix), { timeout: 30_000 }).toBe(300);
  const batches = await metric(one.adminUrl, 'everhook_journal_batch_deliveries_bucket');
  expect(batches['{le="+Inf"}']).toBeLessThan(600);
});

test('every acknowledged event has its one run, though the API is killed in the middle of bursts', async () => {
  const prefix = unique('killed');
  const all = events(prefix, 240);
  const acknowledged = new Set<number>();
  for (let round = 0; round < 4; round++) {
    const api = await readyApi(settings);
    const agent = keepAlive(16);
    const burst = all.slice(round * 60, round * 60 + 60).map(async (signed, index) => {
      const answered = await deliver(api.url, signed, agent).catch(() => undefined);
      if (answered?.status !== 200) return;
      acknowledged.add(round * 60 + index);
      // In the middle: some are answered, some are not.
      if (acknowledged.size >= round * 60 + 20) api.kill('SIGKILL');
    });
    await Promise.all(burst);
    await api.exited;
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(80);
  // What a killed process held is anybody's when its lease is over.
  await query(
    settings['DATABASE_URL']!,
    `update everhook.runs set lease_until = now() where state = 'accepted'`,
  );
  const api = await readyApi(settings);
  await expect.poll(async () => (await statesOf(prefix))['accepted'] ?? 0, { timeout: 60_000 }).toBe(0);
  for (const index of acknowledged) {
    await expect(client.workflow.getHandle(`payment:${prefix}-${index}`).describe()).resolves.toBeDefined();
  }
  const before = await countRuns(prefix);
  // The sender repeats what it heard no answer to; nothing runs twice.
  const again = await Promise.all(all.map((signed) => deliver(api.url, signed, keepAlive(16))));
  expect(new Set(again.map(({ status }) => status))).toEqual(new Set([200]));
  await expect.poll(() => statesOf(prefix), { timeout: 60_000 }).toEqual({ started: 240 });
  await expect.poll(() => countRuns(prefix), { timeout: 30_000 }).toBe(240);
  expect(before).toBeLessThanOrEqual(240);
});

test('the journal wiped and everything redelivered: Temporal refuses by id, still one run', async () => {
  const prefix = unique('wiped');
  const api = await readyApi(settings);
  const all = events(prefix, 20);
  for (const signed of all) expect((await deliver(api.url, signed)).status).toBe(200);
  await expect.poll(() => statesOf(prefix)).toEqual({ started: 20 });
  const runIds = async () =>
    await Promise.all(
      all.map(
        async (_, index) => (await client.workflow.getHandle(`payment:${prefix}-${index}`).describe()).runId,
      ),
    );
  const before = await runIds();
  await query(settings['DATABASE_URL']!, 'truncate everhook.deliveries, everhook.events, everhook.runs');
  for (const signed of all) {
    expect(await deliver(api.url, signed)).toMatchObject({
      status: 200,
      body: expect.not.stringContaining('duplicate'),
    });
  }
  await expect.poll(() => statesOf(prefix)).toEqual({ started: 20 });
  expect(await runIds()).toEqual(before);
  expect(await metric(api.adminUrl, 'everhook_starts_total')).toMatchObject({
    '{source="payment",outcome="duplicate"}': 20,
  });
});

test('the same id with another content is answered as a conflict, and does not run', async () => {
  const id = unique('conflict');
  const api = await readyApi(settings);
  await deliver(api.url, sample('payment', 'payment.succeeded', { id, 'data.amount': 1 }));
  const answered = await deliver(api.url, sample('payment', 'payment.succeeded', { id, 'data.amount': 2 }));
  expect(JSON.parse(answered.body)).toMatchObject({ received: true, duplicate: true, conflict: true });
  expect(answered.headers['everhook-event']).toBe(`payment:${id}`);
});

describe('while Temporal is away', () => {
  test('every delivery is acknowledged, and all of it runs once when it is back', async () => {
    const cli = await findBinary(temporalCli, { env: process.env, log: () => undefined });
    const { home, remove } = await temporaryHome();
    onTestFinished(remove);
    const port = await unusedPort();
    let temporal: TemporalServer | undefined;
    const start = async () => {
      const ports = { server: port, ui: await unusedPort() };
      temporal = await startTemporalServer({ cli, home, env: process.env, log: () => undefined, ports });
    };
    onTestFinished(() => temporal?.stop());
    await start();
    const prefix = unique('away');
    const api = await readyApi({
      ...settings,
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
      TEMPORAL_NAMESPACE: 'default',
    });
    const [first, ...rest] = events(prefix, 121);
    expect((await deliver(api.url, first!)).status).toBe(200);
    await expect.poll(() => statesOf(prefix)).toEqual({ started: 1 });

    await temporal!.stop();
    const agent = keepAlive(8);
    const answers = await Promise.all(rest.map((signed) => deliver(api.url, signed, agent)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.includes('duplicate')}`))).toEqual(
      new Set(['200 false']),
    );
    await expect.poll(() => readiness(api)).toMatchObject({ ready: true, temporal: 'down', journal: 'up' });
    expect(await statesOf(prefix)).toEqual({ started: 1, accepted: 120 });

    await start();
    await expect.poll(() => statesOf(prefix), { timeout: 60_000 }).toEqual({ started: 121 });
    const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
    onTestFinished(() => connection.close());
    const { Client: TemporalClient } = await import('@temporalio/client');
    const there = new TemporalClient({ connection });
    await expect.poll(() => countRuns(prefix, there), { timeout: 30_000 }).toBe(121);
  });
});

const readiness = async ({ url }: ApiProcess): Promise<unknown> =>
  await (await fetch(`${url}/readyz`)).json();

describe('while PostgreSQL is away', () => {
  test('deliveries get 503 with Retry-After within 3 s, and are taken again without a restart', async () => {
    const way = await relay(new URL(settings['DATABASE_URL']!));
    const api = await readyApi({ ...settings, DATABASE_URL: way.url });
    const prefix = unique('cut');
    const [first, second, third] = events(prefix, 3);
    expect((await deliver(api.url, first!)).status).toBe(200);

    way.close();
    const refused = await deliver(api.url, second!);
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'not_durable' });
    expect(refused.ms).toBeLessThan(3000);
    await expect.poll(() => readiness(api)).toMatchObject({ ready: true, journal: 'down', temporal: 'up' });

    way.open();
    await expect.poll(async () => (await deliver(api.url, second!)).status, { timeout: 10_000 }).toBe(200);
    expect((await deliver(api.url, third!)).status).toBe(200);
    await expect.poll(() => statesOf(prefix), { timeout: 60_000 }).toEqual({ started: 3 });
  });

  test('that swallows what is sent, the answer comes all the same', async () => {
    const way = await relay(new URL(settings['DATABASE_URL']!));
    const api = await readyApi({ ...settings, DATABASE_URL: way.url });
    const [first, second] = events(unique('hung'), 2);
    expect((await deliver(api.url, first!)).status).toBe(200);
    way.hang();
    const refused = await deliver(api.url, second!);
    expect(refused.status).toBe(503);
    expect(refused.ms).toBeLessThan(3000);
    way.open();
    await expect.poll(async () => (await deliver(api.url, second!)).status, { timeout: 20_000 }).toBe(200);
  });
});

/** A way to the database that can be cut, or swallow everything. */
async function relay(target: URL) {
  let state: 'open' | 'closed' | 'hung' = 'open';
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'closed') return void near.destroy();
    const far = connect(Number(target.port), target.hostname).on('error', () => undefined);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far).pipe(near);
    if (state === 'hung') near.unpipe(far);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as { port: number }).port);
  const destroyAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    pairs.clear();
  };
  onTestFinished(() => {
    destroyAll();
    server.close();
  });
  return {
    url: url.href,
    close() {
      state = 'closed';
      destroyAll();
    },
    hang() {
      state = 'hung';
      for (const [near, far] of pairs) near.unpipe(far).resume();
    },
    open() {
      state = 'open';
      destroyAll();
    },
  };
}

describe('the start', () => {
  test.each<[string, () => Promise<Settings>, RegExp]>([
    [
      'a database',
      async () => ({ ...settings, DATABASE_URL: undefined as unknown as string }),
      /^everhook: DATABASE_URL is not set: the journal is there\. EVERHOOK_MODE=direct .*\n$/,
    ],
    [
      'a database that can be one',
      () => Promise.resolve({ ...settings, DATABASE_URL: 'postgres://u:planted@127.0.0.1:99999/x' }),
      /^everhook: DATABASE_URL must be postgres:\/\/user:password@host:port\/database\n$/,
    ],
    [
      'its schema',
      async () => {
        const empty = await createDatabase(inject('postgresUrl'));
        onTestFinished(() => empty.drop());
        return { ...settings, DATABASE_URL: empty.url };
      },
      /^everhook: the journal's schema has version 0, and \d+ is needed: run "everhook migrate"\n$/,
    ],
    [
      'a mode that exists',
      async () => ({ ...settings, EVERHOOK_MODE: 'none' }),
      /^everhook: EVERHOOK_MODE must be journal or direct, not none\n$/,
    ],
  ])('stops with code 2 without %s', async (_what, make, message) => {
    const given = Object.fromEntries(Object.entries(await make()).filter(([, value]) => value !== undefined));
    const { code, errors } = await finished(['api'], given);
    expect(errors).toMatch(message);
    expect(code).toBe(2);
  });
});
