import { setCurrentDetails } from '@temporalio/workflow';
import type { WebhookEvent } from '../event.ts';

/** Does nothing outside: its run is the record. For `'*'`, and to begin with. */
export async function recordEvent(
  event: WebhookEvent,
): Promise<Pick<WebhookEvent, 'source' | 'type' | 'key' | 'receivedAt'>> {
  const { source, type, key, receivedAt } = event;
  setCurrentDetails(`${source} ${type}${key === undefined ? '' : `, ${key}`}, received at ${receivedAt}`);
  return { source, type, receivedAt, ...(key !== undefined && { key }) };
}
