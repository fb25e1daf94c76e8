import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Key, Keys } from './keys.ts';

/**
 * Why something sealed cannot be opened, or nothing be sealed:
 * - `key_missing`: there is no current key to seal with.
 * - `key_unknown`: it names a key that this process does not have.
 * - `tampered`: it was changed, sealed for another context, or by another key of the same id.
 * - `malformed`: it is no envelope of ours.
 */
export type SealFailure = 'key_missing' | 'key_unknown' | 'tampered' | 'malformed';

/** The message is for operators: it holds a key's id at most. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly failure: SealFailure;
  /** The key that the envelope asks for, where that could be read. */
  readonly keyId: string | undefined;

  constructor(failure: SealFailure, message: string, options: { keyId?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.failure = failure;
    this.keyId = options.keyId;
  }
}

export interface SealOptions {
  readonly keys: Keys;
  /**
   * What the bytes are and where they belong, `temporal-payload`. It is authenticated, not stored: what
   * was sealed for one place does not open in another.
   */
  readonly context: string;
}

/*
 * The envelope, version 1:
 *
 *   1 byte   version: 1
 *   1 byte   length of the key's id
 *   n bytes  the key's id, ASCII
 *   12 bytes nonce, random
 *   m bytes  what AES-256-GCM made of the bytes
 *   16 bytes its tag
 *
 * Authenticated besides: everything before the nonce, then the context as UTF-8. The header knows its own
 * length, so no header and context can be read as another pair.
 */
const version = 1;
const algorithm = 'aes-256-gcm';
/** NIST SP 800-38D, 8.2.2: random nonces of 96 bits, at most 2^32 of them under one key. */
const nonceBytes = 12;
const tagBytes = 16;

/** Seals bytes with the current key. Throws SealError `key_missing`. */
export function seal(bytes: Uint8Array, { keys: { current }, context }: SealOptions): Buffer {
  if (current === undefined) {
    throw new SealError('key_missing', 'there is no key to seal with (EVERHOOK_ENCRYPTION_KEY)');
  }
  const header = headerOf(current);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, current.secret, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
  const sealed = [cipher.update(bytes), cipher.final()];
  return Buffer.concat([header, nonce, ...sealed, cipher.getAuthTag()]);
}

/** Opens what `seal` made, with whichever key sealed it. Throws SealError, and then gives no byte of it. */
export function open(envelope: Uint8Array, { keys, context }: SealOptions): Buffer {
  const { keyId, header, nonce, sealed, tag } = parse(envelope);
  const key = [keys.current, keys.previous].find((known) => known?.id === keyId);
  if (key === undefined) {
    throw new SealError(
      'key_unknown',
      `sealed with the key ${keyId}, which is not set (EVERHOOK_ENCRYPTION_KEY, EVERHOOK_ENCRYPTION_KEY_PREVIOUS)`,
      { keyId },
    );
  }
  const decipher = createDecipheriv(algorithm, key.secret, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.concat([header, Buffer.from(context)])).setAuthTag(tag);
  const opened = decipher.update(sealed);
  try {
    return Buffer.concat([opened, decipher.final()]);
  } catch (cause) {
    throw new SealError(
      'tampered',
      `not what the key ${keyId} sealed for ${context}: changed, or another key of that id`,
      { keyId, cause },
    );
  }
}

/** The id of the key that sealed an envelope. Throws SealError `malformed`. */
export const keyIdOf = (envelope: Uint8Array): string => parse(envelope).keyId;

/** What sealed text begins with, inside a body of JSON. */
const textPrefix = 'everhook-sealed:';

/** `seal` of a text, as text: printable ASCII, for a place where JSON wants a string. */
export const sealText = (text: string, options: SealOptions): string =>
  textPrefix + seal(Buffer.from(text), options).toString('base64url');

/** Opens what `sealText` made. Throws SealError. */
export function openText(text: string, options: SealOptions): string {
  const encoded = text.startsWith(textPrefix) ? text.slice(textPrefix.length) : '';
  const envelope = Buffer.from(encoded, 'base64url');
  // Buffer skips what is not base64url, and the unused bits of the last character.
  if (encoded === '' || envelope.toString('base64url') !== encoded) throw malformed();
  return open(envelope, options).toString();
}

function headerOf({ id }: Key): Buffer {
  return Buffer.concat([Buffer.from([version, id.length]), Buffer.from(id, 'ascii')]);
}

function parse(envelope: Uint8Array) {
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength);
  const headerBytes = 2 + (bytes[1] ?? 0);
  if (bytes[0] !== version || bytes.length < headerBytes + nonceBytes + tagBytes) throw malformed();
  const keyId = bytes.toString('latin1', 2, headerBytes);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(keyId)) throw malformed();
  const end = bytes.length - tagBytes;
  return {
    keyId,
    header: bytes.subarray(0, headerBytes),
    nonce: bytes.subarray(headerBytes, headerBytes + nonceBytes),
    sealed: bytes.subarray(headerBytes + nonceBytes, end),
    tag: bytes.subarray(end),
  };
}

const malformed = () => new SealError('malformed', 'not an envelope of Everhook, version 1');
