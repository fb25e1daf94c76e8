import { readdir, readFile } from 'node:fs/promises';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { beforeAll, expect, inject, test } from 'vitest';
import { cases } from '../histories/cases.ts';
import { historyFromJson } from '../support/history.ts';
import { quieten } from '../support/temporal.ts';

const folder = new URL('../histories/', import.meta.url);
const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));

beforeAll(() => quieten());

const read = async (file: string) => historyFromJson(await readFile(new URL(file, folder), 'utf8'));
const shipped = () => ({ workflowBundle: { codePath: inject('workflowBundle') } });

test('every case is recorded, and every workflow has one', () => {
  expect(files).toEqual(expect.arrayContaining(cases.map(({ name }) => `${name}.json`)));
  expect([...new Set(cases.map(({ workflow }) => workflow))].toSorted()).toEqual([
    'fulfillPayment',
    'processPush',
    'recordEvent',
    'recoverPayment',
    'welcomeCustomer',
  ]);
});

test.each(files)('%s replays', async (file) => {
  await expect(Worker.runReplayHistory(shipped(), await read(file))).resolves.toBeUndefined();
});

test.each(['fulfillPayment.json', 'recoverPayment.json', 'processPush.json'])(
  'a changed order of commands is caught in %s',
  async (file) => {
    const workflowsPath = new URL('fixtures/reordered.ts', import.meta.url).pathname;
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    await expect(Worker.runReplayHistory({ workflowBundle }, await read(file))).rejects.toThrow(
      DeterminismViolationError,
    );
  },
);
