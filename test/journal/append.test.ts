import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { noKeys } from '../../src/encryption/keys.ts';
import { openJournal } from '../../src/journal/open.ts';
import { findEvent } from '../../src/journal/search.ts';
import { createJournal, delivered, deliveredBatch, journalSources, plan, soon } from '../support/journal.ts';

test('a new event is committed with its delivery and its run, and handed over under a lease', async () => {
  const { journal, handed, rows } = await createJournal();
  const one = delivered(
    { id: 'e1', data: { payment_id: 'p1' } },
    { read: { key: 'p1', labels: { customer: 'c1' } } },
  );
  expect(await journal.accept({ ...one, deadline: soon() })).toEqual(['new']);

  const [delivery] = await rows<Record<string, unknown>>('select * from everhook.deliveries');
  expect(delivery).toMatchObject({
    source: 'payment',
    verdict: 'new',
    remote_address: '127.0.0.1',
    repeats: null,
  });
  expect(delivery!['body']).toEqual(one.delivery.body);
  expect(delivery!['headers']).toEqual({
    'content-type': ['application/json'],
    'x-webhook-signature': ['a'.repeat(64)],
  });
  expect(await rows('select source, event_id, key, labels, possible_replay from everhook.events')).toEqual([
    { source: 'payment', event_id: 'e1', key: 'p1', labels: { customer: 'c1' }, possible_replay: false },
  ]);
  expect(
    await rows(
      `select state, n, workflow, workflow_id, attempts, lease_until > now() as leased from everhook.runs`,
    ),
  ).toEqual([
    {
      state: 'accepted',
      n: 1,
      workflow: 'recordEvent',
      workflow_id: 'payment:e1',
      attempts: 1,
      leased: true,
    },
  ]);
  expect(handed).toMatchObject([{ source: 'payment', workflow: 'recordEvent', workflowId: 'payment:e1' }]);
  expect(await handed[0]!.event()).toEqual(one.events[0]!.event);
});

test('where dispatch has no room the run waits in the table, leased to nobody', async () => {
  const { journal, handed, rows } = await createJournal({ room: false });
  await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon() });
  expect(handed).toEqual([]);
  expect(await rows('select leased_by, attempts, lease_until <= now() as free from everhook.runs')).toEqual([
    { leased_by: null, attempts: 0, free: true },
  ]);
});

test('an ignored event and a parked one are kept with their state, and handed to nobody', async () => {
  const { journal, handed, rows } = await createJournal();
  const ignored = delivered({ id: 'i' }, { route: { state: 'ignored' } });
  const parked = delivered(
    { id: 'p' },
    { route: { state: 'parked', route: '*', why: 'payload_unexpected', note: '/total', run: plan } },
  );
  expect(await journal.accept({ ...ignored, deadline: soon() })).toEqual(['ignored']);
  expect(await journal.accept({ ...parked, deadline: soon() })).toEqual(['new']);
  expect(await rows('select state, kind, last_error from everhook.runs order by id')).toEqual([
    { state: 'ignored', kind: 'none', last_error: null },
    { state: 'parked', kind: 'plain', last_error: 'payload_unexpected: /total' },
  ]);
  expect(handed).toEqual([]);
});

test('a retry with equal bytes stores no second body, and is a duplicate', async () => {
  const { journal, handed, rows } = await createJournal();
  await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon() });
  expect(await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon() })).toEqual(['duplicate']);
  const events = await rows<{ id: string }>('select id from everhook.events');
  expect(events).toHaveLength(1);
  expect(
    await rows('select verdict, body is null as empty, repeats from everhook.deliveries order by id'),
  ).toEqual([
    { verdict: 'new', empty: false, repeats: null },
    { verdict: 'duplicate', empty: true, repeats: [events[0]!.id] },
  ]);
  expect(handed).toHaveLength(1);
});

