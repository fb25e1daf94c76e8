import { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createActivities, migrateIncidents, migrateStores } from '../../src/activities/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { createDatabase } from '../support/postgres.ts';
import { contextOf, row, run } from './context.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: Pool;
beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  await migrateIncidents(database.url);
  pool = new Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const activities = (url = database.url) =>
  createActivities(contextOf({ environment: { DATABASE_URL: url } }));
let count = 0;
const unique = (name: string) => `${name}_${++count}`;
const happened = (changes: object = {}) => ({
  event: { source: 'alertmanager', id: unique('evt') },
  type: 'firing',
  at: '2026-11-20T12:00:00.000Z',
  ...changes,
});
const opening = (changes: object = {}) => ({
  source: 'alertmanager',
  key: unique('group'),
  title: 'The disk is full',
  ...happened(),
  ...changes,
});
const rowsOf = async (sql: string, ...values: string[]): Promise<unknown[]> =>
  (await pool.query<Record<string, unknown>>(sql, values)).rows;
const incidentOf = (id: string) => rowsOf('select * from incidents.incidents where id = $1', id);
const entriesOf = (id: string) =>
  rowsOf('select event, type from incidents.entries where incident = $1 order by event', id);

test('an incident is opened with what its event said, which is its first entry', async () => {
  const input = opening();
  const { incidentId, ...opened } = await run(activities().openIncident, input);
  const openedBy = `alertmanager:${input.event.id}`;
  expect(opened).toEqual({ openedBy, openedAt: input.at, alreadyOpen: false });
  expect(await incidentOf(incidentId)).toMatchObject([
    {
      source: 'alertmanager',
      key: input.key,
      title: 'The disk is full',
      opened_by: openedBy,
      closed_at: null,
    },
  ]);
  expect(await entriesOf(incidentId)).toEqual([{ event: openedBy, type: 'firing' }]);
});

test('a second attempt finds what the first has opened, also when it is closed by then', async () => {
  const input = opening();
  const { openIncident, closeIncident } = activities();
  const first = await run(openIncident, input);
  expect(await run(openIncident, input)).toEqual({ ...first, alreadyOpen: true });
  await run(closeIncident, { incidentId: first.incidentId, outcome: 'resolved', ...happened() });
  expect(await run(openIncident, input)).toEqual({ ...first, alreadyOpen: true });
});

test('another event finds the incident that is open, and is an entry of it', async () => {
  const input = opening();
  const { openIncident } = activities();
  const first = await run(openIncident, input);
  const other = { ...input, ...happened() };
  expect(await run(openIncident, other)).toEqual({ ...first, alreadyOpen: true });
  expect(await entriesOf(first.incidentId)).toHaveLength(2);
});

test('forty at once open one', async () => {
  const input = opening();
  const { openIncident } = activities();
  const all = await Promise.all(
    Array.from({ length: 40 }, () => run(openIncident, { ...input, ...happened() })),
  );
  expect(new Set(all.map(({ incidentId }) => incidentId)).size).toBe(1);
  expect(all.filter(({ alreadyOpen }) => !alreadyOpen)).toHaveLength(1);
  expect(await entriesOf(all[0]!.incidentId)).toHaveLength(40);
});

test('the same key at another source is another incident', async () => {
  const input = opening();
  const { openIncident } = activities();
  const ids = [input, { ...input, source: 'grafana' }, { ...input, key: unique('group'), ...happened() }].map(
    async (one) => (await run(openIncident, one)).incidentId,
  );
  expect(new Set(await Promise.all(ids)).size).toBe(3);
});

test('what follows is added once, however often it is tried', async () => {
  const { openIncident, addToIncident } = activities();
  const { incidentId } = await run(openIncident, opening());
  const input = { incidentId, ...happened() };
  expect(await run(addToIncident, input)).toEqual({ alreadyAdded: false });
  expect(await run(addToIncident, input)).toEqual({ alreadyAdded: true });
  expect(await entriesOf(incidentId)).toHaveLength(2);
});

test('it is closed once, by the first event that says so', async () => {
  const { openIncident, closeIncident, findIncident } = activities();
  const input = opening();
  const { incidentId, openedBy, openedAt } = await run(openIncident, input);
  expect(await run(findIncident, input)).toEqual({ incidentId, openedBy, openedAt });
  const end = happened({ type: 'resolved', at: '2026-11-20T13:00:00.000Z' });
  const close = (by: typeof end) => run(closeIncident, { incidentId, outcome: 'resolved', ...by });
  expect(await close(end)).toEqual({ alreadyClosed: false });
  expect(await close(happened({ type: 'resolved' }))).toEqual({ alreadyClosed: true });
  expect(await incidentOf(incidentId)).toMatchObject([
    {
      outcome: 'resolved',
      closed_by: `alertmanager:${end.event.id}`,
      closed_at: new Date('2026-11-20T13:00:00.000Z'),
    },
  ]);
  expect(await run(findIncident, input)).toBeNull();
});

test('one that is left is closed by nobody', async () => {
  const { openIncident, closeIncident } = activities();
  const { incidentId } = await run(openIncident, opening());
  await run(closeIncident, { incidentId, outcome: 'idle', at: '2026-12-20T12:00:00.000Z' });
  expect(await incidentOf(incidentId)).toMatchObject([{ outcome: 'idle', closed_by: null }]);
  expect(await entriesOf(incidentId)).toHaveLength(1);
});

test('after its end the next event opens another', async () => {
  const input = opening();
  const { openIncident, closeIncident } = activities();
  const first = await run(openIncident, input);
  await run(closeIncident, { incidentId: first.incidentId, outcome: 'resolved', ...happened() });
  const second = await run(openIncident, { ...input, ...happened() });
  expect(second.alreadyOpen).toBe(false);
  expect(second.incidentId).not.toBe(first.incidentId);
});

test.each([
  ['a NUL in the title', { title: 'a\0b' }],
  ['a time that is none', { at: 'soon' }],
])('the database refuses %s for good', async (_name, changes) => {
  await expect(run(activities().openIncident, opening(changes))).rejects.toMatchObject({
    type: 'IncidentsRefused',
    nonRetryable: true,
  });
});

test('an entry of no incident is refused for good', async () => {
  const input = { incidentId: '00000000-0000-4000-8000-000000000000', ...happened() };
  await expect(run(activities().addToIncident, input)).rejects.toMatchObject({ type: 'IncidentsRefused' });
});

test('tables that are not there say what to do, and are tried again', async () => {
  const empty = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => empty.drop());
  const { openIncident } = activities(empty.url);
  await expect(run(openIncident, opening())).rejects.toMatchObject({
    type: 'IncidentsMissing',
    nonRetryable: false,
    message: 'the tables of incidents are not there yet: run `everhook migrate`',
  });
  expect(await migrateStores({ setting: () => empty.url })).toContain('incidents: applied incidents');
  await expect(run(openIncident, opening())).resolves.toMatchObject({ alreadyOpen: false });
  expect(await migrateIncidents(empty.url)).toEqual(['incidents: up to date']);
});

test('a row that keeps incidents without DATABASE_URL stops the worker and is named', () => {
  const make = () => createActivities(contextOf({ routes: [row('manageIncident', 'alertmanager')] }));
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(
    'DATABASE_URL is not set: incidents are kept there, for alertmanager thing.happened (manageIncident)',
  );
});

test('without such a row there are none, and a call says so for good', async () => {
  const { findIncident } = createActivities(contextOf({ routes: [row('recordEvent')] }));
  await expect(run(findIncident, opening())).rejects.toMatchObject({
    type: 'IncidentsMissing',
    nonRetryable: true,
  });
});
