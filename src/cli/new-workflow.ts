import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { camel, type Place, type Scaffold } from './scaffold.ts';

/** A workflow, its test, and its name among the exported ones. */
export const workflowScaffold = (name: string, place: Place): Scaffold =>
  place.kind === 'clone' ? inClone(name) : inProject(name, place);

function inClone(name: string): Scaffold {
  const value = camel(name);
  const test = `test/workflows/${name}.test.ts`;
  return {
    files: [
      { path: `src/workflows/${name}.ts`, text: workflow(value, '../event.ts') },
      { path: test, text: cloneTest(value) },
    ],
    exports: [
      { path: 'src/workflows/index.ts', lines: [`export { ${value} } from './${name}.ts';`], word: value },
    ],
    next: [
      `say in src/workflows/${name}.ts what it takes (StripeEvent<'customer.created'>) and does`,
      `run its test: npx vitest run --project system ${test}`,
      `name it in test/workflows/bundle.test.ts: the name ${value} is public`,
      `give it a row in src/routes.ts: { stripe: { 'customer.created': '${value}' } }`,
      'add a case to test/histories/cases.ts, and record it: npx tsx test/histories/record.ts',
    ],
  };
}

function inProject(name: string, { folder, base }: Place): Scaffold {
  const value = camel(name);
  const file = `${base}workflows/${name}.ts`;
  const test = `${base}workflows/${name}.test.ts`;
  const single = existsSync(join(folder, `${base}workflows.ts`));
  const index = single
    ? { path: `${base}workflows.ts`, lines: [`export { ${value} } from './workflows/${name}.ts';`] }
    : { path: `${base}workflows/index.ts`, lines: [`export { ${value} } from './${name}.ts';`] };
  return {
    files: [
      { path: file, text: workflow(value, 'everhook') },
      { path: test, text: projectTest(name, value) },
    ],
    exports: [{ ...index, word: value }],
    next: [
      `say in ${file} what it takes and does; activities are proxied from ${base}gateway.ts`,
      `run its test: node --import tsx --test ${test}`,
      `give it a row in ${base}gateway.ts: { shop: { 'order.paid': '${value}' } }`,
      ...(single ? [] : [`workflowsPath: new URL('./workflows', import.meta.url) finds ${index.path}`]),
    ],
  };
}

const workflow = (value: string, event: string) => `import { setCurrentDetails } from '@temporalio/workflow';
import type { WebhookEvent } from '${event}';

/** Says in a sentence what it does for an event, and what its result is. */
export async function ${value}(event: WebhookEvent): Promise<{ about: string }> {
  const about = event.key ?? event.id;
  // What people see of the run in Temporal's UI: no secret, nothing personal.
  setCurrentDetails(\`\${event.source} \${event.type} about \${about}\`);
  return { about };
}
`;

const cloneTest = (value: string) => `import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { quieten } from '../support/temporal.ts';
import { eventOf } from './events.ts';
import { runWorkflow } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

test('what the event is about is its result, and its details', async () => {
  const event = { ...eventOf('any', 'thing.done', {}), key: 'thing-1' };
  const { result, details } = await runWorkflow(temporal, '${value}', event);
  expect(result).toEqual({ about: 'thing-1' });
  expect(details).toBe('any thing.done about thing-1');
});

test('an event without a key is named by its id', async () => {
  const event = eventOf('any', 'thing.done', {});
  expect((await runWorkflow(temporal, '${value}', event)).result).toEqual({ about: event.id });
});
`;

const projectTest = (name: string, value: string) => `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineGateway, source } from 'everhook';
import { hmac } from 'everhook/providers';
import { testGateway } from 'everhook/testing';

/** The workflow alone, behind a source of the test's own. */
const gateway = defineGateway({
  sources: { sender: source(hmac({ id: '/id', key: '/about' })) },
  routes: { sender: { '*': '${value}' } },
  workflowsPath: new URL('./${name}.ts', import.meta.url),
  activities: {},
});

test('what the event is about is its result', async (context) => {
  const running = await testGateway(gateway, { environment: { EVERHOOK_MODE: 'direct' } });
  context.after(() => running.close());
  const data = JSON.stringify({ id: 'e-1', type: 'thing.done', about: 'thing-1' });
  const sent = await running.send('sender', 'thing.done', { data });
  assert.deepEqual(await sent.result(), { about: 'thing-1' });
});
`;