test('a retry whose bytes differ where the provider says so is a duplicate, and its bytes are kept', async () => {
  const { journal, rows } = await createJournal();
  const sameness = { id: 'e1' };
  await journal.accept({ ...delivered({ id: 'e1', attempt: 1 }, { read: { sameness } }), deadline: soon() });
  const again = delivered({ id: 'e1', attempt: 2 }, { read: { sameness } });
  expect(await journal.accept({ ...again, deadline: soon() })).toEqual(['duplicate']);
  expect(await rows('select body is null as empty from everhook.deliveries order by id')).toEqual([
    { empty: false },
    { empty: false },
  ]);
});

test('the same id with another content is a conflict: kept once, visible, not run', async () => {
  const { journal, handed, rows } = await createJournal();
  await journal.accept({ ...delivered({ id: 'e1', amount: 1 }), deadline: soon() });
  for (let time = 0; time < 2; time++) {
    const other = delivered({ id: 'e1', amount: 2 });
    expect(await journal.accept({ ...other, deadline: soon() })).toEqual(['conflict']);
  }
  expect(await rows('select why, event_id from everhook.conflicts')).toEqual([
    { why: 'other_content', event_id: 'e1' },
  ]);
  expect(
    await rows(`select verdict, body is null as empty from everhook.deliveries where verdict = 'conflict'`),
  ).toEqual([
    { verdict: 'conflict', empty: false },
    { verdict: 'conflict', empty: true },
  ]);
  // A third content is another conflict, and its bytes are kept.
  await journal.accept({ ...delivered({ id: 'e1', amount: 3 }), deadline: soon() });
  expect(
    await rows(
      `select count(*)::int from everhook.deliveries where verdict = 'conflict' and body is not null`,
    ),
  ).toEqual([{ count: 2 }]);
  expect(handed).toHaveLength(1);
});

test('what is signed, under another id, is a conflict', async () => {
  const { journal, handed, pool, rows } = await createJournal();
  await journal.accept({
    ...delivered({ id: 'e1' }, { read: { once: 'transmission 1' } }),
    deadline: soon(),
  });
  const other = delivered({ id: 'e2' }, { read: { once: 'transmission 1' } });
  expect(await journal.accept({ ...other, deadline: soon() })).toEqual(['conflict']);
  expect(await rows('select why, event_id from everhook.conflicts')).toEqual([
    { why: 'other_id', event_id: 'e2' },
  ]);
  // Its sender was told of e2: whoever asks for that is shown what it contradicts.
  expect(await findEvent(pool, { source: 'payment', ids: ['e2'] })).toBe('e1');
  expect(await findEvent(pool, { source: 'payment', ids: ['e3'] })).toBeUndefined();
  expect(handed).toHaveLength(1);
});

test('equal signed bytes under another id run and are told of, or are refused where the source says so', async () => {
  const { journal, told, rows } = await createJournal();
  const bytes = Buffer.from('{"the":"same"}');
  const send = (source: string, id: string) =>
    journal.accept({ ...delivered({ id }, { source, bytes, read: { echo: 'hash' } }), deadline: soon() });
  expect(await send('github', 'guid-1')).toEqual(['new']);
  expect(await send('github', 'guid-2')).toEqual(['new']);
  expect(await send('careful', 'guid-1')).toEqual(['new']);
  expect(await send('careful', 'guid-2')).toEqual(['conflict']);
  expect(told.filter((line) => line.startsWith('replay'))).toEqual(['replay github']);
  expect(await rows('select source, event_id from everhook.events where possible_replay')).toEqual([
    { source: 'github', event_id: 'guid-2' },
  ]);
});

test('deliveries that arrive together share a commit, and duplicates among them are found', async () => {
  const { journal, told, rows, handed } = await createJournal();
  const all = ['b', 'a', 'b', 'c', 'a', 'a'].map((id) =>
    journal.accept({ ...delivered({ id }), deadline: soon() }),
  );
  expect((await Promise.all(all)).flat()).toEqual([
    'new',
    'new',
    'duplicate',
    'new',
    'duplicate',
    'duplicate',
  ]);
  expect(told).toEqual(['committed 6']);
  expect(handed).toHaveLength(3);
  expect(await rows('select event_id from everhook.events order by id')).toEqual([
    { event_id: 'a' },
    { event_id: 'b' },
    { event_id: 'c' },
  ]);
});

