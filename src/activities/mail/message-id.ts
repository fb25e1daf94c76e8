import { createHash } from 'node:crypto';

// With `.eml` it is a file's name as well, and those end at 255 bytes.
const longest = 180;

/**
 * The local part of the Message-ID that belongs to an effect: the same for every attempt, another for
 * every other effect. Letters, digits, `-`, `_` and `%` alone, so that it stays in its header line.
 */
export function messageName(effectKey: string): string {
  const name = encodeURIComponent(effectKey.toWellFormed()).replace(
    /[^A-Za-z0-9%_-]/g,
    (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (name.length <= longest) return name;
  // `%%` never comes out of an escape, so a shortened name is never another's whole one.
  const hash = createHash('sha256').update(effectKey).digest('hex');
  return `${name.slice(0, longest - hash.length - 2)}%%${hash}`;
}

/** `.invalid` is nobody's (RFC 2606), and another MAIL_FROM does not change the id. */
export const messageId = (effectKey: string): string => `<${messageName(effectKey)}@everhook.invalid>`;
