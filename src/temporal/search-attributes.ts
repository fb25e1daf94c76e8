import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { WebhookEvent } from '../event.ts';

/** The attributes that runs are found by; all Keyword, and registered before the first start. */
export const searchAttributeNames = ['WebhookSource', 'WebhookType', 'WebhookKey', 'WebhookEventId'] as const;

const [source, type, key, eventId] = searchAttributeNames.map((name) =>
  defineSearchAttributeKey(name, 'KEYWORD'),
) as [Attribute, Attribute, Attribute, Attribute];
type Attribute = ReturnType<typeof defineSearchAttributeKey<'KEYWORD'>>;

/** Keyword columns are VARCHAR(255) on PostgreSQL: longer values are cut, at whole characters. */
const maxBytes = 255;

/** What a run is found by in Temporal's UI and CLI. */
export const searchAttributes = (event: WebhookEvent): SearchAttributePair[] => [
  { key: source, value: cutKeyword(event.source) },
  { key: type, value: cutKeyword(event.type) },
  { key: eventId, value: cutKeyword(event.id) },
  ...(event.key === undefined ? [] : [{ key, value: cutKeyword(event.key) }]),
];

/** A text as a Keyword column holds it. */
export function cutKeyword(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  // A character cut in two decodes to U+FFFD at the end.
  return bytes.subarray(0, maxBytes).toString().replace(/�+$/, '');
}