test('the events of one delivery are there all or none, and each has its own verdict', async () => {
  const { journal, rows } = await createJournal();
  await journal.accept({ ...deliveredBatch(['b']), deadline: soon() });
  expect(await journal.accept({ ...deliveredBatch(['a', 'b', 'c']), deadline: soon() })).toEqual([
    'new',
    'duplicate',
    'new',
  ]);
  const bad = deliveredBatch(['d', 'e\0', 'f']);
  await expect(journal.accept({ ...bad, deadline: soon() })).rejects.toMatchObject({
    code: 'payload_unreadable',
  });
  expect(await rows('select event_id, position from everhook.events order by event_id')).toEqual([
    { event_id: 'a', position: 0 },
    { event_id: 'b', position: 0 },
    { event_id: 'c', position: 2 },
  ]);
});

test('a delivery may name an event twice, as batches of HubSpot do: it runs once, and is kept once', async () => {
  const { journal, rows, handed } = await createJournal();
  const answered = await journal.accept({ ...deliveredBatch(['a', 'b', 'a']), deadline: soon() });
  expect(answered).toEqual(['new', 'new', 'duplicate']);
  expect(handed).toHaveLength(2);
  expect(await rows('select event_id, position from everhook.events order by event_id')).toEqual([
    { event_id: 'a', position: 0 },
    { event_id: 'b', position: 1 },
  ]);
  expect(await rows('select count(*)::int as count from everhook.deliveries')).toEqual([{ count: 1 }]);
  expect(await rows('select 1 from everhook.conflicts')).toEqual([]);
});

test('an id with NUL is refused alone; those that shared its commit are taken', async () => {
  const { journal, rows } = await createJournal();
  const ids = ['a', 'b\0', 'c', 'd', 'e'];
  const all = await Promise.allSettled(
    ids.map((id) => journal.accept({ ...delivered({ id }), deadline: soon() })),
  );
  expect(all.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(all[1]).toMatchObject({ reason: { code: 'payload_unreadable', reason: 'text_unstorable' } });
  expect(await rows('select count(*)::int from everhook.events')).toEqual([{ count: 4 }]);
});

test('a body nested too deeply is refused for good, alone', async () => {
  const { journal, rows } = await createJournal();
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
  const bytes = Buffer.from('{}');
  const refused = journal.accept({ ...delivered({ id: 'deep', deep }, { bytes }), deadline: soon() });
  await expect(refused).rejects.toMatchObject({ code: 'payload_unreadable', reason: 'too_deep' });
  expect(await journal.accept({ ...delivered({ id: 'next' }), deadline: soon() })).toEqual(['new']);
  expect(await rows('select count(*)::int from everhook.events')).toEqual([{ count: 1 }]);
});

test('two replicas with the same events in any order: each once, nobody waits for ever', async () => {
  const one = await createJournal();
  const other = await createJournal({ url: one.url });
  const ids = Array.from({ length: 300 }, (_, index) => `e${index}`);
  const accept = ({ journal }: typeof one, order: readonly string[]) =>
    order.map((id) => journal.accept({ ...delivered({ id }), deadline: soon(10_000) }));
  const verdicts = await Promise.all([...accept(one, ids), ...accept(other, ids.toReversed())]);
  expect(verdicts.flat().filter((verdict) => verdict === 'new')).toHaveLength(300);
  expect(verdicts.flat().filter((verdict) => verdict === 'duplicate')).toHaveLength(300);
  expect(one.handed.length + other.handed.length).toBe(300);
});

test('two batches in opposite order, held up in the middle, do not wait for each other', async () => {
  const one = await createJournal();
  const other = await createJournal({ url: one.url });
  await one.journal.accept({ ...delivered({ id: 'seed' }), deadline: soon() });
  const blocker = new Client({ connectionString: one.url });
  await blocker.connect();
  onTestFinished(() => blocker.end());
  // The middle one of three is just being written by somebody who will not.
  await blocker.query(`begin;
    insert into everhook.events (source, event_id, position, delivery_id, type, received_at, fingerprint, reader)
    select source, 'm', position, delivery_id, type, received_at, fingerprint, reader from everhook.events`);
  const up = one.journal.accept({ ...deliveredBatch(['a', 'm', 'z']), deadline: soon(10_000) });
  const down = other.journal.accept({ ...deliveredBatch(['z', 'm', 'a']), deadline: soon(10_000) });
  // Not by the blocker: in a transaction it would see the same again and again.
  const waiting = async () =>
    (
      await one.rows(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    ).length;
  await expect.poll(waiting).toBe(2);
  await blocker.query('rollback');
  expect([await up, await down].flat().toSorted()).toEqual([
    ...Array<string>(3).fill('duplicate'),
    ...Array<string>(3).fill('new'),
  ]);
  await one.journal.close();
  await other.journal.close();
  // A server process has told its statistics when it has ended.
  const others = `select from pg_stat_activity where datname = current_database() and application_name like 'everhook%'`;
  await expect.poll(async () => (await blocker.query(others)).rowCount).toBe(0);
  const { rows } = await blocker.query(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  );
  expect(rows).toEqual([{ deadlocks: 0 }]);
});

test.each(['40P01', '40001'])('a commit that PostgreSQL ends with %s is tried once more', async (code) => {
  const { journal, rows, told } = await createJournal();
  await rows(`create sequence failures`);
  await rows(`create function fail() returns trigger language plpgsql as $$
    begin if nextval('failures') = 1 then raise exception 'as told' using errcode = '${code}'; end if; return new; end $$`);
  await rows('create trigger fail after insert on everhook.events for each row execute function fail()');
  expect(await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon() })).toEqual(['new']);
  await expect.poll(() => told).toEqual(['committed 1']);
});

