import { TestWorkflowEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { quieten } from '../support/temporal.ts';
import { eventOf } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runWorkflow, shown } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

const sealed = 'everhook-sealed:response-url';
const answer = (changes: object = {}, activities = fakeActivities()) => {
  const payload = { command: '/deploy', text: 'production now', response_url: sealed, ...changes };
  return runWorkflow(temporal, 'answerCommand', eventOf('slack', 'command./deploy', payload), activities);
};

test('a command is answered over its response_url, to its user alone', async () => {
  const activities = fakeActivities();
  const { result, details } = await answer({}, activities);
  expect(result).toEqual({ answer: 'sent' });
  expect(details).toBe('/deploy: answer sent');
  expect(activities.respondInSlack).toHaveBeenCalledExactlyOnceWith({
    event: { source: 'slack', id: expect.any(String) },
    responseUrl: sealed,
    message: { response_type: 'ephemeral', text: 'Taken: /deploy production now' },
  });
});

test.each([
  [
    '<!channel> & <https://example.com|here>',
    'Taken: /deploy &lt;!channel&gt; &amp; &lt;https://example.com|here&gt;',
  ],
  ['', 'Taken: /deploy'],
  [undefined, 'Taken: /deploy'],
  ['x'.repeat(5000), `Taken: /deploy ${'x'.repeat(2000 - '/deploy '.length)}`],
])('what was typed is repeated as it is, and mentions nobody: %j', async (text, said) => {
  const activities = fakeActivities();
  await answer({ text }, activities);
  expect(activities.respondInSlack).toHaveBeenCalledWith(
    expect.objectContaining({ message: { response_type: 'ephemeral', text: said } }),
  );
});

test('without a response_url there is nowhere to answer, and the run says so', async () => {
  const activities = fakeActivities();
  const { result, details } = await answer({ response_url: undefined }, activities);
  expect(result).toEqual({ answer: 'no_response_url' });
  expect(details).toBe('/deploy: answer no_response_url');
  expect(activities.respondInSlack).not.toHaveBeenCalled();
});

test('an answer that is refused for good fails the run, at once', async () => {
  const activities = fakeActivities();
  activities.respondInSlack.mockRejectedValue(
    ApplicationFailure.nonRetryable('hooks.slack.com: 404', 'ChatRefused'),
  );
  expect(await failureOf(answer({}, activities))).toMatchObject({ type: 'ChatRefused' });
  expect(activities.respondInSlack).toHaveBeenCalledOnce();
});

test('what the UI shows names neither what was typed nor where the answer went', async () => {
  const { handle, details } = await answer();
  const texts = [...(await shown(temporal.client, handle.workflowId)), details].join('\n');
  expect(texts).not.toMatch(/production now|everhook-sealed/);
});
