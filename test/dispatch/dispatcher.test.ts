import { expect, onTestFinished, test, vi } from 'vitest';
import type { Ring } from '../../src/dispatch/attempt.ts';
import type { Plan } from '../../src/accept.ts';
import { createDispatcher, startsInFlight, type DispatcherParts } from '../../src/dispatch/dispatcher.ts';
import type { ClaimedRun } from '../../src/journal/run.ts';
import { leaseSeconds } from '../../src/journal/open.ts';
import type { Claims } from '../../src/journal/claims.ts';
import { createLogger, type Logger } from '../../src/log.ts';
import { StartError } from '../../src/temporal/answers.ts';
import type { Run, Started } from '../../src/temporal/start.ts';
import { createJournal, delivered, plan, soon, type JournalUnderTest } from '../support/journal.ts';

interface Dispatching {
  readonly started: string[];
  readonly rung: string[];
  readonly outcomes: string[];
  hasRoom(): boolean;
  stop(): Promise<void>;
}

/** A dispatcher over the journal, whose starts are `answer`'s. */
function dispatch(
  { journal }: JournalUnderTest,
  answer: (run: Run) => Started | Promise<Started> = () => 'started',
  { ring, retentionSeconds = 86_400 }: { ring?: Ring; retentionSeconds?: number } = {},
): Dispatching {
  const started: string[] = [];
  const rung: string[] = [];
  const outcomes: string[] = [];
  const parts: DispatcherParts = {
    claims: journal.claims,
    async start(run) {
      started.push(run.workflowId ?? '');
      return await answer(run);
    },
    ring: async (bell) => {
      rung.push(bell.turn);
      await ring?.(bell);
    },
    leaseSeconds,
    retentionSeconds: () => Promise.resolve(retentionSeconds),
    log: createLogger({ level: 'silent', terminal: false }),
    observe: (_source, outcome) => void outcomes.push(outcome),
  };
  const dispatcher = createDispatcher(parts);
  journal.dispatchTo(dispatcher);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= dispatcher.stop());
  onTestFinished(stop);
  const hasRoom = () => dispatcher.hasRoom({ source: 'payment', route: '*' });
  return { started, rung, outcomes, hasRoom, stop };
}

/** Starts that stay under way until they are let go. */
function held() {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), answer: () => opened.then((): Started => 'started') };
}

/** A dispatcher over an empty journal. */
function bare({ claims, log }: { claims?: Partial<Claims>; log?: Logger } = {}) {
  const dispatcher = createDispatcher({
    claims: {
      claim: () => Promise.resolve({ runs: [], parked: [] }),
      markStarted: () => Promise.resolve(),
      park: () => Promise.resolve(),
      giveBack: () => Promise.resolve(),
      paused: () => Promise.resolve(new Set<string>()),
      backlog: () => Promise.resolve({ accepted: 0, oldestSeconds: 0, parked: 0 }),
      ...claims,
    },
    start: () => Promise.resolve('started'),
    ring: () => Promise.resolve(),
    leaseSeconds,
    retentionSeconds: () => Promise.resolve(86_400),
    log: log ?? createLogger({ level: 'silent', terminal: false }),
    observe: () => undefined,
  });
  onTestFinished(() => dispatcher.stop());
  return dispatcher;
}

const statesOf = (test: JournalUnderTest) =>
  test.rows<{ event_id: string; state: string; last_error: string | null }>(
    `select e.event_id, r.state, r.last_error from everhook.runs r join everhook.events e on e.id = r.event order by e.id`,
  );

const accept = ({ journal }: JournalUnderTest, id: string, options: Parameters<typeof delivered>[1] = {}) =>
  journal.accept({ ...delivered({ id }, options), deadline: soon() });

test('an accepted event is started after its answer, and marked', async () => {
  const journal = await createJournal();
  const { started } = dispatch(journal);
  expect(await accept(journal, 'e1')).toEqual(['new']);
  await expect
    .poll(() => statesOf(journal))
    .toEqual([{ event_id: 'e1', state: 'started', last_error: null }]);
  expect(started).toEqual(['payment:e1']);
});

test('what an earlier process accepted and never started is started, its event as it was', async () => {
  const journal = await createJournal({ room: false });
  const one = delivered(
    { id: 'e1', amount: 7 },
    { read: { key: 'k', occurredAt: '2026-01-02T03:04:05.000Z' } },
  );
  await journal.journal.accept({ ...one, deadline: soon() });
  const events: unknown[] = [];
  dispatch(journal, ({ event }) => {
    events.push(event);
    return 'started';
  });
  await expect.poll(() => events).toEqual([one.events[0]!.event]);
});

