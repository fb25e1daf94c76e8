import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { Plan } from '../../src/accept.ts';
import { defineGateway, source } from '../../src/define.ts';
import { createPool } from '../../src/journal/connection.ts';
import { createKeeper } from '../../src/journal/keeper.ts';
import { retain, retentionRules, type RetentionRule } from '../../src/journal/retention.ts';
import { startRetention, type WalkerParts } from '../../src/journal/retention-walker.ts';
import { bodyOf } from '../../src/journal/search.ts';
import { createLogger } from '../../src/log.ts';
import { github, payment, stripe } from '../../src/providers/index.ts';
import {
  createJournal,
  delivered,
  deliveredBatch,
  journalSources,
  plan,
  soon,
  type JournalUnderTest,
} from '../support/journal.ts';
import { createNamespace, unique, unusedPort, type After } from '../system/support.ts';

vi.setConfig({ testTimeout: 60_000 });

let temporal: Client;
beforeAll(async () => {
  const cleanUps: Parameters<After>[0][] = [];
  temporal = await createNamespace(inject('temporalAddress'), {
    prepared: false,
    after: (cleanUp) => void cleanUps.push(cleanUp),
  });
  return async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  };
});

const day = 86_400_000;
const at = (days: number) => new Date(Date.now() + days * day);
/** Six hours and a little, in days: when what was held is looked at again. */
const later = 0.26;

const bodies: RetentionRule = { source: 'payment', task: 'bodies', days: 90 };
const ids: RetentionRule = { source: 'payment', task: 'ids', days: 90 };

/** Walks as far as there is to go, so many days from now; gives what was done. */
async function walk(
  { pool }: Pick<JournalUnderTest, 'pool'>,
  rule: RetentionRule,
  days: number,
  parts: { client?: Client; limit?: number } = {},
): Promise<number> {
  let count = 0;
  for (;;) {
    const step = await retain(rule, { pool, client: temporal, now: () => at(days), ...parts });
    count += step.count;
    if (!step.more) return count;
  }
}

const accept = ({ journal }: JournalUnderTest, id: string, options: Parameters<typeof delivered>[1] = {}) =>
  journal.accept({ ...delivered({ id }, options), deadline: soon() });

/** Nothing runs of it, so nothing holds it. */
const ignored: Plan = { state: 'ignored' };
const parked: Plan = { state: 'parked', route: '*', why: 'payload_unexpected', note: '/total', run: plan };

const left = async ({ rows }: JournalUnderTest) =>
  (
    await rows<{ id: string }>(
      `select e.event_id as id from everhook.events e join everhook.deliveries d on d.id = e.delivery_id
       where d.body is not null order by e.id`,
    )
  ).map(({ id }) => id);
const known = async ({ rows }: JournalUnderTest) =>
  (await rows<{ id: string }>('select event_id as id from everhook.events order by id')).map(({ id }) => id);
const keptLonger = ({ rows }: JournalUnderTest) =>
  rows<{ task: string }>('select task from everhook.kept_longer order by delivery_id');
const setState = ({ rows }: JournalUnderTest, id: string, state: string) =>
  rows(
    `update everhook.runs set state = $2 where event = (select id from everhook.events where event_id = $1)`,
    [id, state],
  );

/** A run that has started, as Temporal sees it. */
async function started(
  journal: JournalUnderTest,
  how: 'open' | 'closed' | 'forgotten',
  read: Parameters<typeof delivered>[1] = {},
) {
  const id = unique(how);
  await accept(journal, id, read);
  await setState(journal, id, 'started');
  const open = { workflowId: `payment:${id}`, taskQueue: 'nobody', args: [] };
  if (how !== 'forgotten') await temporal.workflow.start('recordEvent', open);
  const end = () => temporal.workflow.getHandle(`payment:${id}`).terminate();
  if (how === 'closed') await end();
  return { id, end };
}

