import { readdir, readFile } from 'node:fs/promises';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { key } from '../encryption/support.ts';
import { cases } from '../histories/cases.ts';
import { historyFromJson } from '../support/history.ts';
import { quieten, workflowsPath } from '../support/temporal.ts';

const folder = new URL('../histories/', import.meta.url);
const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));

beforeAll(() => quieten());

const read = async (file: string) => historyFromJson(await readFile(new URL(file, folder), 'utf8'));
const shipped = () => ({ workflowBundle: { codePath: inject('workflowBundle') } });

test('every case is recorded, and every workflow has one', () => {
  expect(files).toEqual(expect.arrayContaining(cases.map(({ name }) => `${name}.json`)));
  expect([...new Set(cases.map(({ workflow }) => workflow))].toSorted()).toEqual([
    'answerCommand',
    'followUpInteraction',
    'fulfillPayment',
    'manageIncident',
    'processPush',
    'recordEvent',
    'recoverPayment',
    'takeTurns',
    'upsertContact',
    'welcomeCustomer',
  ]);
});

test.each(files)('%s replays', async (file) => {
  await expect(Worker.runReplayHistory(shipped(), await read(file))).resolves.toBeUndefined();
});

describe('with encryption on', () => {
  const keys = { current: key('replay'), previous: undefined };
  const dataConverter = createDataConverter({ keys });
  let code = '';
  beforeAll(async () => {
    ({ code } = await bundleWorkflowCode({
      workflowsPath,
      failureConverterPath: dataConverter.failureConverterPath!,
      logger: new DefaultLogger('ERROR'),
    }));
  });

  test.each(files)('%s, which is in the clear, replays', async (file) => {
    const options = { workflowBundle: { code }, dataConverter };
    await expect(Worker.runReplayHistory(options, await read(file))).resolves.toBeUndefined();
  });
});

test.each(['fulfillPayment.json', 'recoverPayment.json', 'processPush.json', 'takeTurns.json'])(
  'a changed order of commands is caught in %s',
  async (file) => {
    const reordered = new URL('fixtures/reordered.ts', import.meta.url).pathname;
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: reordered,
      logger: new DefaultLogger('ERROR'),
    });
    await expect(Worker.runReplayHistory({ workflowBundle }, await read(file))).rejects.toThrow(
      DeterminismViolationError,
    );
  },
);
