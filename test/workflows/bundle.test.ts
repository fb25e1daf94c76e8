import { readFile } from 'node:fs/promises';
import { expect, inject, test } from 'vitest';
import * as workflows from '../../src/workflows/index.ts';

test('the workflows that are exported are the public ones', () => {
  expect(Object.keys(workflows).toSorted()).toEqual([
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

test('nothing but workflows and the SDK is in the bundle', async () => {
  const code = await readFile(inject('workflowBundle'), 'utf8');
  const modules = [...code.matchAll(/^\/\*\*\*\/ "(\.[^"]+)"/gm)].map(([, path = '']) => path);
  expect(modules.length).toBeGreaterThan(50);
  expect(modules.filter((path) => path.startsWith('./src/workflows/'))).toContain('./src/workflows/index.ts');
  const foreign = modules.filter(
    (path) =>
      !path.startsWith('./src/workflows/') &&
      !/^\.\/node_modules\/(@temporalio\/(?:workflow|common|proto|worker)|ms|long|protobufjs|@protobufjs|nexus-rpc|@ungap\/structured-clone)\//.test(
        path,
      ),
  );
  expect(foreign).toEqual([]);
});

test.each([
  /require\("(?:pg|zod|stripe|nodemailer|node:[a-z/_]+)"\)/,
  /src\/activities\//,
  /node_modules\/(?:zod|pg|stripe|nodemailer)\//,
])('the bundle does not match %s', async (pattern) => {
  expect(await readFile(inject('workflowBundle'), 'utf8')).not.toMatch(pattern);
});