test('a lease that another process holds is left alone until it is over', async () => {
  const journal = await createJournal();
  await accept(journal, 'mine-no-more');
  await accept(journal, 'another');
  await journal.rows(
    `update everhook.runs set lease_until = now() - interval '1 second' where workflow_id = 'payment:mine-no-more'`,
  );
  const { started } = dispatch(journal);
  await expect.poll(() => started).toEqual(['payment:mine-no-more']);
  await expect
    .poll(async () => (await statesOf(journal)).map(({ state }) => state))
    .toEqual(['started', 'accepted']);
});

test('two dispatchers never take one row at a time', async () => {
  const one = await createJournal({ room: false });
  const ids = Array.from({ length: 200 }, (_, index) => `e${index}`);
  await Promise.all(ids.map((id) => accept(one, id)));
  const other = await createJournal({ url: one.url });
  const [first, second] = [dispatch(one), dispatch(other)];
  await expect
    .poll(async () => (await statesOf(one)).filter(({ state }) => state === 'started').length, {
      timeout: 20_000,
    })
    .toBe(200);
  expect([...first.started, ...second.started].toSorted()).toEqual(
    ids.map((id) => `payment:${id}`).toSorted(),
  );
});

test('while Temporal is away nothing is lost and little is tried; back, all of it is started', async () => {
  const journal = await createJournal();
  let away = true;
  const { started, outcomes } = dispatch(journal, () => {
    if (away) throw new StartError('unavailable', 'No connection established');
    return 'started';
  });
  for (let index = 0; index < 50; index++) await accept(journal, `e${index}`);
  await expect.poll(() => outcomes.length).toBeGreaterThan(1);
  expect((await statesOf(journal)).every(({ state }) => state === 'accepted')).toBe(true);
  // One run tries for all of them.
  expect(started.length).toBeLessThan(50);
  const { first_attempt_at } = (
    await journal.rows<{ first_attempt_at: Date | null }>(
      `select max(first_attempt_at) first_attempt_at from everhook.runs where leased_by is null`,
    )
  )[0]!;
  expect(first_attempt_at).toBeNull();
  away = false;
  await expect
    .poll(async () => (await statesOf(journal)).filter(({ state }) => state === 'started').length, {
      timeout: 15_000,
    })
    .toBe(50);
});

test('a start that timed out but happened is found started, and is one run', async () => {
  const journal = await createJournal();
  let first = true;
  const { started } = dispatch(journal, () => {
    if (!first) return 'duplicate';
    first = false;
    throw new StartError('unknown', 'deadline exceeded');
  });
  await accept(journal, 'e1');
  await expect.poll(() => statesOf(journal), { timeout: 10_000 }).toMatchObject([{ state: 'started' }]);
  expect(started).toEqual(['payment:e1', 'payment:e1']);
});

test.each([
  ['event_refused', 'parked'],
  ['id_taken', 'parked'],
  ['busy', 'accepted'],
  ['setup_refused', 'accepted'],
  ['argument_refused', 'accepted'],
] as const)('%s leaves a run %s, with the error', async (failure, state) => {
  const journal = await createJournal();
  const { outcomes } = dispatch(journal, () => {
    throw new StartError(failure, 'what Temporal said');
  });
  await accept(journal, 'e1');
  await expect.poll(() => outcomes).toContain(failure);
  await expect
    .poll(() => statesOf(journal))
    .toEqual([{ event_id: 'e1', state, last_error: expect.stringContaining('what Temporal said') }]);
});

test.each(['setup_refused', 'unknown', 'unavailable'] as const)(
  'after %s nothing else is sent for a while',
  async (failure) => {
    const journal = await createJournal();
    const { started, hasRoom } = dispatch(journal, () => {
      throw new StartError(failure, 'what Temporal said');
    });
    await accept(journal, 'e1');
    await expect.poll(() => started).toEqual(['payment:e1']);
    await expect.poll(hasRoom).toBe(false);
    // Without room what comes waits in the table, for the one that tries next.
    await Promise.all(Array.from({ length: 20 }, (_, index) => accept(journal, `later-${index}`)));
    expect(started.length).toBeLessThan(4);
  },
);

test('a route whose argument is refused rests; other routes go on', async () => {
  const journal = await createJournal();
  const { started } = dispatch(journal, ({ workflow }) => {
    if (workflow === 'broken') throw new StartError('argument_refused', 'no');
    return 'started';
  });
  const broken: Plan = { ...plan, route: 'broken', workflow: 'broken' };
  await accept(journal, 'bad', { route: broken });
  await expect.poll(() => started).toEqual(['payment:bad']);
  await accept(journal, 'bad-2', { route: broken });
  await accept(journal, 'good');
  await expect.poll(() => started).toContain('payment:good');
  expect(started).not.toContain('payment:bad-2');
});

