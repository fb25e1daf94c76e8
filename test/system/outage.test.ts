import type { Client } from '@temporalio/client';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { readRoleConfig } from '../../src/app.ts';
import { temporalCli } from '../../src/dev/binaries.ts';
import { findBinary } from '../../src/dev/find-binary.ts';
import { isRunning, stampOf, until } from '../../src/dev/processes.ts';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.ts';
import { createLogger } from '../../src/log.ts';
import { startApi, type ApiServer } from '../../src/server.ts';
import { searchAttributeNames } from '../../src/temporal/search-attributes.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import gateway from './plain-gateway.ts';
import {
  createNamespace,
  finished,
  metric,
  post,
  proofs,
  sample,
  unique,
  unusedPort,
  type After,
  type Answered,
} from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

let cli = '';
let temporalHome = '';
let apiHome = '';
beforeAll(async () => {
  cli = await findBinary(temporalCli, { env: process.env, log: () => undefined });
  for (const keep of [(home: string) => (temporalHome = home), (home: string) => (apiHome = home)]) {
    const { home, remove } = await temporaryHome();
    keep(home);
    afterwards(remove);
  }
});

const startTemporal = async (port: number): Promise<TemporalServer> => {
  const server = await startTemporalServer({
    cli,
    home: temporalHome,
    env: process.env,
    log: () => undefined,
    ports: { server: port, ui: await unusedPort() },
  });
  expect(server.address).toBe(`127.0.0.1:${port}`);
  return server;
};

async function startApiAt(address: string, namespace: string, after: After): Promise<ApiServer> {
  const environment = {
    ...proofs,
    EVERHOOK_MODE: 'direct',
    EVERHOOK_HOME: apiHome,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  };
  const config = await readRoleConfig(gateway, { environment, development: true });
  const api = await startApi(gateway, config, createLogger({ level: 'silent', terminal: false }));
  after(() => api.stop());
  return api;
}

/** An event never seen before. */
const fresh = () => sample('stripe', 'payment_intent.succeeded', { id: unique('evt') });

const deliver = (api: ApiServer, signed = fresh()): Promise<Answered> =>
  post(`${api.url}/webhooks/stripe`, signed());

/** What a provider must get while its event cannot be made durable. */
function expectNotDurable(answered: Answered): void {
  expect({ status: answered.status, problem: JSON.parse(answered.body) as object }).toEqual({
    status: 503,
    problem: {
      type: 'urn:everhook:problem:not_durable',
      title: 'Not durable',
      status: 503,
      code: 'not_durable',
      detail: 'The event could not be made durable, send it again',
    },
  });
  expect(answered.headers['content-type']).toBe('application/problem+json');
  expect(answered.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  expect(answered.ms).toBeLessThan(3000);
}

/** Delivers one event after another until one is accepted; gives how long that took since the call. */
async function untilAccepted(api: ApiServer): Promise<number> {
  const began = performance.now();
  const accepted = async () => {
    const answered = await deliver(api);
    if (answered.status !== 200) expectNotDurable(answered);
    return answered.status === 200;
  };
  expect(await until(accepted, { timeoutMs: 10_000, intervalMs: 50 })).toBe(true);
  return performance.now() - began;
}

const readiness = async (api: ApiServer) => {
  const [alive, ready] = await Promise.all([fetch(`${api.url}/healthz`), fetch(`${api.url}/readyz`)]);
  return { alive: alive.status, ready: ready.status, says: await ready.json() };
};
const up = { alive: 200, ready: 200, says: { ready: true, phase: 'ready', temporal: 'up' } };
const down = { alive: 200, ready: 200, says: { ready: true, phase: 'ready', temporal: 'down' } };

/** A delivery alone, and twenty at once, each refused in time; and what health says then. */
async function expectOutage(api: ApiServer, signed = fresh()): Promise<void> {
  const alone = await deliver(api, signed);
  expectNotDurable(alone);
  const again = [signed, ...Array.from({ length: 19 }, fresh)];
  const many = await Promise.all(again.map((one) => deliver(api, one)));
  for (const answered of many) expectNotDurable(answered);
  await expect.poll(() => readiness(api), { timeout: 5000 }).toEqual(down);
}

async function runsOf(address: string, id: string): Promise<string> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  const { status } = (
    await connection.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId: id },
    })
  ).workflowExecutionInfo!;
  return String(status);
}

const running = '1';

