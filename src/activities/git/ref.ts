import { ApplicationFailure } from '@temporalio/common';

const unreadable = (message: string) => ApplicationFailure.nonRetryable(message, 'PushUnreadable');

/** A commit's or a tag's id, SHA-1 or SHA-256. Fails for good as `PushUnreadable`. */
export function requireId(value: unknown, field: string): string {
  if (typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value;
  throw unreadable(`${field} is not an object id`);
}

/** The id that stands for "nothing": before a branch is, after it was. */
export const isNothing = (id: string): boolean => /^0+$/.test(id);

/** A branch or a tag, by its whole name. Fails for good as `PushUnreadable`. */
export function requireRef(value: unknown): string {
  if (typeof value === 'string' && isRef(value)) return value;
  throw unreadable('ref is not the name of a branch or a tag');
}

/** The rules of git-check-ref-format, for branches and tags. */
export const isRef = (ref: string): boolean =>
  Buffer.byteLength(ref) <= 1024 &&
  /^refs\/(?:heads|tags)\/./.test(ref) &&
  !/[\p{Cc}\p{Cs} ~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/u.test(ref) &&
  ref.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
