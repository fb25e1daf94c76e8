import { Client } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';

/** One step of a schema. Never changed once released: a correction is another step. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /**
   * One statement that may not run in a transaction, `create index concurrently if not exists`. It must be
   * safe to repeat, because a crash may fall between it and the note that it was done. What a build that was broken
   * off has left of its index is taken away before.
   */
  readonly concurrent?: true;
}

/** A schema of ours, and how it came to be. */
export interface Schema {
  readonly name: string;
  /** For `pg_advisory_lock`: a number that nothing else in the database locks. */
  readonly lockKey: string;
  readonly migrations: readonly Migration[];
}

const connectMs = 10_000;
// What waits for a lock holds up the traffic behind it: shorter than a delivery may wait, and tried again.
const lockMs = 1000;
const lockTries = 20;
const betweenTriesMs = 500;
const statementMs = 600_000;
// Other migrations of the same schema are waited for this long.
const turnMs = 120_000;

/**
 * Brings a schema up to date, forward only; safe to repeat, and for many at the same time. Gives what
 * it did, in words. Throws what PostgreSQL says, and then the step that failed has left nothing behind.
 */
export async function migrateSchema(databaseUrl: string, schema: Schema): Promise<readonly string[]> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    application_name: 'everhook-migrate',
  });
  // Without a listener a connection that breaks would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await takeTurn(client, schema);
    await client.query(prepare(schema.name));
    const applied: string[] = [];
    for (const migration of schema.migrations) {
      if (await applyPatiently(client, schema.name, migration)) applied.push(migration.name);
    }
    return [`${schema.name}: ${applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`}`];
  } finally {
    // It ends the lock too.
    await client.end().catch(() => undefined);
  }
}

/** The newest version that a database has of a schema; 0 where there is none. */
export async function versionOf(
  client: { query(sql: string): Promise<{ rows: unknown[] }> },
  { name }: Pick<Schema, 'name'>,
): Promise<number> {
  const { rows } = await client.query(`select to_regclass('${name}.migrations') is not null as there`);
  if (!(rows[0] as { there: boolean }).there) return 0;
  const found = await client.query(`select coalesce(max(version), 0) as version from ${name}.migrations`);
  return (found.rows[0] as { version: number }).version;
}

// Looked at again and again instead of waited for: a waiting statement keeps a snapshot open, and an
// index that is built concurrently elsewhere would wait for that.
async function takeTurn(client: Client, { name, lockKey }: Schema): Promise<void> {
  for (const deadline = Date.now() + turnMs; Date.now() < deadline; await delay(100)) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1::bigint) mine', [
      lockKey,
    ]);
    if (rows[0]?.mine) return;
  }
  throw new Error(`${name}: another migration has been under way for ${turnMs / 1000} s`);
}

const prepare = (schema: string) => `
  create schema if not exists ${schema};
  create table if not exists ${schema}.migrations (
    version    integer     primary key,
    name       text        not null,
    applied_at timestamptz not null default now()
  );
`;

async function applyPatiently(client: Client, schema: string, migration: Migration): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await apply(client, schema, migration);
    } catch (error) {
      // lock_not_available
      if ((error as { code?: string }).code !== '55P03' || tries >= lockTries) throw error;
      await delay(betweenTriesMs);
    }
  }
}

async function apply(client: Client, schema: string, migration: Migration): Promise<boolean> {
  const { version, name, sql, concurrent } = migration;
  const { rowCount } = await client.query(`select from ${schema}.migrations where version = $1`, [version]);
  if (rowCount !== 0) return false;
  const note = () =>
    client.query(`insert into ${schema}.migrations (version, name) values ($1, $2)`, [version, name]);
  if (concurrent) {
    await dropUnfinished(client, schema, sql);
    await client.query(sql);
    await note();
    return true;
  }
  await client.query('begin');
  try {
    await client.query(sql);
    await note();
    await client.query('commit');
    return true;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/**
 * An index whose concurrent build failed, by a crash or for a lock, is there and of no use, and `if not exists` would
 * leave it at that. Nobody else builds one: our turn is locked.
 */
async function dropUnfinished(client: Client, schema: string, sql: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where not i.indisvalid and c.relnamespace = $1::regnamespace and strpos($2, c.relname) > 0`,
    [schema, sql],
  );
  for (const { name } of rows) await client.query(`drop index concurrently ${schema}."${name}"`);
}
