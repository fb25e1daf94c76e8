import { TestWorkflowEnvironment } from '@temporalio/testing';
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

const receivedAt = '2026-01-02T03:04:05.678Z';

test.each([null, 'text', 7, [], {}, { deep: [{ er: null }] }])('the payload %j is taken', async (payload) => {
  const { result, details } = await runWorkflow(
    temporal,
    'recordEvent',
    eventOf('any', 'thing.done', payload),
  );
  expect(result).toEqual({ source: 'any', type: 'thing.done', receivedAt });
  expect(details).toBe(`any thing.done, received at ${receivedAt}`);
});

test('what the event is about is in the summary', async () => {
  const event = { ...eventOf('any', 'thing.done', {}), key: 'thing-1' };
  const { result, details } = await runWorkflow(temporal, 'recordEvent', event);
  expect(result).toEqual({ source: 'any', type: 'thing.done', receivedAt, key: 'thing-1' });
  expect(details).toBe(`any thing.done, thing-1, received at ${receivedAt}`);
});
