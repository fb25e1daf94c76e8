import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createActivities, migrateLedger, migrateStores } from '../../src/activities/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { createDatabase } from '../support/postgres.ts';
import { contextOf, event, row, run } from './context.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: Pool;
beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  await migrateLedger(database.url);
  pool = new Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const activities = (url = database.url) =>
  createActivities(contextOf({ environment: { DATABASE_URL: url } }));
let count = 0;
const posting = (changes: object = {}) => ({
  event,
  provider: 'stripe',
  account: '',
  paymentId: `pi_${++count}`,
  amountMinor: 4200,
  currency: 'EUR',
  ...changes,
});
const entriesOf = async (paymentId: string): Promise<unknown[]> =>
  (await pool.query('select * from ledger.entries where payment_id = $1', [paymentId])).rows;

test('a payment is posted with what the event said', async () => {
  const input = posting({ currency: 'eur' });
  const { entryId, alreadyPosted } = await run(activities().postPayment, input);
  expect(alreadyPosted).toBe(false);
  expect(await entriesOf(input.paymentId)).toMatchObject([
    {
      id: entryId,
      provider: 'stripe',
      account: '',
      effect: 'payment',
      event: 'stripe:evt_1',
      amount_minor: '4200',
      currency: 'EUR',
    },
  ]);
});

test('a second attempt finds the entry of the first and says whose it is', async () => {
  const input = posting();
  const { postPayment } = activities();
  const first = await run(postPayment, input);
  expect(await run(postPayment, input)).toEqual({ ...first, alreadyPosted: true });
  expect(first.postedBy).toBe('stripe:evt_1');
});

test('another event of the same payment posts nothing', async () => {
  const input = posting();
  const { postPayment } = activities();
  const first = await run(postPayment, input);
  const second = await run(postPayment, { ...input, event: { source: 'stripe', id: 'evt_2' } });
  expect(second).toEqual({ entryId: first.entryId, alreadyPosted: true, postedBy: 'stripe:evt_1' });
});

test('forty at once post one entry', async () => {
  const input = posting();
  const { postPayment } = activities();
  const all = await Promise.all(Array.from({ length: 40 }, () => run(postPayment, input)));
  expect(new Set(all.map(({ entryId }) => entryId)).size).toBe(1);
  expect(all.filter(({ alreadyPosted }) => !alreadyPosted)).toHaveLength(1);
  expect(await entriesOf(input.paymentId)).toHaveLength(1);
});

test('the same id at another provider or account is another payment', async () => {
  const input = posting();
  const { postPayment } = activities();
  const all = [
    await run(postPayment, input),
    await run(postPayment, { ...input, provider: 'payment' }),
    await run(postPayment, { ...input, account: 'acct_1' }),
  ];
  expect(all.map(({ alreadyPosted }) => alreadyPosted)).toEqual([false, false, false]);
});

test.each([
  ['amount', { amountMinor: 4300 }, '4300 EUR'],
  ['currency', { currency: 'USD' }, '4200 USD'],
])('another %s for a posted payment is a conflict for good that names both', async (_name, changes, said) => {
  const input = posting();
  const { postPayment } = activities();
  await run(postPayment, input);
  await expect(
    run(postPayment, { ...input, event: { source: 'stripe', id: 'evt_2' }, ...changes }),
  ).rejects.toMatchObject({
    type: 'LedgerConflict',
    nonRetryable: true,
    message: `${input.paymentId} was posted by stripe:evt_1 with 4200 EUR, and stripe:evt_2 says ${said}`,
  });
  expect(await entriesOf(input.paymentId)).toHaveLength(1);
});

test('the largest safe amount is kept exactly', async () => {
  const input = posting({ amountMinor: Number.MAX_SAFE_INTEGER });
  await run(activities().postPayment, input);
  expect(await entriesOf(input.paymentId)).toMatchObject([{ amount_minor: '9007199254740991' }]);
});

test.each([
  ['a negative amount', { amountMinor: -1 }],
  ['an amount between units', { amountMinor: 1.5 }],
  ['a currency of four letters', { currency: 'EURO' }],
  ['a NUL in the id', { paymentId: 'pi_\0' }],
])('the database refuses %s for good', async (_name, changes) => {
  await expect(run(activities().postPayment, posting(changes))).rejects.toMatchObject({
    type: 'LedgerRefused',
    nonRetryable: true,
  });
});

test.each([
  "update ledger.entries set currency = 'USD'",
  'delete from ledger.entries',
  'truncate ledger.entries',
])('entries are never changed: %s', async (sql) => {
  await run(activities().postPayment, posting());
  await expect(pool.query(sql)).rejects.toThrow('never changed');
});

test('a payment is found by what every event of it names', async () => {
  const input = posting();
  const { postPayment, findPayment } = activities();
  expect(await run(findPayment, input)).toBeNull();
  const { entryId } = await run(postPayment, input);
  expect(await run(findPayment, input)).toEqual({ entryId });
  expect(await run(findPayment, { ...input, account: 'acct_1' })).toBeNull();
});

test('a ledger that is not migrated says what to do, and is tried again', async () => {
  const empty = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => empty.drop());
  const { postPayment } = activities(empty.url);
  const input = posting();
  await expect(run(postPayment, input)).rejects.toMatchObject({
    type: 'LedgerMissing',
    nonRetryable: false,
    message: expect.stringContaining('everhook migrate') as string,
  });
  await migrateLedger(empty.url);
  await expect(run(postPayment, input)).resolves.toMatchObject({ alreadyPosted: false });
});

test('ten migrations at once apply each step once, and a later one finds nothing to do', async () => {
  const empty = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => empty.drop());
  const all = await Promise.all(Array.from({ length: 10 }, () => migrateLedger(empty.url)));
  expect(all.filter(([line]) => line === 'ledger: applied entries')).toHaveLength(1);
  expect(await migrateLedger(empty.url)).toEqual(['ledger: up to date']);
});

test('connections that are cut while idle are replaced, and end nothing', async () => {
  const { postPayment } = activities();
  await run(postPayment, posting());
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'everhook-ledger'",
  );
  await delay(200);
  await expect(run(postPayment, posting())).resolves.toMatchObject({ alreadyPosted: false });
});

test('a row that books money without DATABASE_URL stops the worker and is named', () => {
  const make = () =>
    createActivities(contextOf({ development: true, routes: [row('fulfillPayment', 'shop', 'hmac')] }));
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(
    'DATABASE_URL is not set: the ledger needs it, for shop thing.happened (fulfillPayment)',
  );
});

test('without such a row there is no ledger, and a call says so for good', async () => {
  const { postPayment } = createActivities(contextOf({ routes: [row('recordEvent')] }));
  await expect(run(postPayment, posting())).rejects.toMatchObject({
    type: 'LedgerMissing',
    nonRetryable: true,
  });
});

test('migrating without DATABASE_URL is a ConfigError', async () => {
  await expect(migrateStores(contextOf())).rejects.toThrow(ConfigError);
});
