import type { WebhookEvent } from '../event.ts';

/** Alertmanager's and Grafana's, and PagerDuty's, word for an end. */
const ends: readonly string[] = ['resolved', 'incident.resolved'];

/** Whether an event of this type says that an incident is over. */
export const isEnd = (type: string): boolean => ends.includes(type);

/** Where the systems say what is the matter, the best first. */
const places = [
  ['title'],
  ['commonAnnotations', 'summary'],
  ['commonLabels', 'alertname'],
  ['groupLabels', 'alertname'],
  ['event', 'data', 'title'],
] as const;
const titleLength = 200;

/** What is the matter, in the sender's words; its type where it has none. In one line, and storable. */
export function titleOf({ payload, type }: WebhookEvent): string {
  const texts = places.map((path) => textAt(payload, path));
  const title = texts.find((text) => text !== '') ?? type;
  return title.slice(0, titleLength).toWellFormed();
}

function textAt(payload: unknown, path: readonly string[]): string {
  let value = payload;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return '';
    value = (value as Record<string, unknown>)[step];
  }
  return typeof value === 'string' ? value.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim() : '';
}