test('a start that is unknown for longer than Temporal remembers is for a person to decide', async () => {
  const journal = await createJournal({ room: false });
  await accept(journal, 'old');
  await accept(journal, 'young');
  await journal.rows(
    `update everhook.runs set first_attempt_at = now() - interval '23 hours 1 minute' where workflow_id = 'payment:old'`,
  );
  const { started, outcomes } = dispatch(journal);
  await expect
    .poll(() => statesOf(journal))
    .toMatchObject([
      { event_id: 'old', state: 'parked', last_error: expect.stringMatching(/^outcome_unknown/) },
      { event_id: 'young', state: 'started' },
    ]);
  expect(started).toEqual(['payment:young']);
  expect(outcomes).toContain('outcome_unknown');
});

test('what is paused stays accepted until it is resumed', async () => {
  const journal = await createJournal();
  await journal.rows(`insert into everhook.pauses (source, route, by) values ('payment', 'held', 'a test')`);
  const { started } = dispatch(journal);
  await expect.poll(() => journal.journal.claims.paused()).toEqual(new Set(['payment/held']));
  const seen = async () => (await statesOf(journal)).map(({ event_id, state }) => `${event_id} ${state}`);
  await accept(journal, 'free');
  await expect.poll(() => started).toEqual(['payment:free']);
  await accept(journal, 'e1', { route: { ...plan, route: 'held' } });
  await accept(journal, 'free-2');
  await expect.poll(() => started).toEqual(['payment:free', 'payment:free-2']);
  expect(await seen()).toContain('e1 accepted');
  await journal.rows('delete from everhook.pauses');
  await expect.poll(seen).toContain('e1 started');
});

test('an event that cannot be read again is parked, and says why', async () => {
  const journal = await createJournal({ room: false });
  await accept(journal, 'gone');
  await journal.rows('update everhook.deliveries set body = null');
  dispatch(journal);
  await expect
    .poll(() => statesOf(journal))
    .toEqual([
      { event_id: 'gone', state: 'parked', last_error: 'unreadable: the body of payment:gone was purged' },
    ]);
});

test('a keyed row is rung, stays accepted, and is rung again later', async () => {
  const journal = await createJournal();
  const { rung, started } = dispatch(journal);
  const keyed: Plan = { ...plan, kind: 'inOrderBy', turnKey: 'repository 1', settlingSeconds: 2 };
  await accept(journal, 'e1', { route: keyed });
  await expect.poll(() => rung).toEqual(['payment~recordEvent:repository%201']);
  const leases = () =>
    journal.rows<{ state: string; later: boolean }>(
      `select state, lease_until > now() + interval '5 seconds' and lease_until < now() + interval '12 seconds' as later from everhook.runs`,
    );
  await expect.poll(leases).toEqual([{ state: 'accepted', later: true }]);
  await journal.rows('update everhook.runs set lease_until = now()');
  await expect.poll(() => rung.length).toBe(2);
  expect(started).toEqual([]);
});

test('one source in flood leaves another its share', async () => {
  const journal = await createJournal({ room: false });
  await Promise.all(Array.from({ length: 150 }, (_, index) => accept(journal, `flood-${index}`)));
  const bytes = Buffer.from('{"repository":{"id":1}}');
  await accept(journal, 'guid', { source: 'careful', bytes });
  await journal.rows(
    `update everhook.deliveries set headers = '{"x-github-event": ["push"], "x-github-delivery": ["guid"]}' where source = 'careful'`,
  );
  const { started } = dispatch(journal);
  await expect.poll(() => started.length, { timeout: 15_000 }).toBe(151);
  expect(started.indexOf('careful:guid')).toBeLessThan(40);
});

test('stopping gives back what was not started, at once', async () => {
  const journal = await createJournal();
  const { stop, started } = dispatch(journal, () => new Promise(() => undefined));
  await Promise.all(Array.from({ length: 40 }, (_, index) => accept(journal, `e${index}`)));
  await expect.poll(() => started.length).toBe(startsInFlight);
  await stop();
  const rows = await journal.rows<{ free: boolean }>(
    'select lease_until <= now() as free from everhook.runs',
  );
  // What is under way may have been started: its lease holds it.
  expect(rows.filter(({ free }) => free)).toHaveLength(40 - startsInFlight);
});

