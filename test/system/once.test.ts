import { Agent } from 'node:http';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readRoleConfig } from '../../src/app.ts';
import { migrateLedger } from '../../src/activities/index.ts';
import { until } from '../../src/dev/processes.ts';
import type { SignedRequest } from '../../src/dev/signed-request.ts';
import { createLogger } from '../../src/log.ts';
import { startApi, type ApiServer } from '../../src/server.ts';
import gateway from './plain-gateway.ts';
import {
  everhook,
  metric,
  post,
  proofs,
  query,
  sample,
  surroundings,
  unique,
  withKeyOf,
  type After,
  type Process,
  type Settings,
} from './support.ts';

vi.setConfig({ testTimeout: 150_000, hookTimeout: 60_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let client: Client;
let api: ApiServer;
let settings: Settings;
let worker: Process;
beforeAll(async () => {
  const made = await surroundings(afterwards);
  await migrateLedger(made.databaseUrl);
  client = await withKeyOf(made.home, made.client);
  settings = { ...proofs, ...made.settings, EVERHOOK_MODE: 'direct' };
  const config = await readRoleConfig(gateway, { environment: settings, development: true });
  api = await startApi(gateway, config, createLogger({ level: 'silent', terminal: false }));
  afterwards(() => api.stop());
  worker = await startWorker();
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** The worker as `everhook start` runs it, at work. */
async function startWorker(): Promise<Process> {
  const started = everhook(['worker', '--development'], settings, afterwards);
  await started.says(/"worker ready"/);
  return started;
}

/** Payments of one test, half of them by Stripe, told apart by what their ids begin with. */
const payments = (prefix: string, count: number): (() => SignedRequest)[] =>
  Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? sample('payment', 'payment.succeeded', {
          id: `${prefix}-${index}`,
          'data.payment_id': `${prefix}-pay-${index}`,
        })
      : sample('stripe', 'payment_intent.succeeded', {
          id: `${prefix}-${index}`,
          'data.object.id': `${prefix}-pay-${index}`,
        }),
  );

const deliver = (signed: SignedRequest, agent?: Agent) => {
  const source = 'stripe-signature' in signed.headers ? 'stripe' : 'payment';
  return post(`${api.url}/webhooks/${source}`, { ...signed, ...(agent && { agent }) });
};

const countRuns = async (prefix: string, state?: string): Promise<number> =>
  (
    await client.workflow.count(
      `WorkflowId BETWEEN 'payment:${prefix}' AND 'stripe:${prefix}~'` +
        ` AND WebhookEventId STARTS_WITH '${prefix}-'${state === undefined ? '' : ` AND ExecutionStatus = '${state}'`}`,
    )
  ).count;

/** The payments in the ledger, and how many entries they have. */
async function booked(prefix: string): Promise<{ entries: number; payments: number; events: number }> {
  const rows = await query<{ entries: number; payments: number; events: number }>(
    settings['DATABASE_URL']!,
    `select count(*)::int entries, count(distinct payment_id)::int payments, count(distinct event)::int events
       from ledger.entries where payment_id like '${prefix}-%'`,
  );
  return rows[0]!;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}

test('300 events, each delivered four times over 32 connections, make 300 runs and 300 ledger entries', async () => {
  const prefix = unique('many');
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const deliveries = shuffled(payments(prefix, 300).flatMap((signed) => [signed, signed, signed, signed]));
  const answers = await Promise.all(deliveries.map((signed) => deliver(signed(), agent)));
  agent.destroy();

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const bodies = answers.map(({ body }) => JSON.parse(body) as { received: true; duplicate?: true });
  expect(bodies.every(({ received }) => received)).toBe(true);
  expect(bodies.filter(({ duplicate }) => duplicate === true)).toHaveLength(900);
  expect(bodies.filter((body) => !('duplicate' in body))).toHaveLength(300);

  await expect.poll(() => countRuns(prefix, 'Completed'), { timeout: 90_000, interval: 200 }).toBe(300);
  expect(await countRuns(prefix)).toBe(300);
  expect(await booked(prefix)).toEqual({ entries: 300, payments: 300, events: 300 });
  const starts = await metric(api.adminUrl, 'everhook_starts_total');
  expect(starts).toEqual({
    '{source="payment",outcome="started"}': 150,
    '{source="payment",outcome="duplicate"}': 450,
    '{source="stripe",outcome="started"}': 150,
    '{source="stripe",outcome="duplicate"}': 450,
  });
});

test.each([
  ['completed', 'payment', 'payment.succeeded', {}],
  ['failed', 'stripe', 'payment_intent.succeeded', { 'data.object.currency': 'none' }],
  ['terminated', 'stripe', 'payment_intent.payment_failed', {}],
] as const)(
  'an event whose run has %s is a duplicate, and starts no other',
  async (end, source, type, set) => {
    const prefix = unique('ended');
    const signed = sample(source, type, { id: `${prefix}-1`, ...set });
    expect(await deliver(signed())).toMatchObject({
      status: 200,
      body: expect.not.stringContaining('duplicate'),
    });
    const handle = client.workflow.getHandle(`${source}:${prefix}-1`);
    if (end === 'terminated') await handle.terminate();
    const state = async () => (await handle.describe()).status.name;
    await expect.poll(state, { timeout: 30_000 }).toBe(end.toUpperCase());
    const { runId } = await handle.describe();

    expect(await deliver(signed())).toMatchObject({
      status: 200,
      body: expect.stringContaining('"duplicate":true'),
    });
    expect((await handle.describe()).runId).toBe(runId);
  },
);

test('a worker killed again and again in the middle of 50 payments books each of them once', async () => {
  const prefix = unique('killed');
  const all = payments(prefix, 50);
  let sent = 0;
  for (const count of [20, 15, 15]) {
    const { entries } = await booked(prefix);
    const batch = all.slice(sent, sent + count);
    const answers = await Promise.all(batch.map((signed) => deliver(signed())));
    expect(answers.map(({ status }) => status)).toEqual(batch.map(() => 200));
    sent += count;
    const underWay = async () => (await booked(prefix)).entries >= entries + 3;
    expect(await until(underWay, { timeoutMs: 60_000, intervalMs: 5 })).toBe(true);
    worker.kill('SIGKILL');
    await worker.exited;
    // In the middle: something is left to do.
    expect(await countRuns(prefix, 'Completed')).toBeLessThan(sent);
    worker = await startWorker();
  }
  await expect.poll(() => countRuns(prefix, 'Completed'), { timeout: 90_000, interval: 200 }).toBe(50);
  expect(await countRuns(prefix)).toBe(50);
  expect(await booked(prefix)).toEqual({ entries: 50, payments: 50, events: 50 });
});
