import { at, pointerPath } from '../providers/json.ts';
import type { Keys } from './keys.ts';
import { open, openText, seal, sealText } from './seal.ts';

const bodyContext = 'delivery-body';
const credentialContext = 'event-credential';

/** Whether a provider's deliveries hold credentials. */
export const holdsCredentials = ({
  credentials = [],
}: {
  readonly credentials?: readonly string[];
}): boolean => credentials.length > 0;

/** The body of a delivery that holds credentials, as the journal keeps it. Throws SealError `key_missing`. */
export const sealBody = (body: Buffer, keys: Keys): Buffer => seal(body, { keys, context: bodyContext });

/** What `sealBody` made, opened. Throws SealError. */
export const openBody = (sealed: Buffer, keys: Keys): Buffer => open(sealed, { keys, context: bodyContext });

/**
 * A payload as runs get it: what stands at these JSON Pointers (RFC 6901) is sealed, a text as it is and all
 * else as its JSON. The payload given stays as it was. Throws SealError `key_missing`.
 */
export function hideCredentials(payload: unknown, pointers: readonly string[], keys: Keys): unknown {
  return pointers.map(pointerPath).reduce((hidden, path) => {
    const value = at(hidden, path);
    if (value === undefined || value === null) return hidden;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return replacedAt(hidden, path, sealText(text, { keys, context: credentialContext }));
  }, payload);
}

/** A credential that `hideCredentials` sealed. Throws SealError. */
export const revealCredential = (sealed: string, keys: Keys): string =>
  openText(sealed, { keys, context: credentialContext });

/** A copy along the path, which is there. */
function replacedAt(value: unknown, [step, ...rest]: readonly string[], by: string): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => (String(index) === step ? replacedAt(item, rest, by) : item));
  }
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [step]: replacedAt(object[step], rest, by) };
}