/** Temporal, with something around each question that it is asked. */
const asked = (around: <Answer>(ask: () => Promise<Answer>) => Promise<Answer>): Client => {
  const service = temporal.workflowService;
  return {
    options: temporal.options,
    workflowService: {
      describeNamespace: (request: object) => around(() => service.describeNamespace(request)),
      describeWorkflowExecution: (request: object) =>
        around(() => service.describeWorkflowExecution(request)),
    },
  } as unknown as Client;
};
/** It is asked, and before it answers something happens. */
const meanwhile = (happens: () => Promise<unknown>): Client =>
  asked(async (ask) => {
    try {
      return await ask();
    } finally {
      await happens();
    }
  });
/** Nobody who may be asked. */
const nobody = {
  options: { namespace: 'none' },
  workflowService: { describeNamespace: () => Promise.reject(new Error('Temporal was asked')) },
} as unknown as Client;

async function away(): Promise<Client> {
  const connection = Connection.lazy({ address: `127.0.0.1:${await unusedPort()}` });
  onTestFinished(() => connection.close());
  return new Client({ connection, namespace: temporal.options.namespace });
}

describe('bodies', () => {
  test('go when they are old enough, with headers and address, and the rows stay', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: ignored });
    expect(await walk(journal, bodies, 89.9, { client: nobody })).toBe(0);
    expect(await left(journal)).toEqual(['e1']);
    expect(await walk(journal, bodies, 90.1, { client: nobody })).toBe(1);
    expect(
      await journal.rows(
        `select source, verdict, body, headers, remote_address, body_bytes > 0 as bytes, url
         from everhook.deliveries`,
      ),
    ).toEqual([
      {
        source: 'payment',
        verdict: 'new',
        body: null,
        headers: {},
        remote_address: null,
        bytes: true,
        url: '/webhooks/payment',
      },
    ]);
    expect(await bodyOf(journal.pool, 'payment', 'e1')).toBeUndefined();
    expect(await accept(journal, 'e1', { route: ignored })).toEqual(['duplicate']);
    expect(await walk(journal, bodies, 90.1)).toBe(0);
  });

  test.each(['accepted', 'parked'])(
    'of a run that is %s stay, and are looked at again every six hours',
    async (state) => {
      const journal = await createJournal();
      await accept(journal, 'e1');
      await setState(journal, 'e1', state);
      expect(await walk(journal, bodies, 91)).toBe(0);
      expect(await walk(journal, bodies, 4000)).toBe(0);
      expect(await left(journal)).toEqual(['e1']);
      expect(await keptLonger(journal)).toEqual([{ task: 'bodies' }]);
      await setState(journal, 'e1', 'handled');
      expect(await walk(journal, bodies, 4000.2)).toBe(0);
      expect(await walk(journal, bodies, 4000 + later)).toBe(1);
      expect(await left(journal)).toEqual([]);
      expect(await keptLonger(journal)).toEqual([]);
    },
  );

  test('of a later run count as well as the first', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: ignored });
    await journal.rows(
      `insert into everhook.runs (event, n, source, kind, state) select id, 2, source, 'plain', 'accepted' from everhook.events`,
    );
    expect(await walk(journal, bodies, 91)).toBe(0);
    expect(await left(journal)).toEqual(['e1']);
  });

  test('of a run that Temporal cannot be asked about stay', async () => {
    const journal = await createJournal();
    const { id } = await started(journal, 'closed');
    await journal.rows('update everhook.runs set workflow_id = null');
    await started(journal, 'closed');
    expect(await walk(journal, bodies, 91)).toBe(1);
    expect(await left(journal)).toEqual([id]);
  });

  test('of a run that is open in Temporal stay until it has closed', async () => {
    const journal = await createJournal();
    const open = await started(journal, 'open');
    await started(journal, 'closed');
    await started(journal, 'forgotten');
    expect(await walk(journal, bodies, 91)).toBe(2);
    expect(await left(journal)).toEqual([open.id]);
    await open.end();
    expect(await walk(journal, bodies, 91 + later)).toBe(1);
    expect(await keptLonger(journal)).toEqual([]);
  });

  test('all stay while Temporal cannot say what is open, and it begins there again', async () => {
    const journal = await createJournal();
    await accept(journal, 'done', { route: ignored });
    await started(journal, 'closed');
    const before = await left(journal);
    await expect(walk(journal, bodies, 91, { client: await away() })).rejects.toThrow(/connect|deadline/i);
    const { connection } = temporal;
    const elsewhere = new Client({ connection, namespace: unique('no-such-namespace') });
    await expect(walk(journal, bodies, 91, { client: elsewhere })).rejects.toThrow(/not found/i);
    expect(await left(journal)).toEqual(before);
    expect(await walk(journal, bodies, 91)).toBe(2);
  });

  test('all stay where Temporal goes away between two questions', async () => {
    const journal = await createJournal();
    await started(journal, 'closed');
    await started(journal, 'closed');
    for (const answers of [1, 2]) {
      let times = 0;
      const client = asked((ask) =>
        (times += 1) > answers ? Promise.reject(new Error('it went away')) : ask(),
      );
      await expect(walk(journal, bodies, 91, { client })).rejects.toThrow('it went away');
      expect(await left(journal)).toHaveLength(2);
    }
  });

  test('of a batch stay as long as one of its events is held', async () => {
    const journal = await createJournal();
    await journal.journal.accept({ ...deliveredBatch(['a', 'b', 'c']), deadline: soon() });
    await journal.rows(`update everhook.runs set state = 'handled'`);
    await setState(journal, 'b', 'parked');
    expect(await walk(journal, bodies, 91)).toBe(0);
    expect(await left(journal)).toEqual(['a', 'b', 'c']);
    await setState(journal, 'b', 'ignored');
    expect(await walk(journal, bodies, 91 + later)).toBe(1);
  });

  test('of a delivery that contradicts one event and brings another are held by that', async () => {
    const journal = await createJournal();
    await accept(journal, 'a', { route: ignored, read: { sameness: 'another' } });
    const both = deliveredBatch(['a', 'b']);
    expect(await journal.journal.accept({ ...both, deadline: soon() })).toEqual(['conflict', 'new']);
    await setState(journal, 'b', 'accepted');
    expect(await walk(journal, bodies, 91)).toBe(1);
    expect(await left(journal)).toEqual(['b']);
  });

  test('of duplicates, conflicts, refusals and handshakes go by age alone', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: parked });
    await accept(journal, 'e1', { route: parked, bytes: Buffer.from('"another attempt"') });
    await accept(journal, 'e1', { route: parked, read: { sameness: 'another' }, bytes: Buffer.from('"x"') });
    const log = createLogger({ level: 'silent', terminal: false });
    const keeper = createKeeper({ pool: journal.pool, sources: journalSources, log });
    const { delivery } = delivered({ id: 'x' });
    keeper.keep({ source: 'payment', delivery, verdict: 'refused' });
    keeper.keep({ source: 'payment', delivery, verdict: 'handshake' });
    await keeper.close();
    const withBody = () =>
      journal.rows(
        `select verdict from everhook.deliveries where body is not null or headers <> '{}' order by id`,
      );
    expect(await withBody()).toHaveLength(5);
    expect(await walk(journal, bodies, 91)).toBe(4);
    expect(await withBody()).toEqual([{ verdict: 'new' }]);
  });

  test('are found among those of other sources, which stay', async () => {
    const journal = await createJournal();
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await accept(journal, `p-${id}`, { route: ignored });
      for (const n of [1, 2]) await accept(journal, `g-${id}${n}`, { source: 'github', route: ignored });
    }
    expect(await walk(journal, bodies, 91, { limit: 2 })).toBe(5);
    expect((await left(journal)).every((id) => id.startsWith('g-'))).toBe(true);
    expect(await walk(journal, { ...bodies, source: 'github' }, 91)).toBe(10);
  });

  test('are walked over again where the days have changed', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: ignored });
    await walk(journal, bodies, 91);
    // Told apart from what was never looked at: it has a body once more.
    await journal.rows(`update everhook.deliveries set body = 'again'`);
    expect(await walk(journal, bodies, 92)).toBe(0);
    expect(await walk(journal, { ...bodies, days: 120 }, 92)).toBe(0);
    expect(await walk(journal, { ...bodies, days: 30 }, 92)).toBe(1);
    expect(await walk(journal, { ...bodies, days: 30 }, 92)).toBe(0);
  });

  test('that were held are not looked at where they are too young by now', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1');
    await walk(journal, bodies, 91);
    await setState(journal, 'e1', 'handled');
    expect(await walk(journal, { ...bodies, days: 120 }, 100)).toBe(0);
    expect(await left(journal)).toEqual(['e1']);
    expect(await walk(journal, { ...bodies, days: 120 }, 121)).toBe(1);
  });

  test('of 64 MiB and more are erased one after another', async () => {
    const journal = await createJournal();
    for (const id of ['a', 'b', 'c']) await accept(journal, id, { route: ignored });
    await journal.rows('update everhook.deliveries set body_bytes = 40000000');
    const step = () => retain(bodies, { pool: journal.pool, client: temporal, now: () => at(91) });
    expect(await step()).toEqual({ count: 1, more: true });
    expect(await step()).toEqual({ count: 1, more: true });
    expect(await step()).toEqual({ count: 1, more: false });
  });

  test.each([
    ['is let run again', 'parked', 'accepted'],
    ['starts', 'accepted', 'started'],
  ])('of a run that %s while Temporal is asked after another stay', async (_how, first, then) => {
    const journal = await createJournal();
    await started(journal, 'closed');
    await accept(journal, 'e1');
    await setState(journal, 'e1', first);
    const client = meanwhile(() => setState(journal, 'e1', then));
    expect(await walk(journal, bodies, 91, { client })).toBe(1);
    expect(await left(journal)).toEqual(['e1']);
  });

  test('stay where a run is wanted anew while Temporal is asked after the first', async () => {
    const journal = await createJournal();
    const { id } = await started(journal, 'closed');
    const client = meanwhile(() =>
      journal.rows(
        `insert into everhook.runs (event, n, source, kind, state)
         select id, 2, source, 'plain', 'accepted' from everhook.events on conflict do nothing`,
      ),
    );
    expect(await walk(journal, bodies, 91, { client })).toBe(0);
    expect(await left(journal)).toEqual([id]);
  });

  test('are each erased once by two walkers at once', async () => {
    const journal = await createJournal();
    await many(journal, 300);
    const counts = await Promise.all([1, 2].map(() => walk(journal, bodies, 91, { limit: 20 })));
    expect(counts[0]! + counts[1]!).toBe(300);
    expect(await left(journal)).toEqual([]);
  });
});

