import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload, type StorageDriverTargetInfo } from '@temporalio/common';
import type { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { blobStorage, blobThresholdBytes, openBlobs } from '../../src/journal/blobs.ts';
import { gateTo } from '../support/gate.ts';
import { createJournal } from '../support/journal.ts';

const workflow = (id?: string): StorageDriverTargetInfo => ({
  kind: 'workflow',
  namespace: 'default',
  ...(id !== undefined && { id }),
});
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const driverOf = (pool: Pool) => blobStorage(pool).drivers[0]!;
const usesOf = 'select namespace, workflow_id, look_at::text from everhook.blob_uses order by workflow_id';

test('payloads come back as they were stored, in the order of their claims', async () => {
  const { pool } = await createJournal();
  const driver = driverOf(pool);
  const payloads = [
    payloadOf({ a: 1 }),
    payloadOf('b'),
    {
      metadata: { encoding: Buffer.from('binary/plain'), x: Buffer.from([0, 255]) },
      data: randomBytes(300_000),
    },
    payloadOf({ a: 1 }),
  ];
  const claims = await driver.store({ target: workflow('w') }, payloads);
  const back = await driver.retrieve({}, claims);
  expect(back.map(plain)).toEqual(payloads.map(plain));
  expect((await driver.retrieve({}, claims.toReversed())).map(plain)).toEqual(
    payloads.toReversed().map(plain),
  );
});

const plain = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
  ),
  data: Buffer.from(data ?? []).toString('hex'),
});

test('the same content is stored once, and what differs in its metadata alone is not the same', async () => {
  const { pool, rows } = await createJournal();
  const driver = driverOf(pool);
  const one = payloadOf('x');
  const other = { ...one, metadata: { ...one.metadata, note: Buffer.from('n') } };
  await driver.store({ target: workflow('a') }, [one, one]);
  await driver.store({ target: workflow('b') }, [one, other]);
  await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      driver.store({ target: workflow(`c${index % 2}`) }, index % 2 ? [one, other] : [other, one]),
    ),
  );
  expect(await rows('select count(*)::int from everhook.blobs')).toEqual([{ count: 2 }]);
  expect(
    await rows<{ workflow_id: string }>(`select distinct workflow_id from everhook.blob_uses`),
  ).toHaveLength(4);
});

test('without a workflow to ask after, a blob is kept for good', async () => {
  const { pool, rows } = await createJournal();
  const driver = driverOf(pool);
  await driver.store({}, [payloadOf('nobody')]);
  await driver.store({ target: workflow() }, [payloadOf('no id')]);
  await driver.store({ target: { kind: 'activity', namespace: 'default', id: 'a' } }, [payloadOf('alone')]);
  expect(await rows<{ workflow_id: string }>(usesOf)).toEqual([
    { namespace: '', workflow_id: '', look_at: 'infinity' },
    { namespace: 'default', workflow_id: '', look_at: 'infinity' },
    { namespace: 'default', workflow_id: '', look_at: 'infinity' },
  ]);
});

test('a payload that is not there, or is not what was stored, is named', async () => {
  const { pool, rows } = await createJournal();
  const driver = driverOf(pool);
  const claims = await driver.store({ target: workflow('w') }, [payloadOf('x')]);
  const key = claims[0]!.claimData['key']!;
  await rows(`update everhook.blobs set data = data || '\\x00'`);
  await expect(driver.retrieve({}, claims)).rejects.toMatchObject({ name: 'BlobError', failure: 'damaged' });
  await rows('delete from everhook.blobs');
  const missing = driver.retrieve({}, claims);
  await expect(missing).rejects.toMatchObject({ name: 'BlobError', failure: 'missing' });
  await expect(missing).rejects.toThrow(`${key} is not in the journal (everhook.blobs)`);
});

test('what is aborted ends at once, and its connection is not used again', async () => {
  const { pool, rows, url } = await createJournal();
  const blobs = openBlobs(url);
  onTestFinished(() => blobs.close());
  const driver = blobs.storage.drivers[0]!;
  const claims = await driver.store({ target: workflow('w') }, [payloadOf('x')]);
  const locker = await pool.connect();
  onTestFinished(() => locker.release(true));
  await locker.query('begin; lock table everhook.blobs in access exclusive mode');
  const aborter = new AbortController();
  const reading = driver.retrieve({ abortSignal: aborter.signal }, claims);
  const waiting = () =>
    rows(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'everhook-blobs'`,
    );
  await expect.poll(waiting).toHaveLength(1);
  const aborted = performance.now();
  aborter.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  // Well before PostgreSQL's own 15 s.
  expect(performance.now() - aborted).toBeLessThan(5000);
  await expect(driver.retrieve({ abortSignal: aborter.signal }, claims)).rejects.toThrow('enough');
  await locker.query('rollback');
  expect(await driver.retrieve({}, claims)).toHaveLength(1);
});

test('while PostgreSQL is away it is said so, and afterwards all goes on', async () => {
  const { url } = await createJournal();
  const gate = await gateTo(url);
  const blobs = openBlobs(gate.url);
  onTestFinished(() => blobs.close());
  const driver = blobs.storage.drivers[0]!;
  const claims = await driver.store({ target: workflow('w') }, [payloadOf('x')]);
  gate.shut();
  const away = { name: 'BlobError', failure: 'unavailable' };
  await expect(driver.retrieve({}, claims)).rejects.toMatchObject(away);
  await expect(driver.store({ target: workflow('w') }, [payloadOf('y')])).rejects.toMatchObject(away);
  gate.open();
  expect(await driver.retrieve({}, claims)).toHaveLength(1);
});

test('256 KiB is where payloads go another way', () => {
  expect(blobThresholdBytes).toBe(256 * 1024);
});
