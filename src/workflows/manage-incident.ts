import {
  ActivityFailure,
  ApplicationFailure,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { Activities, OpenIncident } from '../activities/index.ts';
import type { Feed } from '../define.ts';
import type { WebhookEvent } from '../event.ts';
import { follow, type Followed } from './follow.ts';
import { isEnd, titleOf } from './incident-of.ts';
import { limits } from './limits.ts';
import { refOf } from './ref-of.ts';

const { openIncident, findIncident, addToIncident, closeIncident } = proxyActivities<Activities>({
  ...limits.incidents,
  summary: 'write down the incident',
});

/** Days without an event after which it is left: a repeat comes every few hours, an end may never come. */
const idleDays = 30;
const dayMs = 86_400_000;

/** How an incident ended. */
export interface ManagedIncident {
  /** `nothing_open`: the event told of an end, or came too late, and no incident was open. */
  readonly outcome: 'resolved' | 'idle' | 'nothing_open';
  readonly incidentId: string | null;
  /** How many events told of it. */
  readonly events: number;
}

/** What is known of the incident, carried on when history has grown. */
interface Managed extends OpenIncident {
  readonly events: number;
}

/**
 * Opens an incident at the first event of its key, writes down what follows, and closes it when it is resolved, or when
 * nothing has come for 30 days. One run for each; what comes after its end begins another.
 */
export async function manageIncident(feed: Feed<WebhookEvent>, carried?: Managed): Promise<ManagedIncident> {
  const events = follow(feed);
  const managed = await manage(events, feed, carried).catch(async (error: unknown) => {
    // It would be no better the next time, and nothing of this key could follow it.
    if (isRefused(error)) await events.done();
    throw error;
  });
  await events.done();
  return managed;
}

async function manage(
  events: Followed<WebhookEvent>,
  feed: Feed<WebhookEvent>,
  carried: Managed | undefined,
): Promise<ManagedIncident> {
  let managed = carried;
  for (;;) {
    if (managed) setCurrentDetails(`open since ${managed.openedAt}, events: ${managed.events}`);
    const event = await events.next({ timeout: idleDays * dayMs, summary: 'until it is left as idle' });
    if (event === undefined) return managed ? await leave(managed) : end('nothing_open', null, 0);
    const ends = isEnd(event.type) && !events.stale;
    // An end opens nothing, nor does what comes late: it may be from before the end.
    const opens = managed === undefined && !isEnd(event.type) && !events.stale;
    managed ??= opens ? await open(feed.key, event) : await find(feed.key, event);
    if (managed === undefined) return end('nothing_open', null, 1);
    managed = { ...managed, events: managed.events + 1 };
    const { incidentId } = managed;
    if (ends) {
      await closeIncident({ incidentId, outcome: 'resolved', ...happened(event) });
      return end('resolved', incidentId, managed.events);
    }
    if (!opens) await addToIncident({ incidentId, ...happened(event) });
    if (events.continueAsNewSuggested) {
      await events.done();
      await continueAsNew<typeof manageIncident>(feed, managed);
    }
  }
}

async function open(key: string, event: WebhookEvent): Promise<Managed> {
  const { source } = event;
  const title = titleOf(event);
  const { incidentId, openedBy, openedAt } = await openIncident({ source, key, title, ...happened(event) });
  return { incidentId, openedBy, openedAt, events: 0 };
}

/** One that an earlier run has left open, having failed or been ended. */
async function find(key: string, { source }: WebhookEvent): Promise<Managed | undefined> {
  const found = await findIncident({ source, key });
  return found ? { ...found, events: 0 } : undefined;
}

async function leave({ incidentId, events }: Managed): Promise<ManagedIncident> {
  await closeIncident({ incidentId, outcome: 'idle', at: new Date().toISOString() });
  return end('idle', incidentId, events);
}

function end(
  outcome: ManagedIncident['outcome'],
  incidentId: string | null,
  events: number,
): ManagedIncident {
  setCurrentDetails(`${outcome.replace('_', ' ')}, events: ${events}`);
  return { outcome, incidentId, events };
}

const happened = (event: WebhookEvent) => ({
  event: refOf(event),
  type: event.type,
  at: event.occurredAt ?? event.receivedAt,
});

/** The store takes it for no attempt to come. */
const isRefused = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'IncidentsRefused';
