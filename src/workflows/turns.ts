import { defineSignal, proxyActivities } from '@temporalio/workflow';
import type { TurnActivities } from '../turn-activities.ts';

/** Wakes a keyed run; it is empty, because events are fetched from the journal. */
export const doorbell = defineSignal('everhookDoorbell');

/** A turn waits for the journal as long as it takes: events must not be lost to its outage. */
export const { everhookTakeNext } = proxyActivities<TurnActivities>({
  startToCloseTimeout: '20 seconds',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  summary: 'the next event of the key',
});

export const { everhookWaitForEnd } = proxyActivities<TurnActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'wait for the end of a run that was started before',
});