test('a pause holds what is in memory already, and leaves it untouched', async () => {
  const journal = await createJournal();
  const gate = held();
  const { started, hasRoom } = dispatch(journal, gate.answer);
  await Promise.all(Array.from({ length: 40 }, (_, index) => accept(journal, `e${index}`)));
  await expect.poll(() => started.length).toBe(startsInFlight);
  await journal.rows(`insert into everhook.pauses (source, by) values ('payment', 'a test')`);
  await expect.poll(hasRoom).toBe(false);
  gate.open();
  const untouched = `select from everhook.runs where state = 'accepted' and first_attempt_at is null and lease_until <= now()`;
  await expect.poll(async () => (await journal.rows(untouched)).length).toBe(40 - startsInFlight);
  expect(started).toHaveLength(startsInFlight);
});

test('a flood of new events and a backlog of old ones each have half of the starts', async () => {
  const before = await createJournal({ room: false });
  const old = Array.from({ length: 40 }, (_, index) => `old-${index}`);
  await Promise.all(old.map((id) => accept(before, id)));
  await before.rows(`update everhook.runs set lease_until = now() + interval '1 hour'`);
  const journal = await createJournal({ url: before.url });
  const release: (() => void)[] = [];
  let over = false;
  const { started } = dispatch(journal, () =>
    over ? 'started' : new Promise((resolve) => void release.push(() => resolve('started'))),
  );
  onTestFinished(() => {
    over = true;
    for (const letGo of release) letGo();
  });
  await Promise.all(Array.from({ length: 100 }, (_, index) => accept(journal, `new-${index}`)));
  await expect.poll(() => started.length).toBe(startsInFlight);
  await journal.rows(`update everhook.runs set lease_until = now() where workflow_id like 'payment:old-%'`);
  const claimed = `select from everhook.runs where workflow_id like 'payment:old-%' and attempts > 0`;
  await expect.poll(async () => (await journal.rows(claimed)).length).toBe(startsInFlight);
  for (const letGo of release.splice(0)) letGo();
  await expect.poll(() => started.length).toBe(2 * startsInFlight);
  const second = started.slice(startsInFlight);
  expect(second.filter((id) => id.startsWith('payment:old-'))).toHaveLength(startsInFlight / 2);
});

test('what somebody decided while a run was being started stays decided', async () => {
  const journal = await createJournal();
  const gate = held();
  const { started, outcomes, stop } = dispatch(journal, gate.answer);
  await accept(journal, 'e1');
  await expect.poll(() => started).toHaveLength(1);
  await journal.rows(`update everhook.runs set state = 'parked', last_error = 'by a person'`);
  gate.open();
  await expect.poll(() => outcomes).toEqual(['started']);
  await stop();
  expect(await statesOf(journal)).toMatchObject([{ state: 'parked', last_error: 'by a person' }]);
});

test.each([
  ['runs', 1000, 0],
  ['bytes', 3, 16 * 1024 * 1024],
])('what waits in memory is bounded by its %s', async (_what, count, bytes) => {
  const dispatcher = bare();
  const run = (index: number): ClaimedRun => ({
    id: String(index),
    n: 1,
    source: 'payment',
    route: '*',
    kind: 'plain',
    workflow: 'recordEvent',
    taskQueue: 'everhook',
    attempts: 1,
    mayBeStarted: false,
    bytes,
    event: () => Promise.reject(new Error('nothing to read')),
  });
  // In one turn of the event loop: nothing has left the queue yet.
  const room = Array.from({ length: count }, (_, index) => {
    const has = dispatcher.hasRoom({ source: 'payment', route: '*' });
    dispatcher.handOver([run(index)]);
    return has;
  });
  expect(room).toEqual(Array.from({ length: count }, (_, index) => index * bytes < 32 * 1024 * 1024));
  expect(dispatcher.hasRoom({ source: 'payment', route: '*' })).toBe(false);
});

test('an outage of the journal is told of once, and so is its end', async () => {
  const log = createLogger({ level: 'silent', terminal: false });
  const lines: string[] = [];
  const tell = (...[, line]: unknown[]) => void lines.push(String(line));
  vi.spyOn(log, 'warn').mockImplementation(tell);
  vi.spyOn(log, 'info').mockImplementation((line: unknown) => void lines.push(String(line)));
  let looks = 0;
  const claim = vi.fn<Claims['claim']>(() => {
    looks += 1;
    if (looks > 3) return Promise.resolve({ runs: [], parked: [] });
    return Promise.reject(new Error('away'));
  });
  bare({ claims: { claim }, log });
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
  expect(looks).toBeGreaterThan(3);
  expect(lines).toEqual([
    'the journal could not be swept; trying again',
    'the journal is back: it is swept again',
  ]);
});
