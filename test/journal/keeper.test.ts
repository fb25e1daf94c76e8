import { expect, onTestFinished, test } from 'vitest';
import type { KeptDelivery } from '../../src/accept.ts';
import { sha256 } from '../../src/providers/signature.ts';
import {
  createKeeper,
  refusedBodyBytes,
  trimQuarantine,
  type KeeperLimits,
} from '../../src/journal/keeper.ts';
import { createLogger } from '../../src/log.ts';
import { createJournal, delivered, journalSources, type JournalUnderTest } from '../support/journal.ts';

function keeperOf({ pool }: Pick<JournalUnderTest, 'pool'>, limits?: KeeperLimits) {
  const log = createLogger({ level: 'silent', terminal: false });
  const keeper = createKeeper({ pool, sources: journalSources, log, ...(limits && { limits }) });
  onTestFinished(() => keeper.close());
  return keeper;
}

const refused = (body: Buffer, note?: string): KeptDelivery => ({
  source: 'payment',
  delivery: delivered({ id: 'x' }, { bytes: body }).delivery,
  verdict: 'refused',
  refusal: { code: 'signature_invalid', reason: 'signature_mismatch', note },
});

test('a refused delivery is kept with its reason and its bytes, without credentials', async () => {
  const journal = await createJournal();
  const keeper = keeperOf(journal);
  keeper.keep(refused(Buffer.from([0xff, 0x00, 0x7b]), 'a \0 note'));
  await keeper.close();
  const rows = await journal.rows<Record<string, unknown>>('select * from everhook.deliveries');
  expect(rows).toMatchObject([
    {
      verdict: 'refused',
      code: 'signature_invalid',
      reason: 'signature_mismatch',
      note: 'a \uFFFD note',
      body: Buffer.from([0xff, 0x00, 0x7b]),
      body_bytes: 3,
    },
  ]);
  expect(JSON.stringify(rows)).not.toContain('must-not-be-kept');
});

test('of a large body the beginning is kept, and it says so', async () => {
  const journal = await createJournal();
  const keeper = keeperOf(journal);
  keeper.keep(refused(Buffer.alloc(refusedBodyBytes + 5, 'x')));
  await keeper.close();
  expect(await journal.rows('select length(body), body_bytes, note from everhook.deliveries')).toEqual([
    { length: refusedBodyBytes, body_bytes: refusedBodyBytes + 5, note: 'the first 65536 bytes are kept' },
  ]);
});

test.each([
  ['rows', { rows: 20, bytes: 1_000_000 }, 20],
  ['bytes', { rows: 1000, bytes: 700 }, 7],
] as const)('a source keeps the newest up to its bound of %s', async (_what, limits, left) => {
  const journal = await createJournal();
  for (let round = 0; round < 3; round++) {
    const keeper = keeperOf(journal, limits);
    for (let index = 0; index < 30; index++)
      keeper.keep(refused(Buffer.alloc(100, 'x'), `${round}-${index}`));
    await keeper.close();
  }
  const rows = await journal.rows<{ note: string }>('select note from everhook.deliveries order by id desc');
  expect(rows).toHaveLength(left);
  expect(rows[0]!.note).toBe('2-29');
});

test('a flood is bounded in memory, and what finds no room does not hold up anybody', async () => {
  const journal = await createJournal();
  const keeper = keeperOf(journal);
  for (let index = 0; index < 5000; index++) keeper.keep(refused(Buffer.from('{}'), String(index)));
  await keeper.close();
  const [row] = await journal.rows<{ count: number }>('select count(*)::int from everhook.deliveries');
  expect(row!.count).toBe(1000);
});

test('while the journal is away nothing is thrown, and what waits is kept when it is back', async () => {
  const journal = await createJournal();
  let away = true;
  const pool = {
    query: (...args: Parameters<typeof journal.pool.query>) =>
      away ? Promise.reject(new Error('away')) : journal.pool.query(...args),
  } as unknown as typeof journal.pool;
  const keeper = keeperOf({ pool });
  keeper.keep(refused(Buffer.from('{}')));
  await keeper.close();
  away = false;
  await keeper.close();
  expect(await journal.rows('select verdict from everhook.deliveries')).toEqual([{ verdict: 'refused' }]);
});

