import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { startPostgres } from '../../src/dev/postgres.ts';
import { temporaryHome } from './temporary-home.ts';

/** A database server for a whole test run: EVERHOOK_TEST_DATABASE_URL's, else one of its own. */
export async function startTestPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const url = process.env['EVERHOOK_TEST_DATABASE_URL'];
  return url === undefined ? await startOwnPostgres() : { url, stop: async () => undefined };
}

/** A database server of a test's own, whose settings it may change. */
export async function startOwnPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const { home, remove } = await temporaryHome();
  const server = await startPostgres({ home, env: process.env, log: () => undefined, port: 25_432 });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await remove();
    },
  };
}

/** An empty database on that server; `drop` takes it away again, connections included. */
export async function createDatabase(serverUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(serverUrl, `drop database ${name} with (force)`) };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
