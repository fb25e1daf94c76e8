import { WebhookError } from '../errors.ts';
import type { ReadEvent } from '../providers/provider.ts';

const fieldBytes = 512;
const labelBytes = 128;
const labelCount = 8;

/**
 * Bounds what a provider read, whoever wrote the provider: id, key and types of at most 512 bytes each,
 * storable as text everywhere; labels are cut, a time outside the years 1 to 9999 is dropped. Throws WebhookError.
 */
export function bounded(event: ReadEvent): ReadEvent {
  requireStorable(event.id, 'id');
  for (const type of event.types) requireStorable(type, 'type');
  const { key, occurredAt, labels, ...rest } = event;
  if (key) requireStorable(key, 'key');
  return {
    ...rest,
    // An empty key says as much as none.
    ...(key && { key }),
    // Temporal and PostgreSQL know other years, and nobody means them: the time of arrival serves.
    ...(occurredAt !== undefined && isCommonYear(occurredAt) && { occurredAt }),
    ...(labels !== undefined && { labels: cutLabels(labels) }),
  };
}

/** From 1 to 9999, which ISO 8601 writes with four digits. */
const isCommonYear = (time: string): boolean => /^\d{4}-/.test(time) && !time.startsWith('0000');

function requireStorable(text: string, field: string): void {
  if (text === '') {
    throw new WebhookError(field === 'id' ? 'event_id_missing' : 'payload_unreadable', {
      reason: 'field_missing',
      note: field,
    });
  }
  if (Buffer.byteLength(text) > fieldBytes) {
    throw new WebhookError('payload_unreadable', {
      reason: 'field_too_long',
      note: `${field} over ${fieldBytes} bytes`,
    });
  }
  // PostgreSQL's text holds no NUL, and UTF-8 no half of a surrogate pair.
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new WebhookError('payload_unreadable', { reason: 'text_unstorable', note: field });
  }
}

const cutLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels)
      .filter(([, value]) => !value.includes('\0') && value.isWellFormed())
      .slice(0, labelCount)
      .map(([name, value]) => [name, cut(value)]),
  );

function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= labelBytes ? text : bytes.subarray(0, labelBytes).toString().replace(/�+$/, '');
}