test('what was kept before, far over the bound, is brought back within it', async () => {
  const journal = await createJournal();
  await journal.pool.query(`
    insert into everhook.deliveries (id, source, received_at, method, url, headers, body_bytes, sha256, verdict)
    select gen_random_uuid(), 'payment', now(), 'POST', '/', '{}', 0, '', 'refused' from generate_series(1, 3500)`);
  const keeper = keeperOf(journal, { rows: 20, bytes: 1_000_000 });
  keeper.keep(refused(Buffer.from('{}')));
  await keeper.close();
  const [row] = await journal.rows<{ count: number }>('select count(*)::int from everhook.deliveries');
  expect(row!.count).toBe(20);
});

test('bounding a source looks at what was kept of it, never at what was accepted', async () => {
  const journal = await createJournal();
  await journal.pool.query(`
    insert into everhook.deliveries (id, source, received_at, method, url, headers, body_bytes, sha256, verdict)
    select gen_random_uuid(), 'payment', now(), 'POST', '/', '{}', 0, '', 'new' from generate_series(1, 20000)`);
  await journal.pool.query('analyze everhook.deliveries');
  const { rows } = await journal.pool.query<{ 'QUERY PLAN': string }>({
    text: `explain ${trimQuarantine}`,
    values: ['payment', 10, 1000],
  });
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('deliveries_quarantine');
  expect(plan).not.toContain('Seq Scan on deliveries');
});

test('while it waits, of a large body only what is kept is in memory', async () => {
  const journal = await createJournal();
  const keeper = keeperOf(journal);
  const body = Buffer.alloc(refusedBodyBytes + 5, 'x');
  const received = sha256(body);
  keeper.keep(refused(body));
  // The queue has a copy of its own: whoever owns the body may use it for something else now.
  body.fill('y');
  await keeper.close();
  expect(
    await journal.rows(
      `select length(body), position('y'::bytea in body), encode(sha256, 'hex') as sha256 from everhook.deliveries`,
    ),
  ).toEqual([{ length: refusedBodyBytes, position: 0, sha256: received }]);
});

test('a try whose answer was lost does not keep a delivery twice, nor hold up the rest', async () => {
  const journal = await createJournal();
  let lost = true;
  const pool = {
    query: async (sql: string, values: readonly unknown[]) => {
      const result = await journal.pool.query(sql, [...values]);
      if (!lost) return result;
      lost = false;
      throw new Error('connection lost');
    },
  } as unknown as typeof journal.pool;
  const keeper = keeperOf({ pool });
  keeper.keep(refused(Buffer.from('{}'), 'first'));
  await keeper.close();
  keeper.keep(refused(Buffer.from('{}'), 'second'));
  await keeper.close();
  expect(await journal.rows('select note from everhook.deliveries order by id')).toEqual([
    { note: 'first' },
    { note: 'second' },
  ]);
});

test('one delivery that the database refuses is dropped and counted, and the others are kept', async () => {
  const journal = await createJournal();
  const pool = {
    query: (sql: string, values: readonly unknown[]) =>
      String(values[0]).includes('poison')
        ? Promise.reject(Object.assign(new Error('no such character'), { code: '22P05' }))
        : journal.pool.query(sql, [...values]),
  } as unknown as typeof journal.pool;
  const keeper = keeperOf({ pool });
  for (const note of ['before', 'poison', 'after']) keeper.keep(refused(Buffer.from('{}'), note));
  await keeper.close();
  expect(await journal.rows('select note from everhook.deliveries order by id')).toEqual([
    { note: 'before' },
    { note: 'after' },
  ]);
  expect(keeper.dropped()).toBe(1);
});
