import { readFileSync } from 'node:fs';
import { WebhookError } from '../../src/errors.ts';
import {
  DeliveryHeaders,
  type Delivery,
  type Provider,
  type Reading,
  type ReadEvent,
} from '../../src/providers/provider.ts';

/** A recorded or documented body, as it is. */
export const fixture = (path: string): Buffer => readFileSync(new URL(`fixtures/${path}`, import.meta.url));

export const delivery = (
  body: string | Buffer,
  headers: Readonly<Record<string, string>> | readonly (readonly [string, string])[] = {},
): Delivery => ({
  method: 'POST',
  url: '/webhooks/chat',
  headers: new DeliveryHeaders(Array.isArray(headers) ? headers : Object.entries(headers)),
  body: Buffer.from(body),
  receivedAt: new Date(),
});

/** What is said of a delivery: `accepted`, or the reason against it. Anything else that is thrown is thrown on. */
export async function reasonOf(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
}

export function onlyEvent(reading: Reading): ReadEvent {
  if (!('events' in reading) || reading.events.length !== 1) throw new Error('not one event');
  return reading.events[0]!;
}

/** What a provider answers to a delivery that brought this one event. */
export const answered = (provider: Provider, type: string, body: Record<string, unknown> = {}) =>
  provider.answer?.({ events: [{ id: 'id', type }], body });
