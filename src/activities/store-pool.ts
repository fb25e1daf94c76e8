import { Pool } from 'pg';

const connectMs = 5000;
const statementMs = 5000;
// A little more than the statement's, for a server that does not answer at all.
const queryMs = 7000;

/** Connections of one store to its database, with a time limit on everything. */
export function createPool(databaseUrl: string, store: string): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: `everhook-${store}`,
    max: 10,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: queryMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the
  // process.
  pool.on('error', () => undefined);
  return pool;
}
