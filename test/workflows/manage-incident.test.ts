import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebhookEvent } from '../../src/event.ts';
import { createTimeSkipping, quieten } from '../support/temporal.ts';
import { alertsEvent, eventOf, pagerdutyEvent } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runFed, shown } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await createTimeSkipping();
});
afterAll(() => temporal.teardown());

const dayMs = 86_400_000;
const manage = (
  events: readonly [WebhookEvent, ...WebhookEvent[]],
  activities = fakeActivities(),
  late: readonly WebhookEvent[] = [],
) => runFed(temporal, 'manageIncident', events, activities, late);
const nameOf = ({ source, id }: WebhookEvent) => ({ source, id });

test('the first event opens it, what follows is added, the end closes it', async () => {
  const activities = fakeActivities();
  const [first, repeat, end] = [alertsEvent('firing'), alertsEvent('firing'), alertsEvent('resolved')];
  const { result, left, details } = await manage([first, repeat, end], activities);
  expect(result).toEqual({ outcome: 'resolved', incidentId: 'incident-1', events: 3 });
  expect(left).toEqual([]);
  expect(details).toBe('resolved, events: 3');
  expect(activities.openIncident.mock.calls).toEqual([
    [
      {
        source: 'alertmanager',
        key: 'k',
        title: expect.stringMatching(/^The disk of db-\w+\.example\.com:9100 is full$/) as string,
        event: nameOf(first),
        type: 'firing',
        at: first.receivedAt,
      },
    ],
  ]);
  expect(activities.addToIncident.mock.calls).toEqual([
    [{ incidentId: 'incident-1', event: nameOf(repeat), type: 'firing', at: repeat.receivedAt }],
  ]);
  expect(activities.closeIncident.mock.calls).toEqual([
    [
      {
        incidentId: 'incident-1',
        outcome: 'resolved',
        event: nameOf(end),
        type: 'resolved',
        at: end.receivedAt,
      },
    ],
  ]);
});

test('what fires after the end waits for the next run', async () => {
  const again = alertsEvent('firing');
  const { result, left } = await manage([alertsEvent('firing'), alertsEvent('resolved'), again]);
  expect(result.outcome).toBe('resolved');
  expect(left).toEqual([again]);
});

test("PagerDuty's times are those of the incident", async () => {
  const activities = fakeActivities();
  const times = ['2026-11-20T12:00:00.000Z', '2026-11-20T12:01:00.000Z', '2026-11-20T12:02:00.000Z'] as const;
  await manage(
    [
      pagerdutyEvent('incident.triggered', times[0]),
      pagerdutyEvent('incident.acknowledged', times[1]),
      pagerdutyEvent('incident.resolved', times[2]),
    ],
    activities,
  );
  expect(activities.openIncident.mock.calls[0]?.[0]).toMatchObject({
    at: times[0],
    title: 'The disk of db-1 is full',
  });
  expect(activities.addToIncident.mock.calls[0]?.[0]).toMatchObject({
    at: times[1],
    type: 'incident.acknowledged',
  });
  expect(activities.closeIncident.mock.calls[0]?.[0].at).toBe(times[2]);
});

test('it is left as idle when nothing has come for thirty days', async () => {
  const activities = fakeActivities();
  const start = await temporal.currentTimeMs();
  const { result, left, handle } = await manage([alertsEvent('firing')], activities);
  expect(result).toEqual({ outcome: 'idle', incidentId: 'incident-1', events: 1 });
  expect(left).toEqual([]);
  const { closeTime } = await handle.describe();
  expect(Math.round(((closeTime?.getTime() ?? 0) - start) / dayMs)).toBe(30);
  expect(activities.closeIncident.mock.calls[0]?.[0]).toMatchObject({ outcome: 'idle' });
  expect(activities.closeIncident.mock.calls[0]?.[0]).not.toHaveProperty('event');
});

test('an end alone opens nothing', async () => {
  const activities = fakeActivities();
  const { result, left } = await manage([alertsEvent('resolved')], activities);
  expect(result).toEqual({ outcome: 'nothing_open', incidentId: null, events: 1 });
  expect(left).toEqual([]);
  expect(activities.openIncident).not.toHaveBeenCalled();
});

test('an end alone closes what an earlier run has left open', async () => {
  const activities = fakeActivities();
  activities.findIncident.mockResolvedValue({
    incidentId: 'incident-0',
    openedBy: 'alertmanager:evt_0',
    openedAt: '2026-01-01T00:00:00.000Z',
  });
  const { result } = await manage([alertsEvent('resolved')], activities);
  expect(result).toEqual({ outcome: 'resolved', incidentId: 'incident-0', events: 1 });
  expect(activities.findIncident).toHaveBeenCalledWith({ source: 'alertmanager', key: 'k' });
});

test('what comes after its end was handled opens nothing', async () => {
  const activities = fakeActivities();
  const late = pagerdutyEvent('incident.triggered', '2026-11-20T12:00:00.000Z');
  const { result, left } = await manage([late], activities, [late]);
  expect(result.outcome).toBe('nothing_open');
  expect(left).toEqual([]);
  expect(activities.openIncident).not.toHaveBeenCalled();
});

test('an end that comes late is added, and ends nothing', async () => {
  const activities = fakeActivities();
  const late = pagerdutyEvent('incident.resolved', '2026-11-20T12:00:00.000Z');
  const { result } = await manage(
    [
      pagerdutyEvent('incident.triggered', '2026-11-20T12:01:00.000Z'),
      late,
      pagerdutyEvent('incident.resolved', '2026-11-20T12:02:00.000Z'),
    ],
    activities,
    [late],
  );
  expect(result).toMatchObject({ outcome: 'resolved', events: 3 });
  expect(activities.addToIncident.mock.calls.map(([{ event }]) => event.id)).toEqual([late.id]);
});

test.each([
  [{}, 'a.type'],
  [null, 'a.type'],
  [{ title: ' \u0000 ' }, 'a.type'],
  [{ title: 'two\nlines\u0000 and more' }, 'two lines and more'],
  [{ title: 7, commonLabels: { alertname: 'DiskFull' } }, 'DiskFull'],
  [{ title: `${'x'.repeat(199)}🐎` }, `${'x'.repeat(199)}\ufffd`],
])('the title of %j is %j', async (payload, title) => {
  const activities = fakeActivities();
  await manage([eventOf('alertmanager', 'a.type', payload), alertsEvent('resolved')], activities);
  expect(activities.openIncident.mock.calls[0]?.[0].title).toBe(title);
});

test('a database that is away for a while delays it', async () => {
  const activities = fakeActivities();
  for (let attempt = 0; attempt < 5; attempt++) {
    activities.openIncident.mockRejectedValueOnce(new Error('connection refused'));
  }
  const { result } = await manage([alertsEvent('firing'), alertsEvent('resolved')], activities);
  expect(result.outcome).toBe('resolved');
});

test('what the database refuses fails its run once, and is not waited for again', async () => {
  const activities = fakeActivities();
  activities.openIncident.mockRejectedValue(ApplicationFailure.nonRetryable('no', 'IncidentsRefused'));
  const run = manage([alertsEvent('firing')], activities);
  expect(await failureOf(run)).toMatchObject({ type: 'IncidentsRefused' });
  await expect(run).rejects.toMatchObject({ left: [] });
});

test('timers and activities say what they are for, and nothing of the alert', async () => {
  const { handle } = await manage([alertsEvent('firing')]);
  const lines = new Set(await shown(temporal.client, handle.workflowId));
  expect([...lines]).toEqual([
    'the next event of the key',
    'write down the incident',
    'until it is left as idle',
  ]);
});
