import { CancelledFailure, Context, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { quieten } from '../support/temporal.ts';
import { gitlabPushEvent, pushEvent } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runWorkflow, shown } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

const before = 'a'.repeat(40);
const after = 'b'.repeat(40);
const process = (changes: object = {}, activities = fakeActivities()) =>
  runWorkflow(temporal, 'processPush', pushEvent({ before, after, ...changes }), activities);

test('the mirror is fetched, then described, and the run tells it in numbers', async () => {
  const activities = fakeActivities();
  const { result, details, handle } = await process({}, activities);
  const push = {
    cloneUrl: 'https://git.everhook.example/sample.git',
    ref: 'refs/heads/main',
    before,
    after,
    defaultBranch: 'main',
    commitCount: 0,
  };
  expect(activities.fetchMirror).toHaveBeenCalledExactlyOnceWith(push);
  expect(activities.describePush).toHaveBeenCalledExactlyOnceWith(push);
  expect(result).toEqual({
    change: 'updated',
    ref: 'refs/heads/main',
    head: after,
    commits: 2,
    files: 1,
    truncated: false,
  });
  expect(details).toBe('everhook/sample refs/heads/main: updated, 2 commits, 1 files');
  expect(await shown(temporal.client, handle.workflowId)).toEqual([
    'fetch the mirror',
    'list commits and files',
  ]);
});

test('nothing is fetched for a ref that is gone', async () => {
  const activities = fakeActivities();
  await process({ after: '0'.repeat(40), deleted: true }, activities);
  expect(activities.fetchMirror).not.toHaveBeenCalled();
  expect(activities.describePush).toHaveBeenCalledTimes(1);
});

test('what was cut short is said to be', async () => {
  const activities = fakeActivities();
  const described = await fakeActivities().describePush({ cloneUrl: '', ref: '', before, after });
  activities.describePush.mockResolvedValue({ ...described, commitCount: 300, truncated: true });
  const { details } = await process({}, activities);
  expect(details).toBe(
    'everhook/sample refs/heads/main: updated, 300 commits, 1 files listed, there are more',
  );
});

test.each(['CloneUrlRefused', 'PushUnreadable', 'RepositoryUnavailable'])(
  '%s fails the run without another attempt',
  async (type) => {
    const activities = fakeActivities();
    activities.fetchMirror.mockRejectedValue(ApplicationFailure.nonRetryable('no', type));
    expect(await failureOf(process({}, activities))).toMatchObject({ type });
    expect(activities.fetchMirror).toHaveBeenCalledTimes(1);
    expect(activities.describePush).not.toHaveBeenCalled();
  },
);

test('cancelling the run cancels the fetch, and waits for it', async () => {
  let ended = false;
  const activities = fakeActivities();
  activities.fetchMirror.mockImplementation(async () => {
    const timer = setInterval(() => heartbeat(), 100);
    try {
      return await Context.current().cancelled;
    } finally {
      clearInterval(timer);
      ended = true;
    }
  });
  const event = pushEvent({ before, after });
  const taskQueue = `test-${event.id}`;
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: inject('workflowBundle') },
    activities,
    // Cancellations travel with heartbeats; 20 s of time-out would let them wait for 16.
    maxHeartbeatThrottleInterval: '200 milliseconds',
  });
  await worker.runUntil(async () => {
    const handle = await temporal.client.workflow.start('processPush', {
      workflowId: `github:${event.id}`,
      taskQueue,
      args: [event],
    });
    await expect.poll(() => activities.fetchMirror.mock.calls.length, { timeout: 10_000 }).toBe(1);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
    expect(ended).toBe(true);
  });
});

test.each([
  [{ after: undefined }, 'after'],
  [{ before: null }, 'before'],
  [{ ref: 7 }, 'ref'],
  [{ repository: undefined }, 'repository.clone_url'],
  [{ repository: { full_name: 'a/b', clone_url: 'https://git.everhook.example/a' } }, 'default_branch'],
])('a push with %j fails its run, and does not leave it hanging', async (changes, field) => {
  const { type, nonRetryable, message } = await failureOf(process(changes));
  expect({ type, nonRetryable }).toEqual({ type: 'PushUnreadable', nonRetryable: true });
  expect(message).toContain(field);
});

test.each([undefined, null])('a push whose commits are %j is described by git alone', async (commits) => {
  expect((await process({ commits })).result).toMatchObject({ commits: 2 });
});

describe('a push of GitLab', () => {
  const push = {
    cloneUrl: 'https://git.everhook.example/sample.git',
    ref: 'refs/heads/main',
    before,
    after,
    defaultBranch: 'main',
    commitCount: 3,
  };
  const mirror = (
    changes: object = {},
    {
      type = 'push',
      activities = fakeActivities(),
    }: { type?: 'push' | 'tag_push'; activities?: object } = {},
  ) => runWorkflow(temporal, 'processPush', gitlabPushEvent({ before, after, ...changes }, type), activities);

  test('is mirrored and described like one of GitHub, with as many commits as it counts', async () => {
    const activities = fakeActivities();
    const { result, details } = await mirror({}, { activities });
    expect(activities.fetchMirror).toHaveBeenCalledExactlyOnceWith(push);
    expect(activities.describePush).toHaveBeenCalledExactlyOnceWith(push);
    expect(result).toMatchObject({ change: 'updated', ref: 'refs/heads/main', commits: 2, files: 1 });
    expect(details).toBe('everhook/sample refs/heads/main: updated, 2 commits, 1 files');
  });

  test('of a tag is one of another type', async () => {
    const activities = fakeActivities();
    await mirror({ ref: 'refs/tags/v1' }, { type: 'tag_push', activities });
    expect(activities.fetchMirror).toHaveBeenCalledExactlyOnceWith({
      ...push,
      ref: 'refs/tags/v1',
      commitCount: 0,
    });
  });

  test.each(['push', 'tag_push'] as const)('that took its ref away, a %s, fetches nothing', async (type) => {
    const activities = fakeActivities();
    await mirror({ after: '0'.repeat(40), checkout_sha: null }, { type, activities });
    expect(activities.fetchMirror).not.toHaveBeenCalled();
    expect(activities.describePush).toHaveBeenCalledTimes(1);
  });

  test('to an empty repository has no default branch yet', async () => {
    const activities = fakeActivities();
    const project = { git_http_url: push.cloneUrl, path_with_namespace: 'a/b', default_branch: null };
    await mirror({ project, total_commits_count: undefined }, { activities });
    const { defaultBranch: _none, ...others } = push;
    expect(activities.fetchMirror).toHaveBeenCalledExactlyOnceWith({ ...others, commitCount: 0 });
  });

  test.each([
    [{ after: undefined }, 'after'],
    [{ before: null }, 'before'],
    [{ ref: 7 }, 'ref'],
    [{ project: undefined }, 'project.git_http_url'],
    [{ object_kind: undefined, project: {} }, 'project.git_http_url'],
  ])('with %j fails its run, and does not leave it hanging', async (changes, field) => {
    const { type, nonRetryable, message } = await failureOf(mirror(changes));
    expect({ type, nonRetryable }).toEqual({ type: 'PushUnreadable', nonRetryable: true });
    expect(message).toContain(field);
  });
});