test('a batch has bounded bytes', async () => {
  const { journal, told } = await createJournal();
  const bytes = Buffer.alloc(20 * 1024 * 1024, ' ');
  const large = ['a', 'b', 'c'].map((id) =>
    journal.accept({ ...delivered({ id }, { bytes }), deadline: soon(20_000) }),
  );
  expect((await Promise.all(large)).flat()).toEqual(['new', 'new', 'new']);
  await expect.poll(() => told).toEqual(['committed 1', 'committed 1', 'committed 1']);
});

test('a batch has bounded deliveries and events', async () => {
  const { journal, told } = await createJournal();
  const many = Array.from({ length: 600 }, (_, index) =>
    journal.accept({ ...delivered({ id: `d${index}` }), deadline: soon(20_000) }),
  );
  expect((await Promise.all(many)).flat().every((verdict) => verdict === 'new')).toBe(true);
  const sizes = () => told.map((line) => Number(line.split(' ')[1]));
  await expect.poll(() => sizes().reduce((sum, size) => sum + size, 0)).toBe(600);
  expect(Math.max(...sizes())).toBe(256);
  told.length = 0;
  const wide = Array.from({ length: 3 }, (_, batch) =>
    journal.accept({
      ...deliveredBatch(Array.from({ length: 600 }, (_none, index) => `w${batch}-${index}`)),
      deadline: soon(20_000),
    }),
  );
  expect((await Promise.all(wide)).flat()).toHaveLength(1800);
  await expect.poll(() => told).toEqual(['committed 1', 'committed 1', 'committed 1']);
});

/** Another session that has written an event and not committed: whoever writes it too waits. */
async function holdUp(url: string, id: string) {
  const session = new Client({ connectionString: url });
  await session.connect();
  onTestFinished(() => session.end());
  await session.query('begin');
  await session.query(
    `insert into everhook.events (source, event_id, position, delivery_id, type, received_at, fingerprint, reader)
     values ('payment', $1, 0, gen_random_uuid(), 'x', now(), '', 'x')`,
    [id],
  );
  return { release: () => session.query('rollback') };
}