/** Ignored events, each delivered twice. */
const many = (journal: JournalUnderTest, count: number, read: { occurredAt?: string } = {}) =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await accept(journal, `e${index}`, { route: ignored, read });
      await accept(journal, `e${index}`, { route: ignored, read });
    }),
  );

const occurredAt = () => new Date().toISOString();

describe('ids', () => {
  test('are forgotten a day after their memory, with all that is known of them', async () => {
    const journal = await createJournal();
    const read = { occurredAt: occurredAt() };
    const options = { route: ignored, read };
    await accept(journal, 'e1', options);
    await accept(journal, 'e1', options);
    await accept(journal, 'e1', { ...options, read: { ...read, sameness: 'another' } });
    await accept(journal, 'young', options);
    await journal.rows(
      `update everhook.events set received_at = $1, occurred_at = $1 where event_id = 'young'`,
      [at(5)],
    );
    expect(await walk(journal, ids, 90.9)).toBe(0);
    expect(await walk(journal, ids, 91.1)).toBe(1);
    expect(await known(journal)).toEqual(['young']);
    expect(await journal.rows('select 1 from everhook.deliveries')).toHaveLength(1);
    expect(await journal.rows('select 1 from everhook.runs')).toHaveLength(1);
    expect(await journal.rows('select 1 from everhook.conflicts')).toEqual([]);
    expect(await accept(journal, 'e1', options)).toEqual(['ignored']);
  });

  test('without their own time are never forgotten, nor looked at again and again', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: ignored });
    await accept(journal, 'e1', { route: ignored });
    expect(await walk(journal, ids, 4000)).toBe(0);
    expect(await known(journal)).toEqual(['e1']);
    expect(await journal.rows('select 1 from everhook.deliveries')).toHaveLength(2);
    expect(await keptLonger(journal)).toEqual([]);
  });

  test('of events that occurred within the memory stay, however long ago they came', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: ignored, read: { occurredAt: at(5).toISOString() } });
    expect(await walk(journal, ids, 95.9)).toBe(0);
    expect(await known(journal)).toEqual(['e1']);
    expect(await walk(journal, ids, 95.9 + later)).toBe(1);
  });

  test('of events that came within the memory stay, however long ago they occurred', async () => {
    const journal = await createJournal();
    await accept(journal, 'e1', { route: ignored, read: { occurredAt: at(-300).toISOString() } });
    await journal.rows('update everhook.events set received_at = $1', [at(20)]);
    expect(await walk(journal, ids, 95)).toBe(0);
    expect(await known(journal)).toEqual(['e1']);
  });

  test.each(['accepted', 'parked', 'open'])('of a run that is %s stay', async (state) => {
    const journal = await createJournal();
    const { id } = await started(journal, state === 'open' ? 'open' : 'closed', {
      read: { occurredAt: occurredAt() },
    });
    if (state !== 'open') await setState(journal, id, state);
    expect(await walk(journal, ids, 4000)).toBe(0);
    expect(await known(journal)).toEqual([id]);
    await setState(journal, id, 'handled');
    expect(await walk(journal, ids, 4000 + later)).toBe(1);
    expect(await keptLonger(journal)).toEqual([]);
  });

  test('all stay while Temporal cannot say what is open', async () => {
    const journal = await createJournal();
    const { id } = await started(journal, 'closed', { read: { occurredAt: occurredAt() } });
    await expect(walk(journal, ids, 92, { client: await away() })).rejects.toThrow(/connect|deadline/i);
    expect(await known(journal)).toEqual([id]);
    expect(await walk(journal, ids, 92)).toBe(1);
  });

  test.each([
    ['is held', `update everhook.runs set state = 'parked' where id = (select max(id) from everhook.runs)`],
    [
      'has no time',
      'update everhook.events set occurred_at = null where id = (select max(id) from everhook.events)',
    ],
  ])('of a batch stay together where one %s', async (_why, sql) => {
    const journal = await createJournal();
    await journal.journal.accept({ ...deliveredBatch(['a', 'b']), deadline: soon() });
    await journal.rows(`update everhook.runs set state = 'handled'`);
    await journal.rows('update everhook.events set occurred_at = received_at');
    await journal.rows(sql);
    expect(await walk(journal, ids, 92)).toBe(0);
    expect(await known(journal)).toEqual(['a', 'b']);
    await journal.rows(`update everhook.runs set state = 'handled'`);
    await journal.rows('update everhook.events set occurred_at = received_at');
    // Days that have changed make it look at all of them.
    expect(await walk(journal, { ...ids, days: 91 }, 93)).toBe(2);
  });

  test('are forgotten before a later redelivery, whose row stays as long as any', async () => {
    const journal = await createJournal();
    const options = { route: ignored, read: { occurredAt: occurredAt() } };
    await accept(journal, 'e1', options);
    await accept(journal, 'e1', options);
    const fiftyDaysLater = `${at(50).getTime().toString(16).padStart(12, '0')}70008000000000000000`;
    await journal.rows(`update everhook.deliveries set id = $1 where verdict = 'duplicate'`, [
      fiftyDaysLater,
    ]);
    expect(await walk(journal, ids, 92)).toBe(1);
    expect(await journal.rows('select verdict from everhook.deliveries')).toEqual([{ verdict: 'duplicate' }]);
    expect(await walk(journal, ids, 142)).toBe(0);
    expect(await journal.rows('select verdict from everhook.deliveries')).toEqual([]);
  });

  test('that an older delivery repeats keep its row', async () => {
    const journal = await createJournal();
    await accept(journal, 'a', { route: ignored, read: { occurredAt: occurredAt() } });
    await accept(journal, 'b', { route: parked, read: { occurredAt: occurredAt() } });
    await accept(journal, 'b', { route: parked, read: { occurredAt: occurredAt() } });
    expect(await walk(journal, ids, 92)).toBe(1);
    expect(await journal.rows('select verdict from everhook.deliveries order by id')).toEqual([
      { verdict: 'new' },
      { verdict: 'duplicate' },
    ]);
    await setState(journal, 'b', 'ignored');
    await walk(journal, ids, 92 + later);
    expect(await journal.rows('select verdict from everhook.deliveries')).toEqual([]);
    expect(await keptLonger(journal)).toEqual([]);
  });

  test('are each forgotten once by two walkers at once, and the journal keeps to itself up to when', async () => {
    const journal = await createJournal();
    const read = { occurredAt: occurredAt() };
    await many(journal, 300, read);
    const both = [1, 2].map(() => walk(journal, ids, 92, { limit: 20 }));
    const counts = await Promise.all(both);
    expect(counts[0]! + counts[1]!).toBe(300);
    expect(await known(journal)).toEqual([]);
    await walk(journal, ids, 92 + later);
    expect(await journal.rows('select 1 from everhook.deliveries')).toEqual([]);
    expect(await journal.rows('select 1 from everhook.runs')).toEqual([]);
    expect(await journal.rows('select forgot from everhook.retention')).toEqual([
      { forgot: new Date(read.occurredAt) },
    ]);
  });

  test('of refused deliveries there are none: quarantine keeps its own bounds', async () => {
    const journal = await createJournal();
    const log = createLogger({ level: 'silent', terminal: false });
    const keeper = createKeeper({ pool: journal.pool, sources: journalSources, log });
    keeper.keep({ source: 'payment', delivery: delivered({ id: 'x' }).delivery, verdict: 'refused' });
    await keeper.close();
    await walk(journal, ids, 4000);
    expect(await journal.rows('select verdict from everhook.deliveries')).toEqual([{ verdict: 'refused' }]);
  });
});

