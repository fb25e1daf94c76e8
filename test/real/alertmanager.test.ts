import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { turnId } from '../../src/workflow-id.ts';
import type { ManagedIncident } from '../../src/workflows/manage-incident.ts';
import { createDatabase, startTestPostgres } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { startAlertmanager } from './alertmanager.ts';
import { startEverhook } from './everhook.ts';
import { startRelay, type Fate } from './relay.ts';
import { checkout } from './run.ts';

const token = 'alertmanager_shows_this';
const alertname = 'DiskFull';
const groupKey = `{}:{alertname="${alertname}"}`;
const bad: Readonly<Record<number, Fate>> = { 0: 'keep', 1: 'lose' };

test('what Alertmanager posts becomes an incident that opens, is repeated, and ends, and opens again', async () => {
  const database = await aDatabase();
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const gateway = join(checkout, 'test/real/fixtures/impatient.ts');
  const { addresses, client } = await startEverhook(
    ['node', join(checkout, 'bin/everhook.js'), 'start', '--gateway', gateway],
    { cwd: checkout, home, env: { DATABASE_URL: database, ALERTMANAGER_WEBHOOK_TOKEN: token } },
  );
  const { url, passed } = await startRelay(
    `${addresses.api}/webhooks/alertmanager`,
    (index) => bad[index] ?? 'pass',
  );
  const folder = join(home, 'alertmanager');
  await mkdir(folder);
  const { post } = await startAlertmanager({
    folder,
    webhook: { url, token },
    groupIntervalSeconds: 5,
    repeatIntervalSeconds: 10,
  });
  const runOf = () => client.workflow.getHandle(turnId('alertmanager', 'manageIncident', groupKey));
  const eventsOf = (status: string) => [
    ...new Set(
      passed
        .map(({ answer }) => answer?.event ?? '')
        .filter((name) => name.startsWith(`alertmanager:${status}-`)),
    ),
  ];
  const until = (what: () => unknown) => expect.poll(what, { timeout: 60_000, interval: 200 });

  const alert = {
    labels: { alertname, instance: 'db-1.example.com:9100' },
    annotations: { summary: 'The disk of db-1 is full: <95 % & more>' },
    startsAt: new Date().toISOString(),
  };
  await post([alert]);
  // Of the first notification a try is kept back, and the answer of another lost: two retries, one event.
  await until(() => passed.length).toBeGreaterThanOrEqual(3);
  expect(new Set(passed.slice(0, 3).map(({ body }) => body)).size).toBe(1);
  expect(passed.slice(0, 3).map(({ status }) => status)).toEqual([503, 503, 200]);
  expect(passed.slice(1, 3).map(({ answer }) => answer)).toMatchObject([
    { status: 200, body: { received: true } },
    { status: 200, body: { received: true, duplicate: true } },
  ]);
  expect(eventsOf('firing')).toEqual([expect.stringMatching(/^alertmanager:firing-[0-9a-f]{64}-0$/)]);

  // A repeat is the same to the byte, and an event of its own.
  await until(() => eventsOf('firing').length).toBeGreaterThanOrEqual(2);
  expect(new Set(passed.map(({ body }) => body)).size).toBe(1);
  expect(new Set(eventsOf('firing').map((name) => name.replace(/-\d+$/, ''))).size).toBe(1);
  await until(() => handled(database)).toBe(eventsOf('firing').length);
  const first = await runOf().describe();
  expect(first.status.name).toBe('RUNNING');

  await post([{ ...alert, endsAt: new Date().toISOString() }]);
  await until(() => eventsOf('resolved').length).toBe(1);
  const told = eventsOf('firing').length + 1;
  expect(await client.workflow.getHandle(first.workflowId, first.runId).result()).toMatchObject({
    outcome: 'resolved',
    events: told,
  });
  expect(await incidents(database)).toEqual([{ outcome: 'resolved', entries: told }]);

  // It fires again under its old startsAt: the same bytes as at first.
  await post([alert]);
  await until(() => eventsOf('firing').length).toBeGreaterThanOrEqual(told);
  expect(new Set(passed.map(({ body }) => body)).size).toBe(2);
  await until(async () => (await incidents(database)).length).toBe(2);
  await post([{ ...alert, endsAt: new Date().toISOString() }]);
  await until(() => eventsOf('resolved').length).toBe(2);
  const second = (await runOf().result()) as ManagedIncident;
  expect(second.outcome).toBe('resolved');
  await until(() => handled(database)).toBe(eventsOf('firing').length + 2);
  const all = await incidents(database);
  expect(all.map(({ outcome }) => outcome)).toEqual(['resolved', 'resolved']);
  expect(all.reduce((sum, { entries }) => sum + entries, 0)).toBe(eventsOf('firing').length + 2);
});

async function aDatabase(): Promise<string> {
  const server = await startTestPostgres();
  onTestFinished(() => server.stop());
  const { url, drop } = await createDatabase(server.url);
  onTestFinished(drop);
  return url;
}

/** How many events the keyed runs have finished. */
async function handled(database: string): Promise<number> {
  const rows = await query<{ count: number }>(
    database,
    "select count(*)::int as count from everhook.runs where state = 'handled'",
  );
  return rows[0]?.count ?? 0;
}

const incidents = (database: string) =>
  query<{ outcome: string | null; entries: number }>(
    database,
    `select outcome, (select count(*)::int from incidents.entries where incident = id) as entries
     from incidents.incidents order by opened_at, closed_at nulls last`,
  );

async function query<Row extends object>(database: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
