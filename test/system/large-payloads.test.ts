import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { migrateStores, readRoleConfig } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { defineGateway, source } from '../../src/define.ts';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import { blobMarginSeconds, collectBlobs, startBlobCollector } from '../../src/journal/collect-blobs.ts';
import { openBlobs, type Blobs } from '../../src/journal/blobs.ts';
import { createLogger } from '../../src/log.ts';
import { github } from '../../src/providers/index.ts';
import { startApi, type ApiServer } from '../../src/server.ts';
import { connectTemporal } from '../../src/temporal/connection.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { createStart } from '../../src/temporal/start.ts';
import { startWorker } from '../../src/worker.ts';
import { gateTo, type Gate } from '../support/gate.ts';
import { post, query, surroundings, unique, unusedPort, type After } from './support.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const workflowsPath = fileURLToPath(new URL('fixtures/large.ts', import.meta.url));
const secret = 'secret-of-large-payloads';
const provider = github();
const gateway = defineGateway({
  sources: { git: source(provider) },
  routes: { git: { push: 'measure', ping: 'wait', fork: 'hand' } },
  workflowsPath,
  activities: {
    grow: ({ text, bytes }: { text: string; bytes: number }) =>
      Promise.resolve(`${text.length} `.padEnd(bytes, randomBytes(8).toString('hex'))),
  },
});
const log = createLogger({ level: 'silent', terminal: false });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let config: Config;
let databaseUrl: string;
let gate: Gate;
let api: ApiServer;
let blobs: Blobs;
let plain: Client;
let client: Client;
beforeAll(async () => {
  const made = await surroundings(afterwards);
  plain = made.client;
  databaseUrl = made.databaseUrl;
  const environment = { ...made.settings, GIT_WEBHOOK_SECRET: secret };
  config = await readRoleConfig(gateway, { environment, development: true });
  await migrateStores(gateway, config);
  gate = await gateTo(databaseUrl, afterwards);
  // The worker alone has a way to PostgreSQL that can be cut.
  const cut = {
    ...config,
    setting: (name: string) => (name === 'DATABASE_URL' ? gate.url : config.setting(name)),
  };
  const worker = await startWorker(gateway, cut, log);
  afterwards(() => worker.stop());
  api = await startApi(gateway, config, log);
  afterwards(() => api.stop());
  blobs = openBlobs(databaseUrl);
  afterwards(() => blobs.close());
  const { connection, options } = plain;
  client = new Client({ connection, namespace: options.namespace, dataConverter: converter() });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const converter = (externalStorage = blobs.storage) =>
  createDataConverter({ keys: config.encryption, externalStorage });

const bundle = () =>
  bundleWorkflowCode({
    workflowsPath,
    failureConverterPath: converter().failureConverterPath!,
    logger: new DefaultLogger('ERROR'),
  });

/** Sends an event whose body has so many bytes; gives the id of its run, once it has started. */
async function deliver(type: string, bytes: number): Promise<string> {
  const empty = JSON.stringify({ text: '' }).length;
  const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes - empty) }));
  const proof = { secrets: [secret], toleranceSeconds: undefined };
  const url = `${api.url}/webhooks/git`;
  const answered = await post(url, sampleRequest({ provider, proof, type, url, data: body })());
  expect(answered.body).toContain('"received":true');
  expect(answered.status).toBe(200);
  const id = String(answered.headers['everhook-event']);
  await expect.poll(() => known(id), { timeout: 20_000 }).toBe(true);
  return id;
}

const blobsOf = (workflowId: string) =>
  query<{ key: string; bytes: number }>(
    databaseUrl,
    `select key, length(data) as bytes from everhook.blobs join everhook.blob_uses using (key)
    where workflow_id = '${workflowId}' order by bytes desc`,
  );

const taskFailures = async (id: string) =>
  ((await plain.workflow.getHandle(id).fetchHistory()).events ?? []).flatMap(
    ({ workflowTaskFailedEventAttributes: failed }) => failed?.failure ?? [],
  );

const known = (id: string) =>
  client.workflow
    .getHandle(id)
    .describe()
    .then(
      () => true,
      (error: Error) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );

/** As retention does it. Of a run that has just closed the server may put it off, so it is asked again. */
async function forget(workflowId: string): Promise<void> {
  const asked = async () => {
    if (!(await known(workflowId))) return true;
    const workflowExecution = { workflowId };
    const { namespace } = plain.options;
    await plain.workflowService
      .deleteWorkflowExecution({ namespace, workflowExecution })
      .catch(() => undefined);
    return false;
  };
  await expect.poll(asked, { timeout: 45_000, interval: 1000 }).toBe(true);
}

