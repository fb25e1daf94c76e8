import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import type { ActivityContext } from '../../src/define.ts';
import { readSetting, type Environment } from '../../src/settings.ts';

/** What a worker hands to activities, with settings from an object; closed after the test. */
export function contextOf({
  environment = {},
  ...others
}: Partial<Omit<ActivityContext, 'setting' | 'onClose'>> & {
  environment?: Environment;
} = {}): ActivityContext {
  return {
    development: false,
    reveal: (sealed) => sealed,
    isMadeUp: () => false,
    home: '/nonexistent',
    routes: [],
    ...others,
    setting: (name) => readSetting(environment, name),
    onClose: (close) => onTestFinished(close),
  };
}

/** A row, as activities see it. */
export const row = (workflow: string, source = 'stripe', provider = source) => ({
  source,
  provider,
  type: 'thing.happened',
  workflow,
});

/** An activity's surroundings, without the worker's log. */
export const surroundings = (info: { attempt?: number } = {}): MockActivityEnvironment =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });

/** Runs an activity as a worker does. */
export const run = <Input, Result>(
  activity: (input: Input) => Promise<Result>,
  input: Input,
  info?: { attempt?: number },
): Promise<Result> => surroundings(info).run(activity, input);

export const event = { source: 'stripe', id: 'evt_1' };
