import { createHash } from 'node:crypto';
import { eventName, type EventRef } from './event.ts';

/** Temporal's SQL schemas hold 255 bytes; longer ids keep both ends and hash the middle. */
const maxBytes = 255;

/**
 * The id of an event's run: `<source>:<event id>`; of its n-th repetition `<source>:<event id>~n`.
 * `%`, `~`, blanks, control and non-ASCII characters are percent-escaped, so that ids survive URLs,
 * shells and queries, and no event id can look like a repetition.
 */
export function workflowId(event: EventRef, n = 1): string {
  const suffix = n === 1 ? '' : `~${n}`;
  return shorten(escapeId(eventName(event)), maxBytes - suffix.length) + suffix;
}

/** The id of the run that takes a key's events in turn: `<source>~<workflow>:<key>`, escaped and cut the same. */
export const turnId = (source: string, workflow: string, key: string): string =>
  shorten(`${source}~${escapeId(workflow)}:${escapeId(key)}`, maxBytes);

/** Escapes as above. Throws URIError on a lone surrogate, which `read` has refused before. */
export const escapeId = (text: string): string =>
  text.replace(/[%~]|[^\x21-\x7e]+/g, (found) => (found === '~' ? '%7E' : encodeURIComponent(found)));

function shorten(id: string, limit: number): string {
  if (id.length <= limit) return id;
  // `%%` never comes out of an escape, so a shortened id is never another event's whole one.
  const middle = `%%${createHash('sha256').update(id).digest('hex')}%%`;
  const kept = limit - middle.length;
  const head = Math.ceil(kept / 2);
  return id.slice(0, head) + middle + id.slice(id.length - (kept - head));
}
