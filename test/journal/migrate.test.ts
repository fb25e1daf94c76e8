import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { createDatabase } from '../support/postgres.ts';

const first = { version: 1, name: 'first', sql: 'create table orders.lines (id int)' };
const second = { version: 2, name: 'second', sql: 'alter table orders.lines add column note text' };
const schema = { name: 'orders', lockKey: '42' };

async function session(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** The migration waits for a lock, gives way, and waits again. */
async function expectPatience(watcher: Client): Promise<void> {
  const waiting = async () =>
    (
      await watcher.query(
        `select from pg_stat_activity
         where datname = current_database() and application_name = 'everhook-migrate' and wait_event_type = 'Lock'`,
      )
    ).rowCount;
  for (const seen of [1, 0, 1]) await expect.poll(waiting, { timeout: 5000, interval: 20 }).toBe(seen);
}

test('a migration that waits for a lock lets traffic pass soon, and tries again', async () => {
  const { url, drop } = await createDatabase(inject('postgresUrl'));
  onTestFinished(drop);
  await migrateSchema(url, { ...schema, migrations: [first] });
  const [traffic, watcher] = [await session(url), await session(url)];
  await traffic.query('begin; select from orders.lines');
  const migrated = migrateSchema(url, { ...schema, migrations: [first, second] });
  await expectPatience(watcher);
  await traffic.query('commit');
  expect(await migrated).toEqual(['orders: applied second']);
});

test('an index whose build was broken off is built anew, and no other is touched', async () => {
  const { url, drop } = await createDatabase(inject('postgresUrl'));
  onTestFinished(drop);
  const index = {
    version: 2,
    name: 'lines by id',
    concurrent: true,
    sql: 'create index concurrently if not exists lines_id on orders.lines (id)',
  } as const;
  await migrateSchema(url, { ...schema, migrations: [first] });
  const [traffic, watcher] = [await session(url), await session(url)];
  const indexes = async () =>
    (
      await watcher.query<{ name: string; valid: boolean }>(
        `select indexrelid::regclass::text as name, indisvalid as valid from pg_index
         where indrelid = 'orders.lines'::regclass order by 1`,
      )
    ).rows;
  // Two builds that fail: the one of the migration, and another's.
  await watcher.query('insert into orders.lines values (1), (1)');
  for (const name of ['lines_id', 'lines_other']) {
    await expect(
      watcher.query(`create unique index concurrently ${name} on orders.lines (id)`),
    ).rejects.toThrow('could not create unique index');
  }
  expect((await indexes()).map(({ valid }) => valid)).toEqual([false, false]);
  // A reader that holds its snapshot is waited for, again and again, and each time the build is broken off.
  await traffic.query('begin isolation level repeatable read; select from orders.lines');
  const migrated = migrateSchema(url, { ...schema, migrations: [first, index] });
  await expectPatience(watcher);
  await traffic.query('commit');
  expect(await migrated).toEqual(['orders: applied lines by id']);
  expect(await indexes()).toEqual([
    { name: 'orders.lines_id', valid: true },
    { name: 'orders.lines_other', valid: false },
  ]);
});
