import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { readRoleConfig } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { defineGateway, source } from '../../src/define.ts';
import { developmentKey } from '../../src/dev/encryption-key.ts';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import { noKeys, parseKey, type Key, type Keys } from '../../src/encryption/keys.ts';
import { createLogger } from '../../src/log.ts';
import { hmac } from '../../src/providers/index.ts';
import { startApi, type ApiServer } from '../../src/server.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { startWorker } from '../../src/worker.ts';
import { historyToJson } from '../support/history.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import {
  createNamespace,
  everhook,
  finished,
  post,
  proofs,
  readyApi,
  unique,
  type After,
} from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const workflowsPath = fileURLToPath(new URL('fixtures/secretive.ts', import.meta.url));
const shop = hmac({ id: '/id', type: '/type' });
const gateway = defineGateway({
  sources: { shop: source(shop) },
  routes: { shop: { told: 'tell', failed: 'fail' } },
  workflowsPath,
  activities: {
    refuse: (card: string) =>
      Promise.reject(ApplicationFailure.nonRetryable(`the bank refused ${card}`, 'Refused')),
  },
});
const secret = 'secret-of-the-shop';
const log = createLogger({ level: 'silent', terminal: false });
const newKey = (id: string): Key => parseKey(`${id}:${randomBytes(32).toString('base64')}`)!;

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let plain: Client;
let home = '';
let base: Config;
beforeAll(async () => {
  const made = await temporaryHome();
  home = made.home;
  afterwards(made.remove);
  plain = await createNamespace(inject('temporalAddress'), { after: afterwards });
  const environment = {
    SHOP_WEBHOOK_SECRET: secret,
    EVERHOOK_MODE: 'direct',
    EVERHOOK_HOME: home,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: plain.options.namespace,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  };
  base = await readRoleConfig(gateway, { environment, development: true });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const withKeys = (keys: Keys): Config => ({ ...base, encryption: keys });

/** API and worker with these keys, and a client that has them. */
async function run(
  keys: Keys,
  { worker = true } = {},
): Promise<{ api: ApiServer; client: Client; stop(): Promise<void> }> {
  const api = await startApi(gateway, withKeys(keys), log);
  const running = worker ? await startWorker(gateway, withKeys(keys), log) : undefined;
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await running?.stop();
    await api.stop();
  };
  onTestFinished(stop);
  const { connection, options } = plain;
  const client = new Client({
    connection,
    namespace: options.namespace,
    dataConverter: createDataConverter({ keys }),
  });
  return { api, client, stop };
}

function signed(type: string, data: object) {
  const body = Buffer.from(JSON.stringify({ type, ...data }));
  const proof = { secrets: [secret], toleranceSeconds: undefined };
  return sampleRequest({ provider: shop, proof, type, url: 'http://127.0.0.1/webhooks/shop', data: body });
}

const deliver = (api: ApiServer, type: string, data: object) =>
  post(`${api.url}/webhooks/shop`, signed(type, data)());

/** All that Temporal's server keeps of a run, as text; bytes as what they spell. */
async function stored(id: string): Promise<string> {
  const handle = plain.workflow.getHandle(id);
  const described = await plain.workflowService.describeWorkflowExecution({
    namespace: plain.options.namespace,
    execution: { workflowId: id },
  });
  const spell = (json: string) =>
    json.replaceAll(/"([A-Za-z0-9+/]{4,}={0,2})"/g, (whole, text: string) =>
      JSON.stringify(`${whole} ${Buffer.from(text, 'base64').toString('latin1')}`),
    );
  return spell(historyToJson(await handle.fetchHistory())) + spell(JSON.stringify(described));
}

const card = 'card-4242424242424242';
const keys: Keys = { current: newKey('test-1'), previous: undefined };

describe('of a run, Temporal keeps in the clear', () => {
  test('nothing of the event, the result, the details, the memo', async () => {
    const { api, client } = await run(keys);
    const id = unique('told');
    expect((await deliver(api, 'told', { id, card, pauseMs: 1 })).status).toBe(200);
    const handle = client.workflow.getHandle(`shop:${id}`);
    expect(await handle.result()).toBe(`told ${card}`);
    expect(await handle.query('__temporal_workflow_metadata')).toMatchObject({
      currentDetails: `paid by ${card}`,
    });

    const kept = await stored(`shop:${id}`);
    expect(kept).toContain('binary/encrypted');
    expect(kept).toContain('test-1');
    expect(kept).not.toContain(card);
    // The event's name is in the id and the attributes; the memo and the summary are sealed.
    expect(kept).not.toContain(`"event":"shop:${id}"`);
    expect(kept).not.toContain('"shop told"');
    const described = await handle.describe();
    expect(described.memo).toEqual({ everhookEvent: { event: `shop:${id}`, n: 1 } });
    expect(await described.staticSummary()).toBe('shop told');
    expect(described.searchAttributes).toMatchObject({ WebhookEventId: [id] });
  });

  test('nothing of what failures say, whose types are there', async () => {
    const { api, client } = await run(keys);
    const id = unique('failed');
    expect((await deliver(api, 'failed', { id, card })).status).toBe(200);
    const failed = await client.workflow
      .getHandle(`shop:${id}`)
      .result()
      .catch((error: unknown) => error as WorkflowFailedError);
    expect(failed).toBeInstanceOf(WorkflowFailedError);
    const { cause } = failed as WorkflowFailedError;
    expect(cause).toMatchObject({ message: `no money on ${card}`, type: 'NoMoney', details: [card] });
    expect((cause?.cause as Error | undefined)?.cause).toMatchObject({
      message: `the bank refused ${card}`,
      type: 'Refused',
    });

    const kept = await stored(`shop:${id}`);
    expect(kept).not.toMatch(/card-42424242|no money|the bank|secretive\.ts/);
    expect(kept).toContain('Encoded failure');
    expect(kept).toContain('NoMoney');
  });

  test('everything without a key, as before', async () => {
    const { api } = await run(noKeys);
    const id = unique('clear');
    await deliver(api, 'told', { id, card });
    await plain.workflow.getHandle(`shop:${id}`).result();
    expect(await stored(`shop:${id}`)).toContain(card);
  });
});

describe('a run that was open', () => {
  test.each<[string, Keys]>([
    ['while encryption was turned on', noKeys],
    ['while a new key was brought in', { current: newKey('old'), previous: undefined }],
  ])('%s goes on, and its event is still a duplicate', async (_when, before) => {
    const first = await run(before);
    const id = unique('open');
    const event = { id, card, pauseMs: 3000 };
    expect((await deliver(first.api, 'told', event)).status).toBe(200);
    // It has begun: what comes after is another task.
    const handle = plain.workflow.getHandle(`shop:${id}`);
    await expect
      .poll(
        async () => (await handle.fetchHistory()).events?.some((item) => item.timerStartedEventAttributes),
        {
          timeout: 10_000,
        },
      )
      .toBe(true);
    await first.stop();

    const next = await run({ current: newKey('next'), previous: before.current });
    expect((await deliver(next.api, 'told', event)).body).toContain('"duplicate":true');
    expect(await next.client.workflow.getHandle(`shop:${id}`).result()).toBe(`told ${card}`);
  });
});

describe('while the key of a run is lost', () => {
  test('its event is still a duplicate', async () => {
    const { api, stop } = await run(keys, { worker: false });
    const id = unique('lost');
    expect((await deliver(api, 'told', { id, card })).status).toBe(200);
    await stop();
    for (const others of [
      { current: newKey('other'), previous: undefined },
      noKeys,
      { current: newKey('test-1'), previous: undefined },
    ]) {
      const { api: next } = await run(others, { worker: false });
      expect((await deliver(next, 'told', { id, card })).body).toContain('"duplicate":true');
    }
  });

  test('a run of somebody else under that id is none of ours', async () => {
    const { api, client } = await run(keys, { worker: false });
    const start = (id: string, from: Client, memo?: Record<string, unknown>) =>
      from.workflow.start('tell', {
        workflowId: `shop:${id}`,
        taskQueue: unique('nobody'),
        ...(memo && { memo }),
      });
    const other = (id: string) => ({ event: `shop:${id}-other`, n: 1 });
    const ids = [unique('none'), unique('clear'), unique('sealed')] as const;
    await start(ids[0], plain);
    await start(ids[1], plain, { everhookEvent: other(ids[1]) });
    await start(ids[2], client, { everhookEvent: other(ids[2]) });
    for (const id of ids) {
      expect(await deliver(api, 'told', { id, card })).toMatchObject({ status: 503 });
    }
    // Its memo cannot be read, and none of it is called as ours is.
    const unread = unique('unread');
    await start(unread, client, { somethingElse: 'x' });
    const { api: keyless } = await run({ current: newKey('other'), previous: undefined }, { worker: false });
    expect(await deliver(keyless, 'told', { id: unread, card })).toMatchObject({ status: 503 });
  });

  test('it waits, and goes on once the key is back', async () => {
    const { api, client, stop } = await run(keys, { worker: false });
    const id = unique('waits');
    await deliver(api, 'told', { id, card });
    await stop();
    const lost = await run({ current: newKey('other'), previous: undefined });
    const handle = plain.workflow.getHandle(`shop:${id}`);
    const failures = async () =>
      (await handle.fetchHistory()).events?.flatMap(
        ({ workflowTaskFailedEventAttributes: failed }) => failed?.failure?.message ?? [],
      );
    await expect.poll(failures, { timeout: 15_000 }).not.toEqual([]);
    expect(
      (await handle.fetchHistory()).events?.some((item) => item.workflowExecutionFailedEventAttributes),
    ).toBe(false);
    await lost.stop();
    await run(keys);
    expect(await client.workflow.getHandle(`shop:${id}`).result()).toBe(`told ${card}`);
  });
});

test('an encrypted history replays with its key, and not without', async () => {
  const { api, client } = await run(keys);
  const id = unique('replayed');
  await deliver(api, 'failed', { id, card });
  const handle = client.workflow.getHandle(`shop:${id}`);
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  const history = await handle.fetchHistory();
  const dataConverter = createDataConverter({ keys });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath,
    failureConverterPath: dataConverter.failureConverterPath!,
    logger: new DefaultLogger('ERROR'),
  });
  await expect(Worker.runReplayHistory({ workflowBundle, dataConverter }, history)).resolves.toBeUndefined();
  const without = createDataConverter({ keys: noKeys });
  await expect(Worker.runReplayHistory({ workflowBundle, dataConverter: without }, history)).rejects.toThrow(
    'the key test-1, which is not set',
  );
});

