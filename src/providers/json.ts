import { isInteger, parse as parseLossless } from 'lossless-json';
import type { z } from 'zod';
import { WebhookError } from '../errors.ts';
import type { DeliveryHeaders } from './provider.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes to text; refuses what is not UTF-8. A byte-order mark is dropped. */
export function utf8(body: Uint8Array): string {
  try {
    return strictUtf8.decode(body);
  } catch (cause) {
    throw new WebhookError('payload_unreadable', { reason: 'not_utf8', cause });
  }
}

/** What may be an integer of sixteen digits: in a text of JSON, too, and then the parser finds out. */
const longNumber = /(?:^|[\s:,[-])\d{16}/;

/**
 * JSON to a value. Integer literals beyond Number.MAX_SAFE_INTEGER become texts of the same digits,
 * so that no id is ever rounded; only bodies in which a number may have sixteen digits pay for the slower parser.
 */
export function parseJson(text: string): unknown {
  try {
    return longNumber.test(text)
      ? parseLossless(text, null, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue })
      : (JSON.parse(text) as unknown);
  } catch (cause) {
    const reason = cause instanceof RangeError ? 'too_deep' : 'not_json';
    throw new WebhookError('payload_unreadable', { reason, cause });
  }
}

function exactNumber(literal: string): number | string {
  const value = Number(literal);
  return isInteger(literal) && !Number.isSafeInteger(value) ? literal : value;
}

/** Checks the few fields a provider relies on, and gives them typed; the payload stays as sent. */
export function expectShape<Shape>(shape: z.ZodType<Shape>, payload: unknown): Shape {
  const result = shape.safeParse(payload);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = `/${issue?.path.map(String).join('/') ?? ''}`;
  const missing = issue?.code === 'invalid_type' && at(payload, issue.path) === undefined;
  throw new WebhookError('payload_unreadable', {
    reason: missing ? 'field_missing' : 'field_malformed',
    note: path,
  });
}

/** The value under a path of own properties; undefined where there is none. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** A JSON Pointer (RFC 6901) as a path; throws Error when it is not one. */
export function pointerPath(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`not a JSON Pointer: ${pointer}`);
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Text, or a number as text; undefined for all else. */
export const scalarText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

/** Unix seconds or a date's text as ISO 8601; undefined when it is neither. */
export function isoTime(value: unknown): string | undefined {
  const date =
    typeof value === 'number'
      ? new Date(value * 1000)
      : typeof value === 'string'
        ? new Date(value)
        : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** An event's id: text or a number, not empty. */
export function requireId(value: unknown, where: string): string {
  const id = scalarText(value);
  if (id !== undefined && id !== '') return id;
  const reason = value === undefined || id === '' ? 'field_missing' : 'field_malformed';
  throw new WebhookError('event_id_missing', { reason, note: where });
}

/** A header that `read` needs, once and not empty. Throws WebhookError of that code. */
export function requireHeader(
  headers: DeliveryHeaders,
  name: string,
  code: 'event_id_missing' | 'payload_unreadable',
): string {
  if (headers.repeated(name)) throw new WebhookError(code, { reason: 'field_repeated', note: name });
  const value = headers.get(name);
  if (!value) throw new WebhookError(code, { reason: 'field_missing', note: name });
  return value;
}

/** Labels from what may or may not be there. */
export const textsOnly = (found: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
