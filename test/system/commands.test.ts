import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { Plan } from '../../src/accept.ts';
import { writeAddresses } from '../../src/dev/addresses.ts';
import { openJournal, type Journal } from '../../src/journal/open.ts';
import { journalSchema } from '../../src/journal/schema.ts';
import { createKeeper } from '../../src/journal/keeper.ts';
import { createLogger } from '../../src/log.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { delivered, journalSources, plan, soon } from '../support/journal.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { finished, query, type Settings } from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
let settings: Settings;
let journal: Journal;
beforeAll(async () => {
  const { home, remove } = await temporaryHome();
  const database = await createDatabase(inject('postgresUrl'));
  cleanUps.push(remove, () => database.drop());
  await migrateSchema(database.url, journalSchema);
  settings = { DATABASE_URL: database.url, EVERHOOK_HOME: home };
  journal = openJournal({
    databaseUrl: database.url,
    sources: journalSources,
    observer: { committed: () => undefined, failed: () => undefined, possibleReplay: () => undefined },
  });
  cleanUps.push(() => journal.close());

  const keyed: Plan = { ...plan, kind: 'inOrderBy', turnKey: 'k', settlingSeconds: 2 };
  const parked: Plan = { state: 'parked', route: '*', why: 'payload_unexpected', note: '/total', run: plan };
  const keyless: Plan = { state: 'parked', route: '*', why: 'key_unusable', note: 'not text' };
  await accept('first', { read: { key: 'p1', labels: { customer: 'cus_1' } } });
  await accept('second');
  await accept('second');
  await accept('second', { read: { sameness: 'another' } });
  await accept('turn-2', { route: keyed, read: { occurredAt: '2026-01-02T00:00:00.000Z' } });
  await accept('turn-1', { route: keyed, read: { occurredAt: '2026-01-01T00:00:00.000Z' } });
  await accept('misfit', { route: parked });
  await accept('misfit-2', { route: parked });
  await accept('keyless', { route: keyless });
  await accept('letter-%41');
  await accept(hostile, { read: { types: [`a.${hostile}`], labels: { [hostile]: hostile } } });
  await accept(`'; drop table x --`);
  const log = createLogger({ level: 'silent', terminal: false });
  const keeper = createKeeper({ pool: journal.pool, sources: journalSources, log });
  const { source, delivery } = delivered({ id: 'forged' });
  const refusal = { code: 'signature_invalid', reason: 'signature_mismatch', note: undefined };
  keeper.keep({ source, delivery, verdict: 'refused', refusal });
  await keeper.close();
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

// A title for the terminal's window, a line that says something else, and text from right to left.
const hostile = 'x\u001b]0;owned\u0007\r\u009b2J\u202e';

const accept = (id: string, options: Parameters<typeof delivered>[1] = {}) =>
  journal.accept({ ...delivered({ id }, options), deadline: soon() });

/** Runs a command that prints JSON. */
async function json<Result>(...args: string[]): Promise<Result> {
  const { code, output, errors } = await finished([...args, '--json'], settings);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(output) as Result;
}

const idsOf = async (...args: string[]) =>
  (await json<{ id: string }[]>('events', 'list', ...args)).map(({ id }) => id);

describe('everhook events list', () => {
  test('finds by label, by key, by state and by time, newest first, page after page', async () => {
    expect(await idsOf('--label', 'customer=cus_1')).toEqual(['first']);
    expect(await idsOf('--key', 'p1')).toEqual(['first']);
    expect(await idsOf('--state', 'parked')).toEqual(['keyless', 'misfit-2', 'misfit']);
    expect(await idsOf('--since', '1h', '--type', 'payment', '--limit', '2')).toEqual([
      `'; drop table x --`,
      hostile,
    ]);
    const page = await json<{ row: string }[]>('events', 'list', '--limit', '2');
    expect((await idsOf('--limit', '1', '--before', page.at(-1)!.row))[0]).toBe('letter-%41');
  });

  test('finds nothing with exit code 1, and takes SQL for text', async () => {
    const { code, errors } = await finished(['events', 'list', '--key', `' or true --`], settings);
    expect({ code, errors }).toEqual({
      code: 1,
      errors: 'No such event. Refused deliveries: everhook rejected\n',
    });
  });

  test.each([
    [['--limit', '0'], 'a whole number from 1 to 1000'],
    [['--since', 'yesterday'], 'a date'],
    [['--label', 'nothing'], 'name=value'],
    [['--state', 'lost'], 'Allowed choices'],
    [['--before', 'x'], 'a row'],
  ])('refuses %j', async (args, message) => {
    const { code, errors } = await finished(['events', 'list', ...args], settings);
    expect(errors).toContain(message);
    expect(code).toBe(1);
  });
});

describe('everhook events show', () => {
  test('tells of deliveries, duplicates and conflicts', async () => {
    const story = await json<Record<string, unknown>>('events', 'show', 'payment:second');
    expect(story).toMatchObject({
      id: 'second',
      runs: [{ n: 1, state: 'accepted', workflow: 'recordEvent', workflowId: 'payment:second' }],
      deliveries: [{ verdict: 'new' }, { verdict: 'duplicate' }, { verdict: 'conflict' }],
      conflicts: [{ why: 'other_content', id: 'second' }],
    });
    const { output } = await finished(['events', 'show', 'payment:second'], settings);
    expect(output).toMatch(/^payment:second\n[\s\S]*duplicate[\s\S]*conflict {3}other_content/);
  });

  test('tells the place of an event that waits for its turn', async () => {
    const place = async (id: string) =>
      (await json<{ runs: { place: number }[] }>('events', 'show', `payment:${id}`)).runs[0]!.place;
    expect(await place('turn-1')).toBe(1);
    expect(await place('turn-2')).toBe(2);
  });

  test('prints the bytes that were received', async () => {
    const { output } = await finished(['events', 'show', 'payment:first', '--body'], settings);
    expect(JSON.parse(output)).toMatchObject({ id: 'first' });
  });

  test('takes a workflow id for its event, and knows what is not there', async () => {
    const escaped = `payment:${encodeURIComponent(`'; drop table x --`)}`;
    expect(await json('events', 'show', escaped)).toMatchObject({ id: `'; drop table x --` });
    expect(await json('events', 'show', 'payment:first~2')).toMatchObject({ id: 'first' });
    const { code, errors } = await finished(['events', 'show', 'payment:none'], settings);
    expect(errors).toBe('No event payment:none. Refused deliveries: everhook rejected --source payment\n');
    expect(code).toBe(1);
  });
});

test('an id is taken as a list shows it, even where it looks escaped', async () => {
  expect(await json('events', 'show', 'payment:letter-%41')).toMatchObject({ id: 'letter-%41' });
  expect(await json('events', 'show', 'payment:letter-%2541')).toMatchObject({ id: 'letter-%41' });
  expect((await finished(['events', 'show', 'payment:letter-A'], settings)).code).toBe(1);
});

test.each([
  [['events', 'list', '--limit', '2']],
  [['events', 'list', '--limit', '2', '--json']],
  [['events', 'show', `payment:${hostile}`]],
  [['events', 'show', `payment:${hostile}?`]],
  [['retry', `payment:${hostile}`]],
])('what senders wrote cannot speak to the terminal: %j', async (args) => {
  const { output, errors } = await finished(args, settings);
  expect(output + errors).toContain('\\u001b]0;owned');
  expect(output + errors).not.toMatch(/[^\P{Cc}\n]/u);
});

test('everhook rejected tells what was refused and why, everhook deliveries all of it', async () => {
  expect(await json('rejected')).toMatchObject([
    { source: 'payment', verdict: 'refused', code: 'signature_invalid', reason: 'signature_mismatch' },
  ]);
  expect(await json('rejected', '--reason', 'timestamp_stale')).toEqual([]);
  expect((await json<unknown[]>('deliveries', '--verdict', 'duplicate')).length).toBe(1);
  const { output } = await finished(['deliveries', '--verdict', 'new', '--json'], settings);
  const brought = (JSON.parse(output) as { events: string[]; redacted: boolean }[]).flatMap(
    (one) => one.events,
  );
  expect(brought).toContain('first');
  expect(new Set(brought).size).toBe(brought.length);
});

test('everhook pause holds back, resume lets go, and backlog tells', async () => {
  const paused = await finished(['pause', 'payment/*', '--why', 'a test', '--by', 'tester'], settings);
  expect(paused).toMatchObject({ code: 0, output: expect.stringContaining('payment/* is paused') });
  const backlog = await json<Record<string, object[]>>('backlog');
  expect(backlog['paused']).toMatchObject([{ source: 'payment', route: '*', by: 'tester', why: 'a test' }]);
  expect(backlog['parked']).toEqual([
    { source: 'payment', reason: 'key_unusable', runs: 1 },
    { source: 'payment', reason: 'payload_unexpected', runs: 2 },
  ]);
  expect(backlog['waiting']).toContainEqual(
    expect.objectContaining({ source: 'payment', route: '*', kind: 'plain', paused: true }),
  );
  expect(await finished(['resume', 'payment/*'], settings)).toMatchObject({
    code: 0,
    output: 'payment/* goes on.\n',
  });
  expect((await finished(['resume', 'payment/*'], settings)).code).toBe(1);
  const mistyped = await finished(['pause', 'payment/payment.suceeded'], settings);
  expect(mistyped).toMatchObject({
    code: 2,
    errors: expect.stringContaining('no row payment/payment.suceeded'),
  });
  expect(await finished(['pause', 'nobody'], settings)).toMatchObject({
    code: 2,
    errors: expect.stringContaining('no source nobody'),
  });
});

test('everhook retry lets parked runs try again, and only those', async () => {
  const stateOf = async (id: string) =>
    await query(
      settings['DATABASE_URL']!,
      `select r.state, r.requested_by, r.why from everhook.runs r join everhook.events e on e.id = r.event where e.event_id = '${id}'`,
    );
  const refusals = [
    ['payment:first', 'payment:first is accepted, not parked\n'],
    [
      'payment:keyless',
      'payment:keyless has no run that could try again: its row gave no usable key (key_unusable: not text)\n',
    ],
    ['payment:none', 'No event payment:none\n'],
  ] as const;
  for (const [event, errors] of refusals) {
    expect(await finished(['retry', event], settings)).toEqual({ code: 1, output: '', errors });
  }
  expect(await finished(['retry', 'payment:misfit', '--reason', 'id_taken'], settings)).toMatchObject({
    code: 1,
    errors: 'payment:misfit is parked for another reason (payload_unexpected: /total)\n',
  });
  expect(await finished(['retry', '--source', `' or true --`], settings)).toMatchObject({ code: 2 });
  expect(
    await finished(['retry', '--source', 'payment', '--reason', `' or true --`], settings),
  ).toMatchObject({ code: 1 });
  expect(await finished(['retry'], settings)).toMatchObject({ code: 2 });
  expect(await finished(['retry', '--source', 'payment'], settings)).toMatchObject({
    code: 1,
    errors: '2 parked runs would try again. With --yes they do.\n',
  });
  expect(await stateOf('misfit')).toMatchObject([{ state: 'parked' }]);
  expect(await finished(['retry', 'payment:misfit', '--by', 'tester'], settings)).toMatchObject({
    code: 0,
    output: '1 parked run will try again.\n',
  });
  expect(await stateOf('misfit')).toEqual([
    { state: 'accepted', requested_by: 'tester', why: 'retry of payload_unexpected: /total' },
  ]);
  // One alone needs no second word.
  const all = ['retry', '--source', 'payment', '--reason', 'payload_unexpected', '--why', 'looked'];
  expect(await finished(all, settings)).toMatchObject({ code: 0, output: '1 parked run will try again.\n' });
  expect(await stateOf('misfit-2')).toMatchObject([
    { state: 'accepted', why: expect.stringMatching(/^looked; retry of payload_unexpected: /) as string },
  ]);
});

test.each([
  ['in direct mode', { EVERHOOK_MODE: 'direct' }, /^everhook: EVERHOOK_MODE is direct: .*\n$/],
  [
    'where the database is away',
    { DATABASE_URL: 'postgres://127.0.0.1:1/none' },
    /^everhook: DATABASE_URL: .*\n$/,
  ],
] as const)('%s the commands exit with 2 and say so', async (_where, more, message) => {
  const { code, errors } = await finished(['backlog'], { ...settings, ...more });
  expect(errors).toMatch(message);
  expect(code).toBe(2);
});

test('without a database and without a start beside it they exit with 2 and say so', async () => {
  const { code, errors } = await finished(['events', 'list'], { EVERHOOK_HOME: settings['EVERHOOK_HOME']! });
  expect(errors).toMatch(/^everhook: DATABASE_URL is not set, and no "everhook start" runs here.*\n$/);
  expect(code).toBe(2);
});

test('beside a running start they find its database, in a file that nobody else may read', async () => {
  const { home, remove } = await temporaryHome();
  cleanUps.push(remove);
  await writeAddresses(home, {
    api: 'http://127.0.0.1:1',
    admin: 'http://127.0.0.1:1',
    temporal: '127.0.0.1:1',
    namespace: 'default',
    database: settings['DATABASE_URL']!,
  });
  expect((await stat(join(home, 'addresses.json'))).mode & 0o777).toBe(0o600);
  const { code, output } = await finished(['events', 'show', 'payment:first'], { EVERHOOK_HOME: home });
  expect(output).toMatch(/^payment:first\n/);
  expect(code).toBe(0);
});

test('everhook rejected explain judges a refused delivery again, and says what to try', async () => {
  const [{ id } = { id: '' }] = await json<{ id: string }[]>('rejected');
  const explained = await finished(['rejected', 'explain', id, '--json'], {
    ...settings,
    PAYMENT_WEBHOOK_SECRET: 'a secret',
  });
  expect(JSON.parse(explained.output)).toMatchObject({
    id,
    source: 'payment',
    refusal: { code: 'signature_invalid', reason: 'signature_mismatch' },
    accepted: false,
    reason: 'signature_mismatch',
    hint: expect.stringMatching(/^signed by another secret, or the body was changed on the way/),
  });
  const unset = await finished(['rejected', 'explain', id], settings);
  expect(unset).toMatchObject({ code: 2, errors: expect.stringContaining('PAYMENT_WEBHOOK_SECRET') });
  const nobody = await finished(['rejected', 'explain', '019ac3f2-0000-7000-8000-000000000000'], settings);
  expect(nobody.code).toBe(1);
});