test('a commit that is held up keeps nobody but its own from the other connection', async () => {
  const { journal, url } = await createJournal();
  await journal.accept({ ...delivered({ id: 'first' }), deadline: soon() });
  const { release } = await holdUp(url, 'stuck-0');
  const stuck = Array.from({ length: 8 }, (_, index) =>
    journal.accept({ ...delivered({ id: `stuck-${index}` }), deadline: soon(20_000) }),
  );
  // They are on their way.
  await expect.poll(() => journal.appender.waiting).toBe(0);
  expect(await journal.accept({ ...delivered({ id: 'other' }), deadline: soon(10_000) })).toEqual(['new']);
  await release();
  expect((await Promise.all(stuck)).flat()).toEqual(Array.from({ length: 8 }, () => 'new'));
});

test('what has been refused is not written behind its sender’s back', async () => {
  const { journal, url, rows } = await createJournal();
  await journal.accept({ ...delivered({ id: 'first' }), deadline: soon() });
  const held = await Promise.all([holdUp(url, 'a'), holdUp(url, 'b')]);
  // Both connections are taken.
  const under = [];
  for (const id of ['a', 'b']) {
    under.push(journal.accept({ ...delivered({ id }), deadline: soon(20_000) }));
    await expect.poll(() => journal.appender.waiting).toBe(0);
  }
  const late = journal.accept({ ...delivered({ id: 'late' }), deadline: soon(100) });
  const patient = journal.accept({ ...delivered({ id: 'patient' }), deadline: soon(20_000) });
  await expect(late).rejects.toMatchObject({ reason: 'journal_slow' });
  for (const { release } of held) await release();
  await Promise.all(under);
  expect(await patient).toEqual(['new']);
  expect(await journal.accept({ ...delivered({ id: 'after' }), deadline: soon() })).toEqual(['new']);
  expect(await rows(`select event_id from everhook.events where event_id = 'late'`)).toEqual([]);
});

test('two signed alike under different ids, in one batch: one of them runs', async () => {
  const { journal, handed, rows } = await createJournal();
  const read = { once: 'what was signed' };
  const verdicts = await Promise.all(
    ['t1', 't2'].map((id) => journal.accept({ ...delivered({ id }, { read }), deadline: soon() })),
  );
  expect(verdicts.flat().toSorted()).toEqual(['conflict', 'new']);
  expect(handed).toHaveLength(1);
  expect(await rows('select why from everhook.conflicts')).toEqual([{ why: 'other_id' }]);
});

test.each([
  ['NUL', 'a\0b'],
  ['half a surrogate pair', 'a\ud800b'],
])('what is said of a run may quote %s', async (_what, text) => {
  const { journal, rows, handed } = await createJournal();
  await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon() });
  await journal.accept({ ...delivered({ id: 'e2' }), deadline: soon() });
  const [first, second] = handed.map(({ id }) => id);
  await journal.claims.park([{ id: first!, error: `unreadable: ${text}` }]);
  await journal.claims.giveBack([{ id: second!, delaySeconds: 1, error: text, untouched: true }]);
  expect(await rows('select state, last_error from everhook.runs order by id')).toEqual([
    { state: 'parked', last_error: 'unreadable: a\uFFFDb' },
    { state: 'accepted', last_error: 'a\uFFFDb' },
  ]);
});

test('credentials in headers are not kept, whatever a provider lists', async () => {
  const { url, rows } = await createJournal();
  const { provider } = journalSources['payment']!;
  const careless = openJournal({
    databaseUrl: url,
    sources: {
      payment: {
        provider: {
          ...provider,
          keepHeaders: ['authorization', 'cookie', 'proxy-authorization', 'x-webhook-signature'],
        },
        refuseReplays: false,
        keys: noKeys,
      },
    },
    observer: { committed: () => undefined, failed: () => undefined, possibleReplay: () => undefined },
  });
  onTestFinished(() => careless.close());
  await careless.accept({ ...delivered({ id: 'e1' }), deadline: soon() });
  const [{ names }] = (await rows(
    'select array(select jsonb_object_keys(headers) order by 1) as names from everhook.deliveries',
  )) as [{ names: string[] }];
  expect(names).toEqual(['content-type', 'x-webhook-signature']);
});

