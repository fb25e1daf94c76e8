import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { Plan } from '../../src/accept.ts';
import { createDispatcher } from '../../src/dispatch/dispatcher.ts';
import type { WebhookEvent } from '../../src/event.ts';
import { leaseSeconds } from '../../src/journal/open.ts';
import { resume } from '../../src/journal/operate.ts';
import { takeNext } from '../../src/journal/turns.ts';
import { createLogger } from '../../src/log.ts';
import { createRing } from '../../src/temporal/ring.ts';
import { createStart } from '../../src/temporal/start.ts';
import { turnActivities } from '../../src/turn-activities.ts';
import {
  createJournal,
  delivered,
  journalSources,
  plan,
  soon,
  type JournalUnderTest,
} from '../support/journal.ts';
import { quieten } from '../support/temporal.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { unique } from './support.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let temporal: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/fixtures/keyed.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
});
afterAll(() => temporal.teardown());

interface Done {
  readonly id: string;
  readonly key: string;
  readonly began: number;
  readonly ended: number;
  readonly stale: boolean;
}

interface Keyed extends JournalUnderTest {
  readonly taskQueue: string;
  readonly done: Done[];
  readonly source: string;
  worker(): Promise<Worker>;
  accept(
    id: string,
    key: string,
    second: number,
    options?: { kind?: 'feedBy' | 'inOrderBy'; workflow?: string },
  ): Promise<void>;
  states(): Promise<Record<string, string>>;
}

/** A journal, its dispatch to the real server, and workers whose one activity writes down what was done. */
async function keyed({ settlingSeconds = 0 }: { settlingSeconds?: number } = {}): Promise<Keyed> {
  const journal = await createJournal();
  const { client, nativeConnection } = temporal;
  const taskQueue = unique('keyed');
  const dispatcher = createDispatcher({
    claims: journal.journal.claims,
    start: createStart(client),
    ring: createRing(client),
    leaseSeconds,
    retentionSeconds: () => Promise.resolve(86_400),
    log: createLogger({ level: 'silent', terminal: false }),
    observe: () => undefined,
  });
  onTestFinished(() => dispatcher.stop());
  journal.journal.dispatchTo(dispatcher);
  const done: Done[] = [];
  const own = {
    async write({ event, key, stale }: { event: WebhookEvent; key: string; stale: boolean }) {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 15));
      done.push({ id: event.id, key, began, ended: performance.now(), stale });
      if (event.id.includes('bad')) throw new Error('a bad event');
    },
  };
  const activities = { ...own, ...turnActivities(journal.pool, journalSources, client) };
  return {
    ...journal,
    taskQueue,
    done,
    source: 'payment',
    worker: () => createWorker(nativeConnection, taskQueue, activities),
    async accept(id, key, second, { kind = 'inOrderBy', workflow = 'writeDown' } = {}) {
      const occurredAt = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
      const turnKey = `${taskQueue} ${key}`;
      const route: Plan = { ...plan, kind, workflow, taskQueue, turnKey, settlingSeconds };
      await journal.journal.accept({
        ...delivered({ id: `${taskQueue}-${id}`, key }, { route, read: { occurredAt, key } }),
        deadline: soon(),
      });
    },
    async states() {
      const rows = await journal.rows<{ event_id: string; state: string }>(
        'select e.event_id, r.state from everhook.runs r join everhook.events e on e.id = r.event',
      );
      return Object.fromEntries(
        rows.map(({ event_id, state }) => [event_id.slice(taskQueue.length + 1), state]),
      );
    },
  };
}

async function createWorker(
  connection: NativeConnection,
  taskQueue: string,
  activities: object,
): Promise<Worker> {
  const worker = await Worker.create({ connection, taskQueue, workflowBundle, activities });
  const running = worker.run();
  onTestFinished(async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await running;
  });
  return worker;
}

const handledAll = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 'handled']));

