import { expect, onTestFinished, test } from 'vitest';
import type { KeptDelivery } from '../../src/accept.ts';
import { createKeeper, refusedBodyBytes, type KeeperLimits } from '../../src/journal/keeper.ts';
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
