import { TestWorkflowEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { discordSamples } from '../../src/providers/discord-samples.ts';
import { quieten } from '../support/temporal.ts';
import { eventOf } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runWorkflow } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

const followUp = (payload: object, activities = fakeActivities()) =>
  runWorkflow(temporal, 'followUpInteraction', eventOf('discord', 'command.deploy', payload), activities);

test.each([
  ['/deploy', discordSamples.command()],
  ['ticket', discordSamples['modal.ticket']()],
])('the deferred answer becomes one: %s', async (name, payload) => {
  const activities = fakeActivities();
  const { result, details } = await followUp(payload, activities);
  expect(result).toEqual({ answer: 'sent' });
  expect(details).toBe(`${name}: answer sent`);
  expect(activities.respondInDiscord).toHaveBeenCalledExactlyOnceWith({
    event: { source: 'discord', id: expect.any(String) },
    applicationId: payload.application_id,
    token: payload.token,
    message: { content: `Taken: ${name}`, allowed_mentions: { parse: [] } },
  });
});

test.each([{ token: undefined }, { application_id: undefined }, { token: 7 }])(
  'with %j there is nothing to answer by, and the run says so',
  async (changes) => {
    const activities = fakeActivities();
    const { result } = await followUp({ ...discordSamples.command(), ...changes }, activities);
    expect(result).toEqual({ answer: 'no_token' });
    expect(activities.respondInDiscord).not.toHaveBeenCalled();
  },
);

test('an interaction without data is answered by its type', async () => {
  const { details } = await followUp({ ...discordSamples.command(), data: undefined });
  expect(details).toBe('interaction 2: answer sent');
});

test('an answer that is refused for good fails the run, at once', async () => {
  const activities = fakeActivities();
  activities.respondInDiscord.mockRejectedValue(
    ApplicationFailure.nonRetryable('discord.com: 401', 'ChatRefused'),
  );
  expect(await failureOf(followUp(discordSamples.command(), activities))).toMatchObject({
    type: 'ChatRefused',
  });
  expect(activities.respondInDiscord).toHaveBeenCalledOnce();
});