test('sources erase after 90 days unless they say so, and forget where the time is signed, after 90 or more', () => {
  const { sources } = defineGateway({
    sources: {
      shop: source(payment()),
      git: source(github(), { retentionDays: 7 }),
      stripe: source(stripe()),
      brief: source(stripe(), { retentionDays: 1 }),
      long: source(stripe(), { retentionDays: 400 }),
      all: source(stripe(), { retentionDays: 'forever' }),
      off: source(stripe()),
    },
    routes: {},
    workflowsPath: '',
    activities: {},
  });
  const rules = retentionRules(sources, ['shop', 'git', 'stripe', 'brief', 'long', 'all']);
  expect(rules.map(({ source: name, task, days }) => `${name} ${task} ${days}`)).toEqual([
    'shop bodies 90',
    'git bodies 7',
    'stripe bodies 90',
    'stripe ids 90',
    'brief bodies 1',
    'brief ids 90',
    'long bodies 400',
    'long ids 400',
  ]);
});

describe('the walker', () => {
  async function start({ pool }: Pick<JournalUnderTest, 'pool'>, parts: Partial<WalkerParts> = {}) {
    const told: string[] = [];
    const walker = await startRetention({
      pool,
      client: temporal,
      rules: [bodies, ids],
      sources: ['payment'],
      log: { warn: (...line: unknown[]) => void told.push(line.at(-1) as string) },
      observer: {
        erased: (name, count) => void told.push(`${name} erased ${count}`),
        forgot: (name, count) => void told.push(`${name} forgot ${count}`),
      },
      intervalMs: 20,
      ...parts,
    });
    onTestFinished(() => walker.stop());
    return { walker, told };
  }

  test('erases and forgets in the background until it is stopped, and says so', async () => {
    const journal = await createJournal();
    const occurred = occurredAt();
    await accept(journal, 'e1', { route: ignored, read: { occurredAt: occurred } });
    const { walker, told } = await start(journal, { now: () => at(92) });
    await expect.poll(() => known(journal)).toEqual([]);
    await expect.poll(() => told).toEqual(['payment erased 1', 'payment forgot 1']);
    await expect.poll(() => walker.forgottenUpTo('payment')).toEqual(new Date(occurred));
    expect(walker.forgottenUpTo('github')).toBeUndefined();
    await walker.stop();
    await accept(journal, 'e2', { route: ignored });
    expect(await left(journal)).toEqual(['e2']);
    // Another process knows from its start on.
    const { walker: another } = await start(journal, { rules: [], intervalMs: 60_000 });
    expect(another.forgottenUpTo('payment')).toEqual(new Date(occurred));
  });

  test('goes on with other rules where one fails, and warns once', async () => {
    const journal = await createJournal();
    await started(journal, 'closed');
    await accept(journal, 'guid', { source: 'github', route: ignored });
    const rules = [bodies, { ...bodies, source: 'github' }];
    let times = 0;
    const client = asked(() => Promise.reject(new Error(`asked ${(times += 1)} times`)));
    const { told, walker } = await start(journal, { rules, client, now: () => at(91) });
    await expect.poll(() => told).toContain('github erased 1');
    await expect.poll(() => times).toBeGreaterThan(3);
    await walker.stop();
    expect(told.toSorted()).toEqual([
      'github erased 1',
      'what is due could not be erased; trying again every minute',
    ]);
    expect(await left(journal)).toHaveLength(1);
  });

  test('of a journal that is away begins all the same', async () => {
    const { walker, told } = await start({
      pool: { query: () => Promise.reject(new Error('away')) } as unknown as Pool,
    });
    await expect.poll(() => told).toHaveLength(1);
    expect(walker.forgottenUpTo('payment')).toBeUndefined();
  });
});

