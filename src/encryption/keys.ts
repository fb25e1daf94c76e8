import { createSecretKey, type KeyObject } from 'node:crypto';
import { ConfigError } from '../errors.ts';

/** A key of AES-256-GCM, and the name by which what it sealed asks for it. */
export interface Key {
  /** 1 to 64 letters, digits, `.`, `_` and `-`. It travels in the clear, so that an operator can find the key. */
  readonly id: string;
  /** 32 bytes, held so that no log line, dump or JSON shows them. */
  readonly secret: KeyObject;
}

/** The keys that live: one seals and opens, the other opens only. */
export interface Keys {
  /** Undefined where nothing is to be sealed. */
  readonly current: Key | undefined;
  /** The key before the current one, or, while a new one is brought in, the one to come. */
  readonly previous: Key | undefined;
}

/** No keys: nothing is sealed, and nothing that is sealed can be read. */
export const noKeys: Keys = { current: undefined, previous: undefined };

const names = { current: 'EVERHOOK_ENCRYPTION_KEY', previous: 'EVERHOOK_ENCRYPTION_KEY_PREVIOUS' } as const;
const keyBytes = 32;

/**
 * Reads the keys from the settings `EVERHOOK_ENCRYPTION_KEY` and `EVERHOOK_ENCRYPTION_KEY_PREVIOUS`. The
 * second alone is allowed: that process can read what others seal, and seals nothing itself. Throws
 * ConfigError, which never shows a key.
 */
export function readKeys(setting: (name: string) => string | undefined): Keys {
  const current = read(names.current, setting(names.current));
  const previous = read(names.previous, setting(names.previous));
  if (current && previous && current.id === previous.id && !current.secret.equals(previous.secret)) {
    throw new ConfigError(
      `${names.current} and ${names.previous} are different keys with the same id ${current.id}: give each its own`,
    );
  }
  return { current, previous };
}

/** A key from its text, `<key id>:<base64 of 32 bytes>`; undefined when it is anything else. */
export function parseKey(text: string): Key | undefined {
  const [, id, encoded] = /^([A-Za-z0-9._-]{1,64}):([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  if (id === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Unused bits of the last character: two texts for one key.
  if (bytes.length !== keyBytes || bytes.toString('base64') !== encoded) return undefined;
  return { id, secret: createSecretKey(bytes) };
}

function read(name: string, text: string | undefined): Key | undefined {
  if (text === undefined) return undefined;
  const key = parseKey(text);
  if (key !== undefined) return key;
  throw new ConfigError(
    `${name} must be <key id>:<base64 of ${keyBytes} bytes>, the id of letters, digits, . _ and -, 64 at most`,
  );
}