/** Per key in the order of their seconds, one at a time, each once. */
function expectTurns(done: readonly Done[], ids: readonly string[]): void {
  expect(done.map(({ id }) => id.slice(id.indexOf('-', 6) + 1)).toSorted()).toHaveLength(ids.length);
  expect(new Set(done.map(({ id }) => id)).size).toBe(ids.length);
  for (const key of new Set(done.map((one) => one.key))) {
    const own = done.filter((one) => one.key === key);
    const seconds = own.map(({ id }) => Number(id.split('-').at(-1)));
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    for (const [index, one] of own.entries()) {
      if (index > 0) expect(one.began).toBeGreaterThanOrEqual(own[index - 1]!.ended);
    }
  }
}

test('sixty events of ten keys in shuffled order, each twice: per key in order, one at a time, each once', async () => {
  const test_ = await keyed();
  const ids = Array.from({ length: 60 }, (_, index) => `k${index % 10}-${Math.floor(index / 10)}`);
  const shuffled = ids.toSorted((a, b) => hash(a) - hash(b));
  for (const id of [...shuffled, ...shuffled])
    await test_.accept(id, id.split('-')[0]!, Number(id.split('-')[1]));
  await test_.worker();
  await expect.poll(test_.states, { timeout: 60_000 }).toEqual(handledAll(ids));
  expectTurns(test_.done, ids);
  const { count } = await temporal.client.workflow.count(
    `WorkflowType = 'writeDown' AND WebhookEventId STARTS_WITH '${test_.taskQueue}'`,
  );
  expect(count).toBe(60);
});

const hash = (text: string): number =>
  text.split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1009, 7);

test('an event that fails has had its turn, and those behind it go on', async () => {
  const test_ = await keyed();
  await test_.accept('bad-1', 'k', 1);
  await test_.accept('good-2', 'k', 2);
  await test_.worker();
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual(handledAll(['bad-1', 'good-2']));
  const failed = await temporal.client.workflow.getHandle(`payment:${test_.taskQueue}-bad-1`).describe();
  expect(failed.status.name).toBe('FAILED');
});

test('two events that arrive the wrong way round are put in order while they settle', async () => {
  const test_ = await keyed({ settlingSeconds: 1.5 });
  await test_.worker();
  await test_.accept('e-2', 'k', 2);
  await test_.accept('e-1', 'k', 1);
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual(handledAll(['e-1', 'e-2']));
  expect(test_.done.map(({ id }) => id.slice(-1))).toEqual(['1', '2']);
});

test('an event that comes after a later one was handled is handled too, and known to be late', async () => {
  const test_ = await keyed();
  await test_.worker();
  await test_.accept('e-2', 'k', 2);
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual({ 'e-2': 'handled' });
  await test_.accept('e-1', 'k', 1);
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual(handledAll(['e-1', 'e-2']));
  expect(test_.done.map(({ id, stale }) => `${id.slice(-1)} ${stale}`)).toEqual(['2 false', '1 true']);
});