const day = 86_400_000;
const inDays = (days: number) => () => new Date(Date.now() + days * day);
/** All that is due at that time. */
async function collect(days: number): Promise<number> {
  let all = 0;
  for (let pass = 0; pass < 20; pass++) {
    const { looked, collected } = await collectBlobs({ pool: blobs.pool, client: plain, now: inDays(days) });
    all += collected;
    if (looked === 0) return all;
  }
  throw new Error('there is always more to look at');
}
/** The namespace's retention is one day, the margin another. */
const over = 1 + blobMarginSeconds / 86_400 + 0.1;

test('an event of 25 MiB runs, with a large result of an activity and a large result, and Temporal has references', async () => {
  const id = await deliver('push', 26_214_400);
  const result = await client.workflow.getHandle(id).result();
  expect(result).toHaveLength(3_000_000 + 9);
  expect(result).toContain('26214389 26214389 ');

  const history = await plain.workflow.getHandle(id).fetchHistory();
  expect(JSON.stringify(history).length).toBeLessThan(50_000);
  expect(await taskFailures(id)).toEqual([]);
  // The event, the activity's argument, its result, the run's: each sealed anew.
  expect((await blobsOf(id)).map(({ bytes }) => Math.round(bytes / 1e6))).toEqual([26, 26, 3, 3]);

  const dataConverter = converter();
  const workflowBundle = await bundle();
  await expect(Worker.runReplayHistory({ workflowBundle, dataConverter }, history)).resolves.toBeUndefined();
});

test('while PostgreSQL is away a run waits, and goes on when it is back', async () => {
  const waiting = await deliver('ping', 400_000);
  gate.shut();
  const id = await deliver('push', 400_000);
  await expect.poll(async () => (await taskFailures(id)).length, { timeout: 30_000 }).toBeGreaterThan(0);
  expect((await taskFailures(id))[0]?.message).toBeDefined();
  expect((await client.workflow.getHandle(id).describe()).status.name).toBe('RUNNING');
  gate.open();
  expect(await client.workflow.getHandle(id).result()).toContain('399989 399989 ');
  await client.workflow.getHandle(waiting).signal('finish');
  expect(await client.workflow.getHandle(waiting).result()).toBe(399_989);
});

