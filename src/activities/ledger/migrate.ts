import { Client } from 'pg';
import { migrations, type Migration } from './migrations.ts';

// Any number that nothing else in the database locks: 'ledger' in ASCII.
const lockKey = '119182731994482';
const connectMs = 10_000;
// Also what a migration waits for another one that is under way.
const statementMs = 120_000;

const prepare = `
  create schema if not exists ledger;
  create table if not exists ledger.migrations (
    version    integer     primary key,
    name       text        not null,
    applied_at timestamptz not null default now()
  );
`;

/**
 * Brings the ledger's schema up to date; safe to repeat, and for many at the same time. Gives what it
 * did, in words. Throws what Postgres says, and then the step that failed has left nothing behind.
 */
export async function migrateLedger(databaseUrl: string): Promise<readonly string[]> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    application_name: 'everhook-migrate',
  });
  // Without a listener a connection that breaks would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const applied: string[] = [];
    await locked(client, () => client.query(prepare));
    for (const migration of migrations) {
      if (await locked(client, () => apply(client, migration))) applied.push(migration.name);
    }
    return [applied.length === 0 ? 'ledger: up to date' : `ledger: applied ${applied.join(', ')}`];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A transaction under the advisory lock, which its end releases, whatever end that is. */
async function locked<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1::bigint)', [lockKey]);
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function apply(client: Client, { version, name, sql }: Migration): Promise<boolean> {
  const { rowCount } = await client.query('select from ledger.migrations where version = $1', [version]);
  if (rowCount !== 0) return false;
  await client.query(sql);
  await client.query('insert into ledger.migrations (version, name) values ($1, $2)', [version, name]);
  return true;
}
