import { describe, expect, test } from 'vitest';
import type { Plan, RoutedEvent } from '../../src/accept.ts';
import type { Delivery } from '../../src/providers/provider.ts';
import { StartError, type StartFailure } from '../../src/temporal/answers.ts';
import { acceptDirectly, eventLimitBytes } from '../../src/temporal/direct.ts';
import type { Run, Start } from '../../src/temporal/start.ts';

const accepted: Plan = { state: 'accepted', kind: 'plain', route: '*', workflow: 'run', taskQueue: 'q' };
const routed = (id: string, plan: Plan = accepted, payload: unknown = {}): RoutedEvent => ({
  event: { id, source: 'shop', type: 'order.paid', receivedAt: '2026-11-20T00:00:00.000Z', payload },
  read: { id, types: ['order.paid'], payload },
  plan,
});
const deadline = new Date();
const delivery = {} as Delivery;
const failing =
  (failure: StartFailure): Start =>
  () =>
    Promise.reject(new StartError(failure, 'why'));

test('a new start is new, a known one a duplicate, no row no start', async () => {
  const runs: Run[] = [];
  const start: Start = (run) => {
    runs.push(run);
    return Promise.resolve(run.event.id === 'old' ? 'duplicate' : 'started');
  };
  const outcomes: string[] = [];
  const accept = acceptDirectly(start, (source, outcome) => outcomes.push(`${source} ${outcome}`));
  const parked: Plan = { state: 'parked', route: '*', why: 'payload_unexpected', note: '/total' };
  const events = [routed('a'), routed('old'), routed('b', { state: 'ignored' }), routed('c', parked)];
  expect(await accept({ source: 'shop', delivery, events, deadline })).toEqual([
    'new',
    'duplicate',
    'ignored',
    'ignored',
  ]);
  expect(runs.map(({ event, workflow, taskQueue, n }) => [event.id, workflow, taskQueue, n])).toEqual([
    ['a', 'run', 'q', 1],
    ['old', 'run', 'q', 1],
  ]);
  expect(outcomes).toEqual(['shop started', 'shop duplicate']);
});

describe('a start that fails refuses the delivery', () => {
  test.each([
    ['unavailable', 'not_durable', 'temporal_unavailable'],
    ['unknown', 'not_durable', 'start_unknown'],
    ['setup_refused', 'not_durable', 'temporal_misconfigured'],
    ['argument_refused', 'not_durable', 'temporal_misconfigured'],
    ['id_taken', 'not_durable', 'id_taken'],
    ['event_refused', 'body_too_large', 'event_over_limit'],
  ] as const)('%s: %s', async (failure, code, reason) => {
    const request = { source: 'shop', delivery, events: [routed('a')], deadline };
    await expect(acceptDirectly(failing(failure))(request)).rejects.toMatchObject({
      code,
      reason,
      note: 'why',
    });
  });

  test('a batch stops at the first failure', async () => {
    const started: string[] = [];
    const start: Start = (run) => {
      if (run.event.id === 'b') return Promise.reject(new StartError('unavailable', 'gone'));
      started.push(run.event.id);
      return Promise.resolve('started');
    };
    const events = [routed('a'), routed('b'), routed('c')];
    await expect(acceptDirectly(start)({ source: 'shop', delivery, events, deadline })).rejects.toMatchObject(
      {
        code: 'not_durable',
      },
    );
    expect(started).toEqual(['a']);
  });
});

describe('the size of an encoded event', () => {
  const start: Start = () => Promise.resolve('started');
  // What surrounds the padding is measured, not guessed.
  const overhead = Buffer.byteLength(JSON.stringify(routed('a', accepted, { padding: '' }).event));
  const ofBytes = (bytes: number) => routed('a', accepted, { padding: 'x'.repeat(bytes - overhead) });

  test('may be 1.5 MiB and not a byte more; nothing is started then', async () => {
    const accept = acceptDirectly(start);
    const fits = { source: 'shop', delivery, events: [ofBytes(eventLimitBytes)], deadline };
    await expect(accept(fits)).resolves.toEqual(['new']);
    const over = { source: 'shop', delivery, events: [ofBytes(eventLimitBytes + 1)], deadline };
    await expect(accept(over)).rejects.toMatchObject({ code: 'body_too_large', reason: 'event_over_limit' });
  });

  test('that is too deep to encode is unreadable', async () => {
    let deep: unknown = [];
    for (let i = 0; i < 50_000; i++) deep = [deep];
    const request = { source: 'shop', delivery, events: [routed('a', accepted, deep)], deadline };
    await expect(acceptDirectly(start)(request)).rejects.toMatchObject({ reason: 'too_deep' });
  });
});
