import { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createActivities, migrateContacts, migrateStores } from '../../src/activities/index.ts';
import type { ContactChange } from '../../src/activities/contacts/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { createDatabase } from '../support/postgres.ts';
import { contextOf, row, run } from './context.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: Pool;
beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  await migrateContacts(database.url);
  pool = new Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const activities = (url = database.url) =>
  createActivities(contextOf({ environment: { DATABASE_URL: url } }));
let count = 0;
const contact = () => `62515:${++count}`;
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const change = (externalId: string, changes: Partial<ContactChange> = {}): ContactChange => ({
  event: { source: 'hubspot', id: 'e1' },
  externalId,
  occurredAt: at(1),
  fields: { email: 'jenny@example.com' },
  ...changes,
});
const personOf = async (externalId: string): Promise<unknown> =>
  (await pool.query('select * from contacts.people where external_id = $1', [externalId])).rows[0];

test('a contact is made of the first event that tells of it', async () => {
  const id = contact();
  const fields = { email: 'jenny@example.com', firstName: 'Jenny', lastName: 'Žluťoučká 🐎', phone: null };
  const { contactId, createdBy, written } = await run(activities().writeContact, change(id, { fields }));
  expect({ createdBy, written }).toEqual({
    createdBy: 'hubspot:e1',
    written: ['email', 'firstName', 'lastName', 'phone'],
  });
  expect(await personOf(id)).toEqual({
    id: contactId,
    source: 'hubspot',
    external_id: id,
    email: 'jenny@example.com',
    first_name: 'Jenny',
    last_name: 'Žluťoučká 🐎',
    phone: null,
    changed_at: new Date(at(1)),
  });
});

test('a contact may be made without anything known of it', async () => {
  const id = contact();
  expect(await run(activities().writeContact, change(id, { fields: {} }))).toMatchObject({ written: [] });
  expect(await personOf(id)).toMatchObject({ external_id: id, email: null, changed_at: null });
});

test('a later event changes what it tells, and nothing else', async () => {
  const id = contact();
  const { writeContact } = activities();
  const first = await run(writeContact, change(id, { fields: { email: 'old@example.com', phone: '1' } }));
  const later = change(id, {
    event: { source: 'hubspot', id: 'e2' },
    occurredAt: at(2),
    fields: { email: 'new@example.com' },
  });
  expect(await run(writeContact, later)).toEqual({
    contactId: first.contactId,
    createdBy: 'hubspot:e1',
    written: ['email'],
  });
  expect(await personOf(id)).toMatchObject({
    email: 'new@example.com',
    phone: '1',
    changed_at: new Date(at(2)),
  });
});

test('a stale event changes nothing, but for fields of which nothing later has told', async () => {
  const id = contact();
  const { writeContact } = activities();
  await run(writeContact, change(id, { occurredAt: at(5), fields: { email: 'new@example.com' } }));
  const stale = change(id, {
    event: { source: 'hubspot', id: 'e0' },
    occurredAt: at(4),
    fields: { email: 'old@example.com', phone: '1' },
  });
  expect(await run(writeContact, stale)).toMatchObject({ written: ['phone'] });
  expect(await personOf(id)).toMatchObject({
    email: 'new@example.com',
    phone: '1',
    changed_at: new Date(at(5)),
  });
});

test('a later event may empty a field, and a stale one does not fill it again', async () => {
  const id = contact();
  const { writeContact } = activities();
  await run(writeContact, change(id, { occurredAt: at(2), fields: { email: null } }));
  expect(await run(writeContact, change(id, { event: { source: 'hubspot', id: 'e0' } }))).toMatchObject({
    written: [],
  });
  expect(await personOf(id)).toMatchObject({ email: null });
});

test('a second attempt says what the first has done', async () => {
  const input = change(contact());
  const { writeContact } = activities();
  const first = await run(writeContact, input);
  expect(await run(writeContact, input)).toEqual(first);
});

test('of two events of one moment the same one wins, whichever comes first', async () => {
  const [one, other] = [contact(), contact()];
  const { writeContact } = activities();
  const said = (id: string, event: string) =>
    change(id, { event: { source: 'hubspot', id: event }, fields: { email: `${event}@example.com` } });
  for (const event of ['a', 'B']) await run(writeContact, said(one, event));
  for (const event of ['B', 'a']) await run(writeContact, said(other, event));
  expect(await personOf(one)).toMatchObject({ email: 'a@example.com' });
  expect(await personOf(other)).toMatchObject({ email: 'a@example.com' });
});

test('forty at once, in any order, leave one contact as the last of them told', async () => {
  const id = contact();
  const { writeContact } = activities();
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, n) => (n * 7) % 40).map((n) =>
      run(
        writeContact,
        change(id, {
          event: { source: 'hubspot', id: `e${n}` },
          occurredAt: at(n),
          fields: { phone: String(n), email: `${n}@example.com`, firstName: String(n) },
        }),
      ),
    ),
  );
  expect(new Set(all.map(({ contactId }) => contactId)).size).toBe(1);
  expect(new Set(all.map(({ createdBy }) => createdBy)).size).toBe(1);
  expect(await personOf(id)).toMatchObject({ email: '39@example.com', phone: '39', first_name: '39' });
});

test('the same id at another source is another contact', async () => {
  const id = contact();
  const { writeContact } = activities();
  const one = await run(writeContact, change(id));
  const other = await run(writeContact, change(id, { event: { source: 'salesforce', id: 'e1' } }));
  expect(other.contactId).not.toBe(one.contactId);
});

test.each<[string, Partial<ContactChange>]>([
  ['a NUL in a field', { fields: { email: 'a\0b' } }],
  ['a NUL in the id', { externalId: 'a\0b' }],
  ['a time that is none', { occurredAt: 'soon' }],
])('the database refuses %s for good', async (_name, changes) => {
  await expect(run(activities().writeContact, change(contact(), changes))).rejects.toMatchObject({
    type: 'ContactsRefused',
    nonRetryable: true,
  });
});

test('contacts that are not migrated say what to do, and are tried again', async () => {
  const empty = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => empty.drop());
  const { writeContact } = activities(empty.url);
  const input = change(contact());
  await expect(run(writeContact, input)).rejects.toMatchObject({
    type: 'ContactsMissing',
    nonRetryable: false,
    message: expect.stringContaining('everhook migrate') as string,
  });
  await migrateContacts(empty.url);
  await expect(run(writeContact, input)).resolves.toMatchObject({ written: ['email'] });
});

test('ten migrations at once apply each step once, and all stores are migrated together', async () => {
  const empty = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => empty.drop());
  const all = await Promise.all(Array.from({ length: 10 }, () => migrateContacts(empty.url)));
  expect(all.filter(([line]) => line === 'contacts: applied contacts')).toHaveLength(1);
  expect(await migrateStores(contextOf({ environment: { DATABASE_URL: empty.url } }))).toContain(
    'contacts: up to date',
  );
});

test('a row that keeps contacts without DATABASE_URL stops the worker and is named', () => {
  const make = () => createActivities(contextOf({ routes: [row('upsertContact', 'crm', 'hubspot')] }));
  expect(make).toThrow(ConfigError);
  expect(make).toThrow('DATABASE_URL is not set: contacts need it, for crm thing.happened (upsertContact)');
});

test('without such a row there are no contacts, and a call says so for good', async () => {
  const { writeContact } = createActivities(contextOf({ routes: [row('recordEvent')] }));
  await expect(run(writeContact, change(contact()))).rejects.toMatchObject({
    type: 'ContactsMissing',
    nonRetryable: true,
  });
});
