import { createHash } from 'node:crypto';

/**
 * SHA-256 over a JSON value, the same however its objects order their names; `undefined` counts as not
 * there. Two events of one id are the same event when these are equal. Throws RangeError where the
 * value is nested too deeply to walk.
 */
export const fingerprint = (value: unknown): Buffer => createHash('sha256').update(canonical(value)).digest();

/** JSON with sorted names, as RFC 8785 orders them, without its rules for numbers: both sides are ours. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const names = Object.keys(value).toSorted();
  const object = value as Readonly<Record<string, unknown>>;
  const members = names.flatMap((name) =>
    object[name] === undefined ? [] : [`${JSON.stringify(name)}:${canonical(object[name])}`],
  );
  return `{${members.join(',')}}`;
}