test('a turn that is terminated in the middle goes on when it is rung again, and runs nothing twice', async () => {
  const test_ = await keyed();
  for (let second = 0; second < 6; second++) await test_.accept(`e-${second}`, 'k', second);
  await test_.worker();
  await expect.poll(() => test_.done.length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(1);
  const [{ turn }] = (await test_.rows<{ turn: string }>('select turn from everhook.runs limit 1')) as [
    { turn: string },
  ];
  await temporal.client.workflow.getHandle(turn).terminate('by a test');
  await test_.rows(`update everhook.runs set lease_until = now() where state = 'accepted'`);
  await expect
    .poll(test_.states, { timeout: 60_000 })
    .toEqual(handledAll([0, 1, 2, 3, 4, 5].map((second) => `e-${second}`)));
  expectTurns(test_.done, [0, 1, 2, 3, 4, 5].map(String));
});

test('an event that cannot be read any more is parked, and passed over', async () => {
  const test_ = await keyed();
  await test_.accept('gone-1', 'k', 1);
  await test_.accept('e-2', 'k', 2);
  await test_.rows(
    `update everhook.deliveries set body = null where id = (select delivery_id from everhook.events order by id limit 1)`,
  );
  await test_.worker();
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual({ 'gone-1': 'parked', 'e-2': 'handled' });
});

test('an event that its provider reads no more is parked, and passed over', async () => {
  const test_ = await keyed();
  await test_.accept('odd-1', 'k', 1);
  await test_.accept('e-2', 'k', 2);
  await test_.rows(
    `update everhook.deliveries set body = '{"id":5}' where id = (select delivery_id from everhook.events order by id limit 1)`,
  );
  await test_.worker();
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual({ 'odd-1': 'parked', 'e-2': 'handled' });
  const [run] = await test_.rows(`select last_error from everhook.runs where state = 'parked'`);
  expect(run).toMatchObject({
    last_error: expect.stringMatching(/^unreadable: .*cannot read it any more/) as string,
  });
});

test('an event whose id is taken by a run of somebody else is parked, and those behind it go on', async () => {
  const test_ = await keyed();
  const foreign: WebhookEvent = {
    id: 'foreign',
    source: 'payment',
    type: 'x',
    receivedAt: '',
    payload: { key: 'other' },
  };
  await temporal.client.workflow.start('writeDown', {
    workflowId: `payment:${test_.taskQueue}-e-1`,
    taskQueue: test_.taskQueue,
    args: [foreign],
  });
  await test_.accept('e-1', 'k', 1);
  await test_.accept('e-2', 'k', 2);
  await test_.worker();
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual({ 'e-1': 'parked', 'e-2': 'handled' });
  expect(test_.done.map(({ id }) => id)).not.toContain(`${test_.taskQueue}-e-1`);
  const [run] = await test_.rows(`select last_error from everhook.runs where state = 'parked'`);
  expect(run).toMatchObject({ last_error: expect.stringMatching(/^id_taken: /) as string });
});

test('what is paused keeps its turn until it is resumed', async () => {
  const test_ = await keyed();
  await test_.rows(`insert into everhook.pauses (source, by) values ('payment', 'a test')`);
  await test_.accept('e-1', 'k', 1);
  const turn = `payment~writeDown:${encodeURIComponent(`${test_.taskQueue} k`)}`;
  expect(await takeNext(test_.pool, journalSources, { turn })).toEqual({ none: true });
  // Rung before, it would be rung again only much later.
  await test_.rows(`update everhook.runs set lease_until = now() + interval '1 hour'`);
  await test_.worker();
  expect(await resume(test_.pool, { source: 'payment', route: '*' })).toBe(false);
  expect(await resume(test_.pool, { source: 'payment' })).toBe(true);
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual({ 'e-1': 'handled' });
});

test('a fed workflow takes each event of its key in turn, in one run, until its function returns', async () => {
  const test_ = await keyed();
  await test_.worker();
  const feed = { kind: 'feedBy', workflow: 'followUntilLast' } as const;
  for (const id of ['e-2', 'e-1', 'e-3']) await test_.accept(id, 'k', Number(id.at(-1)), feed);
  await test_.accept('last-9', 'k', 9, feed);
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual(handledAll(['e-1', 'e-2', 'e-3', 'last-9']));
  const turn = `payment~followUntilLast:${encodeURIComponent(`${test_.taskQueue} k`)}`;
  expect(await temporal.client.workflow.getHandle(turn).result()).toEqual(
    expect.arrayContaining(['e-1', 'e-2', 'e-3', 'last-9'].map((id) => `${test_.taskQueue}-${id}`)),
  );
  // The next event of the key begins a run of its own.
  await test_.accept('last-10', 'k', 10, feed);
  await expect.poll(async () => (await test_.states())['last-10'], { timeout: 30_000 }).toBe('handled');
});

test('a fed workflow can wait for an event or for time, whichever comes first', async () => {
  const test_ = await keyed();
  await test_.worker();
  await test_.accept('e-1', 'k', 1, { kind: 'feedBy', workflow: 'followWithTimeout' });
  const turn = `payment~followWithTimeout:${encodeURIComponent(`${test_.taskQueue} k`)}`;
  await expect.poll(test_.states, { timeout: 30_000 }).toEqual({ 'e-1': 'handled' });
  expect(await temporal.client.workflow.getHandle(turn).result()).toEqual([
    `${test_.taskQueue}-e-1`,
    'nothing',
  ]);
});

test('a fed run that fails with an event is begun again with that event', async () => {
  const test_ = await keyed();
  await test_.worker();
  await test_.accept('bad-1', 'k', 1, { kind: 'feedBy', workflow: 'followAndFail' });
  const turn = `payment~followAndFail:${encodeURIComponent(`${test_.taskQueue} k`)}`;
  const failed = () => temporal.client.workflow.getHandle(turn).describe();
  await expect.poll(async () => (await failed()).status.name, { timeout: 30_000 }).toBe('FAILED');
  expect(await test_.states()).toEqual({ 'bad-1': 'accepted' });
  await test_.rows('update everhook.runs set lease_until = now()');
  await expect.poll(() => test_.done.length, { timeout: 30_000 }).toBe(2);
  expect(new Set(test_.done.map(({ id }) => id)).size).toBe(1);
});

test('sixty events of ten keys while the worker is killed: per key in order, each effect once', async () => {
  const test_ = await keyed();
  const folder = await temporaryHome();
  onTestFinished(folder.remove);
  const bundle = join(folder.home, 'workflows.js');
  await writeFile(bundle, workflowBundle.code);
  await test_.rows('create table effects (n serial, id text primary key, key text)');
  const ids = Array.from({ length: 60 }, (_, index) => `k${index % 10}-${Math.floor(index / 10)}`);
  const shuffled = ids.toSorted((a, b) => hash(a) - hash(b));
  for (const id of [...shuffled, ...shuffled]) {
    await test_.accept(id, id.split('-')[0]!, Number(id.split('-')[1]), { workflow: 'writeForGood' });
  }
  const script = fileURLToPath(new URL('../workflows/fixtures/keyed-worker.ts', import.meta.url));
  const startWorker = () => {
    const values = [inject('temporalAddress'), test_.taskQueue, bundle, test_.url];
    const worker = spawn(process.execPath, ['--import', 'tsx', script, ...values], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    onTestFinished(() => void worker.kill('SIGKILL'));
    return worker;
  };
  const effects = () => test_.rows<{ id: string; key: string }>('select id, key from effects order by n');
  for (const enough of [5, 25]) {
    const doomed = startWorker();
    await expect.poll(async () => (await effects()).length, { timeout: 60_000 }).toBeGreaterThan(enough);
    doomed.kill('SIGKILL');
    expect(await once(doomed, 'exit')).toEqual([null, 'SIGKILL']);
    expect((await effects()).length).toBeLessThan(60);
  }
  startWorker();
  await expect.poll(test_.states, { timeout: 120_000, interval: 250 }).toEqual(handledAll(ids));
  const done = await effects();
  expect(done.map(({ id }) => id.slice(test_.taskQueue.length + 1)).toSorted()).toEqual(ids.toSorted());
  for (const key of new Set(done.map((one) => one.key))) {
    const seconds = done.filter((one) => one.key === key).map(({ id }) => Number(id.split('-').at(-1)));
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  }
}, 240_000);

test('a fed run that ends before its event is handled is begun again with that event', async () => {
  const test_ = await keyed();
  await test_.worker();
  await test_.accept('e-1', 'k', 1, { kind: 'feedBy', workflow: 'followAndWait' });
  const turn = `payment~followAndWait:${encodeURIComponent(`${test_.taskQueue} k`)}`;
  await expect.poll(() => test_.done.length, { timeout: 30_000 }).toBe(1);
  await temporal.client.workflow.getHandle(turn).terminate('by a test');
  expect(await test_.states()).toEqual({ 'e-1': 'accepted' });
  await test_.rows('update everhook.runs set lease_until = now()');
  await expect.poll(() => test_.done.length, { timeout: 30_000 }).toBe(2);
  expect(new Set(test_.done.map(({ id }) => id)).size).toBe(1);
  await temporal.client.workflow.getHandle(turn).terminate('by a test');
});
