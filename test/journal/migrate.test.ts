import { Client } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { createDatabase } from '../support/postgres.ts';

const first = { version: 1, name: 'first', sql: 'create table orders.lines (id int)' };
const second = { version: 2, name: 'second', sql: 'alter table orders.lines add column note text' };
const schema = { name: 'orders', lockKey: '42' };

test('a migration that waits for a lock lets traffic pass soon, and tries again', async () => {
  const { url, drop } = await createDatabase(inject('postgresUrl'));
  onTestFinished(drop);
  await migrateSchema(url, { ...schema, migrations: [first] });
  const [traffic, watcher] = [new Client({ connectionString: url }), new Client({ connectionString: url })];
  for (const client of [traffic, watcher]) {
    await client.connect();
    onTestFinished(() => client.end());
  }
  await traffic.query('begin; select from orders.lines');
  const migrated = migrateSchema(url, { ...schema, migrations: [first, second] });
  const waiting = async () =>
    (
      await watcher.query(
        `select from pg_stat_activity
         where datname = current_database() and application_name = 'everhook-migrate' and wait_event_type = 'Lock'`,
      )
    ).rowCount;
  for (const seen of [1, 0, 1]) await expect.poll(waiting, { timeout: 5000, interval: 20 }).toBe(seen);
  await traffic.query('commit');
  expect(await migrated).toEqual(['orders: applied second']);
});
