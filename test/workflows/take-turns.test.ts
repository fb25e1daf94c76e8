import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import type { TurnQuery } from '../../src/journal/turns.ts';
import { fakeFeed } from '../support/fake-feed.ts';
import { createTimeSkipping, quieten } from '../support/temporal.ts';
import { paymentEvent } from './events.ts';

beforeAll(() => quieten());

const eventsOf = (count: number) => Array.from({ length: count }, () => paymentEvent('payment.succeeded'));

/** `takeTurns` over a feed, to its end. */
async function takeTurns(
  { client, nativeConnection }: TestWorkflowEnvironment,
  events: ReturnType<typeof eventsOf>,
  idleMs?: number,
) {
  const turn = `payment~recordEvent:${events[0]!.id}`;
  const taskQueue = `test-${turn}`;
  const feed = fakeFeed(events, { workflow: 'recordEvent', taskQueue });
  const asked: TurnQuery[] = [];
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowBundle: { codePath: inject('workflowBundle') },
    activities: {
      everhookTakeNext: (query: TurnQuery) => {
        asked.push(query);
        return feed.everhookTakeNext(query);
      },
    },
  });
  const handle = await client.workflow.start('takeTurns', {
    workflowId: turn,
    taskQueue,
    args: [{ turn, key: 'k', ...(idleMs !== undefined && { idleMs }) }],
  });
  const first = client.workflow.getHandle(turn, handle.firstExecutionRunId);
  await worker.runUntil(() => handle.result());
  return { asked, left: feed.waiting, first: await first.describe(), last: await handle.describe() };
}

test('it closes when nothing has come for a minute', async () => {
  const temporal = await createTimeSkipping();
  onTestFinished(() => temporal.teardown());
  const began = await temporal.currentTimeMs();
  const { left, first } = await takeTurns(temporal, eventsOf(2));
  expect(left).toEqual([]);
  expect(first.status.name).toBe('COMPLETED');
  const seconds = ((first.closeTime?.getTime() ?? 0) - began) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(60);
  expect(seconds).toBeLessThan(120);
}, 60_000);

test('it continues as new before its history grows, and tells of each event as handled once', async () => {
  const temporal = await TestWorkflowEnvironment.createFromExistingServer({
    address: inject('temporalAddress'),
  });
  onTestFinished(() => temporal.teardown());
  const events = eventsOf(60);
  const { asked, left, first, last } = await takeTurns(temporal, events, 100);
  expect(left).toEqual([]);
  expect(first.status.name).toBe('CONTINUED_AS_NEW');
  expect(first.historyLength).toBeLessThan(400);
  expect(last.status.name).toBe('COMPLETED');
  const handled = asked.flatMap((query) => query.handled ?? []);
  expect(handled).toEqual(events.map(({ id }) => id));
}, 120_000);
