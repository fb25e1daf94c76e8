import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createActivities, migrateLedger } from '../../src/activities/index.ts';
import { contextOf } from '../activities/context.ts';
import { createDatabase } from '../support/postgres.ts';
import { quieten } from '../support/temporal.ts';
import { stripeEvent } from './events.ts';
import { fakeActivities } from './fake-activities.ts';

test('a worker killed between the commit and its answer costs time, and neither money nor the receipt', async () => {
  quieten();
  const address = inject('temporalAddress');
  const codePath = inject('workflowBundle');
  const { client, nativeConnection, ...temporal } = await TestWorkflowEnvironment.createFromExistingServer({
    address,
  }).then((environment) => ({
    client: environment.client,
    nativeConnection: environment.nativeConnection,
    teardown: () => environment.teardown(),
  }));
  onTestFinished(() => temporal.teardown());
  const database = await createDatabase(inject('postgresUrl'));
  onTestFinished(() => database.drop());
  await migrateLedger(database.url);
  const pool = new Pool({ connectionString: database.url });
  onTestFinished(() => pool.end());
  const entries = async () => (await pool.query('select payment_id from ledger.entries')).rows;

  const event = stripeEvent('payment_intent.succeeded', { id: 'pi_killed', amount_received: 2000 });
  const taskQueue = `test-${event.id}`;
  const handle = await client.workflow.start('fulfillPayment', {
    workflowId: `stripe:${event.id}`,
    taskQueue,
    args: [event],
  });
  const script = fileURLToPath(new URL('fixtures/killed-worker.ts', import.meta.url));
  const doomed = spawn(
    process.execPath,
    ['--import', 'tsx', script, address, taskQueue, codePath, database.url],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  onTestFinished(() => void doomed.kill('SIGKILL'));
  expect(await once(doomed, 'exit')).toEqual([null, 'SIGKILL']);
  expect(await entries()).toEqual([{ payment_id: 'pi_killed' }]);

  const { sendMail } = fakeActivities();
  const { postPayment, readPayment } = createActivities(
    contextOf({ development: true, environment: { DATABASE_URL: database.url, PATH: process.env['PATH'] } }),
  );
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowBundle: { codePath },
    activities: { postPayment, readPayment, sendMail },
  });
  expect(await worker.runUntil(handle.result())).toMatchObject({ alreadyPosted: false, receipt: 'sent' });
  expect(await entries()).toEqual([{ payment_id: 'pi_killed' }]);
  expect(sendMail).toHaveBeenCalledTimes(1);
}, 90_000);
