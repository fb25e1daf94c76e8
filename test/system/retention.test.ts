import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@temporalio/client';
import express from 'express';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { createApp, type App } from '../../src/app.ts';
import { defineGateway, source, type SourceOptions } from '../../src/define.ts';
import { daysBefore } from '../../src/retention.ts';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import { retryParked } from '../../src/journal/operate.ts';
import { createPool } from '../../src/journal/connection.ts';
import { journalSchema } from '../../src/journal/schema.ts';
import { createLogger } from '../../src/log.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { stripe } from '../../src/providers/index.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { createNamespace, finished, post, query, unique, type After } from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let temporal: Client;
let databaseUrl: string;
beforeAll(async () => {
  const database = await createDatabase(inject('postgresUrl'));
  afterwards(() => database.drop());
  databaseUrl = database.url;
  await migrateSchema(databaseUrl, journalSchema);
  temporal = await createNamespace(inject('temporalAddress'), { after: afterwards });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const secret = 'whsec_of_the_test';
const proof = { secrets: [secret] as [string], toleranceSeconds: undefined };

/** The gateway behind a port of its own; gives how to send it an event that occurred so many days ago. */
async function gatewayOf(mode: 'journal' | 'direct', options: SourceOptions = {}) {
  const gateway = defineGateway({
    sources: { stripe: source(stripe(), options) },
    routes: { stripe: { 'invoice.paid': 'recordEvent' } },
    workflowsPath: '',
    activities: {},
  });
  const app: App = await createApp(gateway, {
    environment: {
      STRIPE_WEBHOOK_SECRET: secret,
      EVERHOOK_MODE: mode,
      ...(mode === 'journal' && { DATABASE_URL: databaseUrl }),
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: temporal.options.namespace,
    },
    log: createLogger({ level: 'silent', terminal: false }),
  });
  onTestFinished(() => app.close());
  const server = createServer(express().set('trust proxy', 'loopback').use(app));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`;
  const send = async (id: string, daysAgo: number, type = 'invoice.paid') => {
    const created = Math.floor(daysBefore(new Date(), daysAgo).getTime() / 1000);
    const data = Buffer.from(JSON.stringify({ id, type, created }));
    const { headers, body } = sampleRequest({ provider: stripe(), proof, type, url, data })();
    const answered = await post(url, { headers: { ...headers, 'x-forwarded-proto': 'https' }, body });
    return { status: answered.status, body: JSON.parse(answered.body) as unknown };
  };
  return { app, send };
}

const received = { status: 200, body: { received: true } };
const runsOf = (id: string) =>
  query<{ state: string; last_error: string | null }>(
    databaseUrl,
    `select state, last_error from everhook.runs where workflow_id = 'stripe:${id}'`,
  );
const started = async (id: string) => {
  const { status } = await temporal.workflow.getHandle(`stripe:${id}`).describe();
  return status.name;
};

test('an event of before the memory is answered 200 and parked, once, and a person lets it run', async () => {
  const { send } = await gatewayOf('journal');
  const id = unique('old');
  expect(await send(id, 91)).toEqual(received);
  const parked = [{ state: 'parked', last_error: expect.stringMatching(/^too_old: it occurred at /) }];
  expect(await runsOf(id)).toEqual(parked);
  expect(await send(id, 91)).toEqual({ status: 200, body: { received: true, duplicate: true } });
  expect(await runsOf(id)).toEqual(parked);
  await expect(started(id)).rejects.toThrow('not found');

  const pool = createPool(databaseUrl, { name: 'a-person', connections: 1 });
  onTestFinished(() => pool.end());
  const filter = { source: 'stripe', reason: 'too_old' };
  expect(await retryParked(pool, filter, { by: 'a test' })).toBe(1);
  await expect.poll(() => runsOf(id), { timeout: 10_000 }).toEqual([{ state: 'started', last_error: null }]);
  expect(await started(id)).toBe('RUNNING');
});

test('an old event whose id is known is a duplicate, and one within the memory runs', async () => {
  const { send } = await gatewayOf('journal', { retentionDays: 200 });
  const id = unique('known');
  expect(await send(id, 199)).toEqual(received);
  await expect.poll(() => runsOf(id), { timeout: 10_000 }).toMatchObject([{ state: 'started' }]);
  // The memory is shorter now, and the id is there still.
  const { send: again } = await gatewayOf('journal');
  expect(await again(id, 199)).toMatchObject({ status: 200, body: { duplicate: true } });
  expect(await runsOf(id)).toMatchObject([{ state: 'started' }]);
});

test('an old event that no row takes is ignored', async () => {
  const { send } = await gatewayOf('journal');
  expect(await send(unique('unrouted'), 91, 'invoice.voided')).toEqual({
    status: 200,
    body: { received: true, ignored: true },
  });
});

test('what was forgotten under a shorter memory is too old under a longer one', async () => {
  await query(
    databaseUrl,
    `insert into everhook.retention (source, task, days, forgot) values ('stripe', 'ids', 90, now() - interval '100 days')
     on conflict (source, task) do update set forgot = excluded.forgot`,
  );
  const { send } = await gatewayOf('journal', { retentionDays: 'forever' });
  const [forgotten, later] = [unique('forgotten'), unique('later')];
  await send(forgotten, 101);
  await send(later, 99);
  expect(await runsOf(forgotten)).toMatchObject([{ last_error: expect.stringMatching(/^too_old/) }]);
  expect((await runsOf(later))[0]?.state).toMatch(/^(accepted|started)$/);
  await query(databaseUrl, 'update everhook.retention set forgot = null');
});

test('in direct mode no event is too old, and days of retention stop the start', async () => {
  const { send } = await gatewayOf('direct');
  const id = unique('direct');
  expect(await send(id, 4000)).toEqual(received);
  expect(await started(id)).toBe('RUNNING');
  await expect(gatewayOf('direct', { retentionDays: 30 })).rejects.toThrow(
    'source stripe: retentionDays needs the journal',
  );
});

test('a gateway erases and forgets, counts it, and everhook events show --body says so', async () => {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const { send } = await gatewayOf('journal', { retentionDays: 'forever' });
  const [erased, gone] = [unique('erased'), unique('gone')];
  for (const id of [erased, gone]) await send(id, 0, 'invoice.voided');
  const show = (id: string) =>
    finished(['events', 'show', `stripe:${id}`, '--body'], {
      DATABASE_URL: databaseUrl,
      EVERHOOK_HOME: home,
    });
  expect(await show(erased)).toMatchObject({ code: 0, output: expect.stringContaining(erased) });
  await age(erased, 50);
  await age(gone, 92);

  const { app } = await gatewayOf('journal', { retentionDays: 40 });
  const counted = async (name: string) => {
    const line = (await app.registry.metrics()).split('\n').find((text) => text.startsWith(name));
    return line?.replace(name, '');
  };
  await expect
    .poll(() => counted('everhook_journal_erased_bodies_total'), { timeout: 10_000 })
    .toBe('{source="stripe"} 2');
  await expect
    .poll(() => counted('everhook_journal_forgotten_events_total'), { timeout: 10_000 })
    .toBe('{source="stripe"} 1');
  const purged = { code: 1, output: '', errors: `The bytes of stripe:${erased} were purged\n` };
  expect(await show(erased)).toEqual(purged);
  expect((await show(gone)).errors).toMatch(/^No event stripe:gone/);
});

/** As if it had come and occurred so many days ago. */
async function age(id: string, days: number): Promise<void> {
  const before = daysBefore(new Date(), days);
  const uuid = `${before.getTime().toString(16).padStart(12, '0')}7${randomBytes(10).toString('hex').slice(1)}`;
  await query(
    databaseUrl,
    `with moved as (
       update everhook.events set received_at = '${before.toISOString()}', occurred_at = '${before.toISOString()}',
         delivery_id = '${uuid}'
       where event_id = '${id}' returning delivery_id
     )
     update everhook.deliveries set id = '${uuid}', received_at = '${before.toISOString()}'
     where id = (select delivery_id from everhook.events where event_id = '${id}')`,
  );
}
