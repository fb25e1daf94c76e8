import { Pool } from 'pg';

const connectMs = 1500;
// Searches of operators, purges, migrations' checks; the append has its own, shorter deadline.
const statementMs = 15_000;
const queryMs = 17_000;

/**
 * The journal's connections; what breaks while idle is replaced at the next use. With `lockMs` a statement that waits
 * for a lock longer than that fails.
 */
export function createPool(
  databaseUrl: string,
  { name, connections, lockMs }: { name: string; connections: number; lockMs?: number },
): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: name,
    max: connections,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: queryMs,
    ...(lockMs !== undefined && { lock_timeout: lockMs }),
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // A commit that returns is on disk, whatever the server, database or role says.
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it; its types do not say so
    onConnect: async (client) => void (await client.query(durable)),
  });
  // Without a listener a connection that breaks would end the process, idle or in use; its queries reject.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}

// Stronger settings (remote_apply) stay as they are.
const durable = `select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')`;