describe('collection', () => {
  test('takes what Temporal has forgotten for long enough, and nothing of an open run', async () => {
    const open = await deliver('ping', 300_000);
    const closed = await deliver('ping', 300_000);
    await client.workflow.getHandle(closed).signal('finish');
    await client.workflow.getHandle(closed).result();
    expect(await collect(over)).toBe(0);
    await forget(closed);
    expect(await collect(over - 0.2)).toBe(0);
    expect(await blobsOf(closed)).toHaveLength(1);
    // Due later, by the look before.
    expect(await collect(over + 1)).toBe(1);
    expect(await blobsOf(closed)).toEqual([]);
    expect(await blobsOf(open)).toHaveLength(1);
    expect(await collect(4000)).toBe(0);
    expect(await blobsOf(open)).toHaveLength(1);
    await client.workflow.getHandle(open).signal('finish');
    expect(await client.workflow.getHandle(open).result()).toBe(299_989);
  });

  test('of one payload that two workflows name goes with the second', async () => {
    const driver = blobs.storage.drivers[0]!;
    const one = await deliver('ping', 300_000);
    const other = await deliver('ping', 300_000);
    const { namespace } = plain.options;
    const payload = { metadata: { encoding: Buffer.from('binary/plain') }, data: randomBytes(300_000) };
    const store = (id: string) => driver.store({ target: { kind: 'workflow', namespace, id } }, [payload]);
    const [claim] = await store(one);
    await store(other);
    const kept = async () =>
      (await query(databaseUrl, `select 1 from everhook.blobs where key = '${claim!.claimData['key']}'`))
        .length;
    await forget(one);
    await collect(5000);
    expect(await kept()).toBe(1);
    await forget(other);
    await collect(6000);
    expect(await kept()).toBe(0);
  });

  test('keeps what nobody can be asked about, and takes what was never started', async () => {
    const driver = blobs.storage.drivers[0]!;
    const { namespace } = plain.options;
    const target = { kind: 'workflow', namespace, id: unique('never-started') } as const;
    const payload = (text: string) => ({ metadata: {}, data: Buffer.from(text) });
    const claims = [
      ...(await driver.store({ target }, [payload('unstarted')])),
      ...(await driver.store({}, [payload('nobody')])),
      ...(await driver.store({ target: { ...target, namespace: 'elsewhere' } }, [payload('elsewhere')])),
    ];
    await collect(1);
    expect(await driver.retrieve({}, claims)).toHaveLength(3);
    await collect(over + 7000);
    const left = await Promise.allSettled(claims.map((claim) => driver.retrieve({}, [claim])));
    expect(left.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    await driver.store({ target }, [payload('unstarted')]);
    expect(await driver.retrieve({}, claims)).toHaveLength(3);
  });

  test('keeps what is stored anew while it is about to go', async () => {
    const { namespace } = plain.options;
    const driver = blobs.storage.drivers[0]!;
    const target = { kind: 'workflow', namespace, id: unique('late') } as const;
    const payload = { metadata: {}, data: randomBytes(100) };
    const claims = await driver.store({ target }, [payload]);
    const key = claims[0]!.claimData['key'];
    const age = async () => {
      await query(
        databaseUrl,
        `update everhook.blobs set used_at = now() - interval '30 days' where key = '${key}'`,
      );
      await query(
        databaseUrl,
        `update everhook.blob_uses set used_at = now() - interval '30 days', look_at = now() where key = '${key}'`,
      );
    };
    // Temporal says that it knows no such run, and only then the run is stored for.
    const meanwhile = {
      options: plain.options,
      workflowService: {
        describeNamespace: (request: object) => plain.workflowService.describeNamespace(request),
        async describeWorkflowExecution(request: object) {
          try {
            return await plain.workflowService.describeWorkflowExecution(request);
          } finally {
            await driver.store({ target }, [payload]);
          }
        },
      },
    } as unknown as Client;
    await age();
    await collectBlobs({ pool: blobs.pool, client: meanwhile });
    expect(await driver.retrieve({}, claims)).toHaveLength(1);
    await age();
    await collectBlobs({ pool: blobs.pool, client: plain });
    await expect(driver.retrieve({}, claims)).rejects.toMatchObject({ failure: 'missing' });
  });

  test('goes on in the background until it is stopped', async () => {
    const { namespace } = plain.options;
    const driver = blobs.storage.drivers[0]!;
    const claims = await driver.store(
      { target: { kind: 'workflow', namespace, id: unique('gone') } },
      Array.from({ length: 5 }, () => ({ metadata: {}, data: randomBytes(100) })),
    );
    const kept = async () =>
      (await Promise.allSettled(claims.map((claim) => driver.retrieve({}, [claim])))).filter(
        ({ status }) => status === 'fulfilled',
      ).length;
    const now = inDays(8000);
    const collector = startBlobCollector({
      pool: blobs.pool,
      client: plain,
      log,
      intervalMs: 20,
      limit: 2,
      now,
    });
    await expect.poll(kept, { timeout: 20_000 }).toBe(0);
    await collector.stop();
    const [claim] = await driver.store({ target: { kind: 'workflow', namespace, id: unique('gone') } }, [
      { metadata: {}, data: randomBytes(100) },
    ]);
    expect(await driver.retrieve({}, [claim!])).toHaveLength(1);
  });

  test('keeps all while Temporal is away', async () => {
    const { namespace } = plain.options;
    await blobs.storage.drivers[0]!.store({ target: { kind: 'workflow', namespace, id: unique('gone') } }, [
      { metadata: {}, data: randomBytes(100) },
    ]);
    const before = await query(databaseUrl, 'select key from everhook.blobs order by key');
    const connection = Connection.lazy({ address: `127.0.0.1:${await unusedPort()}` });
    onTestFinished(() => connection.close());
    const away = new Client({ connection, namespace });
    await expect(collectBlobs({ pool: blobs.pool, client: away, now: inDays(9000) })).rejects.toThrow(
      /connection|deadline/i,
    );
    expect(await query(databaseUrl, 'select key from everhook.blobs order by key')).toEqual(before);
  });

  test("a child's input is kept as long as its parent, which has it in its history", async () => {
    const parent = await deliver('fork', 300_000);
    const child = `${parent}/child`;
    await expect.poll(async () => (await blobsOf(child)).length, { timeout: 20_000 }).toBe(1);
    const [input] = await blobsOf(child);
    await client.workflow.getHandle(child).result();
    await collect(10_000);
    expect((await blobsOf(parent)).map(({ key }) => key)).toContain(input!.key);
    await forget(child);
    await collect(11_000);
    expect(await blobsOf(child)).toEqual([]);
    expect((await blobsOf(parent)).map(({ key }) => key)).toContain(input!.key);
    // Even were it lost, the parent would replay: what a child was given is in the history for people alone.
    await query(databaseUrl, `delete from everhook.blobs where key = '${input!.key}'`);
    await client.workflow.getHandle(parent).signal('finish');
    expect(await client.workflow.getHandle(parent).result()).toBe(700_000 + 299_989);
    const dataConverter = converter();
    const history = await plain.workflow.getHandle(parent).fetchHistory();
    await expect(
      Worker.runReplayHistory({ workflowBundle: await bundle(), dataConverter }, history, parent),
    ).resolves.toBeUndefined();
  });

  test('a run that continues as new keeps what it carries', async () => {
    const id = unique('carried');
    const handle = await client.workflow.start('carry', {
      workflowId: id,
      taskQueue: 'everhook',
      args: ['y'.repeat(300_000)],
    });
    expect(await handle.result()).toBe(300_000);
    expect(await blobsOf(id)).toHaveLength(3);
  });
});

test('a start that is repeated stores nothing for a run that is there, and nothing while Temporal is away', async () => {
  const { connection, options } = client;
  const event = {
    id: unique('again'),
    source: 'git',
    type: 'ping',
    receivedAt: new Date().toISOString(),
    payload: { text: 'z'.repeat(300_000) },
  };
  const run = { event, workflow: 'wait', taskQueue: 'nobody', n: 1 };
  const id = `git:${event.id}`;
  const soon = () => new Date(Date.now() + 5000);
  const nowhere = connectTemporal(
    { connectionOptions: { address: '127.0.0.1:1' }, namespace: options.namespace },
    converter(),
  );
  const away = createStart(nowhere)({ ...run, again: true }, soon());
  await expect(away).rejects.toMatchObject({ name: 'StartError', failure: 'unavailable' });
  await nowhere.connection.close();
  expect(await blobsOf(id)).toEqual([]);

  const start = createStart(new Client({ connection, ...options, dataConverter: converter() }));
  expect(await start({ ...run, again: true }, soon())).toBe('started');
  expect(await blobsOf(id)).toHaveLength(1);
  expect(await start({ ...run, again: true }, soon())).toBe('duplicate');
  expect(await blobsOf(id)).toHaveLength(1);
  await client.workflow.getHandle(id).terminate();
});

test('a start that PostgreSQL does not let happen has not happened', async () => {
  const { connection, options } = client;
  const shut = openBlobs('postgres://127.0.0.1:1/none');
  const start = createStart(new Client({ connection, ...options, dataConverter: converter(shut.storage) }));
  const event = {
    id: unique('none'),
    source: 'git',
    type: 'ping',
    receivedAt: '',
    payload: 'z'.repeat(300_000),
  };
  await expect(
    start({ event, workflow: 'wait', taskQueue: 'nobody', n: 1 }, new Date(Date.now() + 5000)),
  ).rejects.toMatchObject({ name: 'StartError', failure: 'unavailable' });
  await shut.close();
});

test('/codec/decode gives what a reference stands for, and leaves what is not there', async () => {
  const id = await deliver('ping', 300_000);
  const { events } = await plain.workflow.getHandle(id).fetchHistory();
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const text = (bytes?: Uint8Array | null) => Buffer.from(bytes ?? []).toString('base64');
  const reference = {
    metadata: Object.fromEntries(
      Object.entries(input?.metadata ?? {}).map(([name, value]) => [name, text(value)]),
    ),
    data: text(input?.data),
  };
  const [{ key } = { key: '' }] = await blobsOf(id);
  const missing = {
    ...reference,
    data: text(Buffer.from(Buffer.from(reference.data, 'base64').toString().replace(key, 'sha256:none'))),
  };
  const response = await fetch(`${api.adminUrl}/codec/decode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ payloads: [reference, missing] }),
  });
  const { payloads } = (await response.json()) as { payloads: { data: string }[] };
  expect(JSON.parse(Buffer.from(payloads[0]!.data, 'base64').toString())).toMatchObject({
    source: 'git',
    payload: { text: 'x'.repeat(299_989) },
  });
  expect(payloads[1]).toEqual(missing);
  await client.workflow.getHandle(id).signal('finish');
});