describe('appends go on', () => {
  test.each([bodies, ids])('while $task wait for a lock, which they do not for long', async (rule) => {
    const journal = await createJournal();
    const options = { route: ignored, read: { occurredAt: occurredAt() } };
    for (const id of ['a', 'b', 'c']) await accept(journal, id, options);
    const pool = createPool(journal.url, { name: 'retention-under-test', connections: 1, lockMs: 1500 });
    onTestFinished(() => pool.end());
    const blocker = await journal.pool.connect();
    onTestFinished(() => blocker.release(true));
    await blocker.query(
      `begin; select from everhook.deliveries where id = (select delivery_id from everhook.events where event_id = 'b') for update`,
    );
    const walking = walk({ pool }, rule, 92).catch((error: { code?: string }) => error.code);
    const waiting = () =>
      journal.rows(
        `select 1 from pg_stat_activity where application_name = 'retention-under-test' and wait_event_type = 'Lock'`,
      );
    await expect.poll(waiting, { interval: 10 }).toHaveLength(1);
    // What it has locked, what it waits for, and what is new.
    for (const id of ['a', 'b', 'c']) expect(await accept(journal, id, options)).toEqual(['duplicate']);
    expect(await accept(journal, 'd', options)).toEqual(['ignored']);
    expect(await waiting()).toHaveLength(1);
    // lock_not_available
    expect(await walking).toBe('55P03');
    await blocker.query('rollback');
    expect(await walk({ pool }, rule, 92)).toBe(4);
  });

  test('while thousands are erased and forgotten', async () => {
    const journal = await createJournal();
    const read = { occurredAt: occurredAt() };
    await many(journal, 1000, read);
    const walked = new AbortController();
    const walking = Promise.all([bodies, ids].map((rule) => walk(journal, rule, 92))).finally(() =>
      walked.abort(),
    );
    let accepted = 0;
    while (!walked.signal.aborted) {
      expect(await accept(journal, unique('new'), { source: 'github' })).toEqual(['new']);
      accepted += 1;
    }
    await walking;
    expect(accepted).toBeGreaterThan(5);
    expect(await journal.rows(`select 1 from everhook.events where source = 'payment'`)).toEqual([]);
    expect(journal.told.filter((line) => line.startsWith('journal_'))).toEqual([]);
    const [row] = await journal.rows(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    expect(row).toEqual({ deadlocks: 0 });
  });
});