describe('at the start', () => {
  const warning = /"level":40,.*payloads are not encrypted.*EVERHOOK_ENCRYPTION_KEY/g;
  const settings = () => ({
    ...proofs,
    EVERHOOK_MODE: 'direct',
    EVERHOOK_HOME: home,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: plain.options.namespace,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  });

  test('production without a key warns in one line, api and worker alike', async () => {
    const api = await readyApi(settings());
    expect(api.output().match(warning)).toHaveLength(1);
    const worker = everhook(['worker'], {
      ...settings(),
      EVERHOOK_SOURCES: 'payment',
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'everhook@example.com',
    });
    await worker.says(/payloads are not encrypted/);
    expect(worker.output().match(warning)).toHaveLength(1);
  });

  test('production with a key does not, and answers /codec to the token alone', async () => {
    const api = await readyApi({
      ...settings(),
      EVERHOOK_ENCRYPTION_KEY: `k:${randomBytes(32).toString('base64')}`,
      EVERHOOK_ADMIN_TOKEN: 'token-of-the-system-tests',
    });
    expect(api.output()).not.toMatch(warning);
    const ask = (headers: Record<string, string>) =>
      post(`${api.adminUrl}/codec/decode`, { body: '{"payloads":[]}', headers });
    const json = { 'content-type': 'application/json' };
    expect((await ask(json)).status).toBe(401);
    expect(await ask({ ...json, authorization: 'Bearer token-of-the-system-tests' })).toMatchObject({
      status: 200,
      body: '{"payloads":[]}',
    });
  });

  test.each([
    ['EVERHOOK_ENCRYPTION_KEY', 'c2VjcmV0', /^everhook: EVERHOOK_ENCRYPTION_KEY must be <key id>:.*\n$/],
    ['EVERHOOK_ADMIN_TOKEN', 'c2VjcmV0', /^everhook: EVERHOOK_ADMIN_TOKEN must have 16 characters.*\n$/],
  ])('a wrong %s stops it with one line that does not show it', async (name, value, message) => {
    const { code, errors } = await finished(['api'], { ...settings(), [name]: value });
    expect(errors).toMatch(message);
    expect(errors).not.toContain(value);
    expect(code).toBe(2);
  });

  test('in development processes that start at once have one key, closed to other users', async () => {
    const { home: fresh, remove } = await temporaryHome();
    onTestFinished(remove);
    const made = await Promise.all(Array.from({ length: 8 }, () => developmentKey(fresh)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await stat(join(fresh, 'encryption.key'))).mode & 0o777).toBe(0o600);
    const text = await readFile(join(fresh, 'encryption.key'), 'utf8');
    expect(parseKey(text.trim())?.secret.equals(made[0]!.secret)).toBe(true);
  });
});
