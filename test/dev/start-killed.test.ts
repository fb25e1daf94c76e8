import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { acquireHome } from '../../src/dev/lock.ts';
import { startPostgres } from '../../src/dev/postgres.ts';
import { stampOf } from '../../src/dev/processes.ts';
import { env, listener, temporaryFolder } from './support.ts';

vi.setConfig({ testTimeout: 120_000 });

interface Started {
  readonly postgres: number;
  readonly temporal: number;
  readonly url: string;
}

/** Runs fixtures/start.ts; gives it and the pids of its servers. */
async function startElsewhere(home: string, shared: string) {
  const script = fileURLToPath(new URL('fixtures/start.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, home, shared], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const text = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
  return { child, started: JSON.parse(text) as Started };
}

async function query(url: string, sql: string): Promise<number | null> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rowCount;
  } finally {
    await client.end();
  }
}

test('a start that is killed leaves its servers running, and the next ends them and goes on with their data', async () => {
  const home = join(await temporaryFolder(), 'home');
  const shared = join(await temporaryFolder(), 'shared');
  const { child, started } = await startElsewhere(home, shared);
  await query(started.url, 'create table kept as select 7 as n');
  const { log, lines } = listener();
  await expect(acquireHome(home, { log })).rejects.toThrow(`pid ${child.pid}`);

  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(await stampOf(started.postgres)).toBeDefined();
  expect(await stampOf(started.temporal)).toBeDefined();

  const held = await acquireHome(home, { log });
  onTestFinished(() => held.release());
  expect(await stampOf(started.postgres)).toBeUndefined();
  expect(await stampOf(started.temporal)).toBeUndefined();
  expect(lines).toHaveLength(2);
  const postgres = await startPostgres({ home, env, log, shared });
  onTestFinished(() => postgres.stop());
  expect(await query(postgres.url, 'select n from kept')).toBe(1);
});