test('while the journal is away deliveries are refused at once, and taken again when it is back', async () => {
  const proxy = await createProxy();
  const { journal, told } = await createJournal();
  await journal.accept({ ...delivered({ id: 'before' }), deadline: soon() });
  const away = openJournal({
    databaseUrl: proxy.url,
    sources: journalSources,
    observer: {
      committed: () => undefined,
      failed: (reason) => told.push(reason),
      possibleReplay: () => undefined,
    },
  });
  onTestFinished(() => away.close());
  await migrated(proxy.target);
  proxy.cut();
  const refused = away.accept({ ...delivered({ id: 'e1' }), deadline: soon() });
  await expect(refused).rejects.toMatchObject({ code: 'not_durable', reason: 'journal_unavailable' });
  proxy.mend();
  expect(await away.accept({ ...delivered({ id: 'e1' }), deadline: soon() })).toEqual(['new']);
});

test('a commit that does not come back in time is refused at the deadline, and its connection ended', async () => {
  const { journal, url, told, rows } = await createJournal();
  await journal.accept({ ...delivered({ id: 'first' }), deadline: soon() });
  const blocker = new Client({ connectionString: url });
  await blocker.connect();
  onTestFinished(() => blocker.end());
  await blocker.query('begin; lock table everhook.events in access exclusive mode');
  const slow = journal.accept({ ...delivered({ id: 'slow' }), deadline: soon(300) });
  await expect(slow).rejects.toMatchObject({ code: 'not_durable', reason: 'journal_slow' });
  expect(told).toContain('journal_slow');
  await blocker.query('commit');
  expect(await journal.accept({ ...delivered({ id: 'next' }), deadline: soon() })).toEqual(['new']);
  // Whether the slow one got in after all is the database's to say; sent again it is there once.
  expect(['new', 'duplicate']).toContain(
    (await journal.accept({ ...delivered({ id: 'slow' }), deadline: soon() }))[0],
  );
  expect(await rows(`select count(*)::int from everhook.events where event_id = 'slow'`)).toEqual([
    { count: 1 },
  ]);
});

test.each([
  ['off', 'on'],
  ['local', 'on'],
  ['remote_write', 'on'],
  ['remote_apply', 'remote_apply'],
])('a commit is durable where the database says synchronous_commit = %s', async (said, held) => {
  const { journal, url, rows } = await createJournal();
  const name = new URL(url).pathname.slice(1);
  await rows(`alter database ${name} set synchronous_commit = ${said}`);
  const again = openJournal({
    databaseUrl: url,
    sources: journalSources,
    observer: { committed: () => undefined, failed: () => undefined, possibleReplay: () => undefined },
  });
  onTestFinished(() => again.close());
  const { rows: shown } = await again.pool.query<{ synchronous_commit: string }>('show synchronous_commit');
  expect(shown).toEqual([{ synchronous_commit: held }]);
  expect(await journal.serves()).toBe(true);
});

async function migrated(url: string): Promise<void> {
  const { migrateSchema } = await import('../../src/postgres/migrate.ts');
  const { journalSchema } = await import('../../src/journal/schema.ts');
  await migrateSchema(url, journalSchema);
}

/** A TCP proxy in front of an empty database, whose connections can be cut. */
async function createProxy() {
  const { createDatabase } = await import('../support/postgres.ts');
  const database = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => database.drop());
  const target = new URL(database.url);
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    if (!open) return void socket.destroy();
    const upstream = connect(Number(target.port), target.hostname).on('error', () => undefined);
    sockets.add(upstream);
    socket.pipe(upstream).pipe(socket);
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(database.url);
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    open = false;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { url: url.href, target: database.url, cut, mend: () => void (open = true) };
}