describe('while Temporal is away', () => {
  let temporal: TemporalServer;
  let api: ApiServer;
  let port = 0;
  beforeAll(async () => {
    port = await unusedPort();
    temporal = await startTemporal(port);
    afterwards(() => temporal.stop());
    api = await startApiAt(temporal.address, 'default', afterwards);
  });

  test('because it has ended, deliveries are refused in time, and accepted again when it is back', async () => {
    const before = fresh();
    expect((await deliver(api, before)).status).toBe(200);
    await expect.poll(() => readiness(api)).toEqual(up);

    const mark = { pid: temporal.pid, stamp: (await stampOf(temporal.pid)) ?? '' };
    process.kill(temporal.pid, 'SIGTERM');
    await expect.poll(() => isRunning(mark), { timeout: 15_000 }).toBe(false);
    await expectOutage(api);

    temporal = await startTemporal(port);
    expect(await untilAccepted(api)).toBeLessThan(3000);
    expect((await deliver(api, before)).body).toContain('"duplicate":true');
    await expect.poll(() => readiness(api)).toEqual(up);
  });

  test('because it takes connections and says nothing, deliveries are refused in time', async () => {
    const signed = fresh();
    expect((await deliver(api)).status).toBe(200);
    process.kill(temporal.pid, 'SIGSTOP');
    try {
      await expectOutage(api, signed);
    } finally {
      process.kill(temporal.pid, 'SIGCONT');
    }
    expect(await untilAccepted(api)).toBeLessThan(3000);
    // It may have been started by the delivery that was told it might not be.
    const { status, body } = await deliver(api, signed);
    expect({ status, received: JSON.parse(body) as object }).toMatchObject({
      status: 200,
      received: { received: true },
    });
    const id = `stripe:${(JSON.parse(signed().body.toString()) as { id: string }).id}`;
    expect(await runsOf(temporal.address, id)).toBe(running);
  });

  test('because it takes connections and says nothing from the first, deliveries are refused in time', async () => {
    process.kill(temporal.pid, 'SIGSTOP');
    let late: ApiServer;
    try {
      late = await startApiAt(temporal.address, 'default', onTestFinished);
      await expectOutage(late);
    } finally {
      process.kill(temporal.pid, 'SIGCONT');
    }
    expect(await untilAccepted(late)).toBeLessThan(3000);
  });

  test('an API that starts before it refuses in time, and accepts once it is there', async () => {
    await temporal.stop();
    const early = await startApiAt(temporal.address, 'default', onTestFinished);
    await expectOutage(early);
    temporal = await startTemporal(port);
    expect(await untilAccepted(early)).toBeLessThan(3000);
    await expect.poll(() => readiness(early)).toEqual(up);
  });
});

describe('a workflow id that is taken', () => {
  let client: Client;
  let api: ApiServer;
  beforeAll(async () => {
    client = await createNamespace(inject('temporalAddress'), { after: afterwards });
    api = await startApiAt(inject('temporalAddress'), client.options.namespace, afterwards);
  });

  test.each(['that is open', 'that has ended'])(
    "by somebody else's run %s refuses the event, and is counted",
    async (state) => {
      const id = unique('evt');
      const other = await client.workflow.start('other', { workflowId: `stripe:${id}`, taskQueue: 'others' });
      if (state === 'that has ended') await other.terminate();
      const count = async () =>
        (await metric(api.adminUrl, 'everhook_starts_total'))['{source="stripe",outcome="id_taken"}'] ?? 0;
      const before = await count();
      expectNotDurable(await deliver(api, sample('stripe', 'payment_intent.succeeded', { id })));
      expect(await count()).toBe(before + 1);
      expect((await other.describe()).type).toBe('other');
    },
  );

  test("by another event's run refuses the event", async () => {
    const id = unique('evt');
    await client.workflow.start('fulfillPayment', {
      workflowId: `stripe:${id}`,
      taskQueue: 'others',
      memo: { everhookEvent: { event: 'stripe:evt_another', n: 1 } },
    });
    expectNotDurable(await deliver(api, sample('stripe', 'payment_intent.succeeded', { id })));
  });
});

describe('the start of the API', () => {
  const settings = (namespace: string) => ({
    ...proofs,
    EVERHOOK_MODE: 'direct',
    EVERHOOK_HOME: apiHome,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  });

  test('names the search attributes that are not registered, and the command that does it', async () => {
    const { namespace } = (await createNamespace(inject('temporalAddress'), { prepared: false })).options;
    const { code, errors } = await finished(['api'], settings(namespace));
    expect(errors).toBe(
      `everhook: Temporal's namespace ${namespace} lacks the search attributes ` +
        `${searchAttributeNames.join(', ')}: run "everhook migrate"\n`,
    );
    expect(code).toBe(2);
  });

  test('names the namespace that does not exist', async () => {
    const { code, errors } = await finished(['api'], settings('no-such-namespace'));
    expect(errors).toBe('everhook: Temporal has no namespace no-such-namespace (TEMPORAL_NAMESPACE)\n');
    expect(code).toBe(2);
  });
});
