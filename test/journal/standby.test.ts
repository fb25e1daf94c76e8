import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { journalSchema } from '../../src/journal/schema.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { createJournal, delivered, soon } from '../support/journal.ts';
import { createDatabase, startOwnPostgres } from '../support/postgres.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A journal on a server of its own, whose commits can be made to wait for a standby that is away. */
async function withStandby() {
  const server = await startOwnPostgres();
  onTestFinished(() => server.stop());
  const { url } = await createDatabase(server.url);
  await migrateSchema(url, journalSchema);
  const watcher = new Client({ connectionString: url });
  await watcher.connect();
  onTestFinished(() => watcher.end());
  const journal = await createJournal({ url });
  await journal.journal.accept({ ...delivered({ id: 'before' }), deadline: soon() });
  const other = new Client({ connectionString: url });
  await other.connect();
  onTestFinished(() => other.end());
  await other.query('create table tries (n integer)');
  const { pid } = (await other.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!;
  /** Commits something; true when that waited for a standby, or did not, as expected. */
  const commitOnce = async (expected: boolean) => {
    let done = false;
    const commit = other.query('insert into tries values (1)').finally(() => (done = true));
    const waits = async () => (await waiting()).some((one) => one.pid === pid);
    await expect.poll(async () => done || (await waits()), { timeout: 10_000 }).toBe(true);
    const waited = !done;
    if (waited) await watcher.query('select pg_cancel_backend($1)', [pid]);
    await commit;
    return waited === expected;
  };
  const waitFor = async (standby: string) => {
    await watcher.query(`alter system set synchronous_standby_names = '${standby}'`);
    await watcher.query('select pg_reload_conf()');
    // A process of the server's own makes it known, and is told like any other.
    const takes = () => commitOnce(standby !== '');
    await expect.poll(takes, { timeout: 10_000 }).toBe(true);
  };
  const waiting = async () =>
    (await watcher.query<{ pid: number }>(`select pid from pg_stat_activity where wait_event = 'SyncRep'`))
      .rows;
  return { ...journal, watcher, waitFor, waiting };
}

test('while a synchronous standby is away nothing is acknowledged; back, what is sent again is there once', async () => {
  const { journal, handed, rows, waitFor } = await withStandby();
  await waitFor('away');
  const refused = journal.accept({ ...delivered({ id: 'e1' }), deadline: soon(800) });
  await expect(refused).rejects.toMatchObject({ code: 'not_durable', reason: 'journal_slow' });
  expect(handed.map(({ workflowId }) => workflowId)).toEqual(['payment:before']);
  await waitFor('');
  const [verdict] = await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon(10_000) });
  // The server may have kept what it could not confirm.
  expect(['new', 'duplicate']).toContain(verdict);
  expect(
    await rows(
      `select count(*)::int from everhook.runs r join everhook.events e on e.id = r.event where event_id = 'e1'`,
    ),
  ).toEqual([{ count: 1 }]);
});

test('a commit whose wait for the standby was canceled is not acknowledged, though the server says it committed', async () => {
  const { journal, handed, watcher, waitFor, waiting } = await withStandby();
  await waitFor('away');
  const refused = journal.accept({ ...delivered({ id: 'e1' }), deadline: soon(20_000) });
  const reason = refused.catch((error: unknown) => error);
  await expect.poll(async () => (await waiting()).length, { timeout: 10_000 }).toBe(1);
  await watcher.query('select pg_cancel_backend($1)', [(await waiting())[0]!.pid]);
  expect(await reason).toMatchObject({
    code: 'not_durable',
    note: expect.stringContaining('canceling wait for synchronous replication') as string,
  });
  expect(handed.map(({ workflowId }) => workflowId)).toEqual(['payment:before']);
  await waitFor('');
  expect(await journal.accept({ ...delivered({ id: 'e1' }), deadline: soon() })).toEqual(['duplicate']);
});
