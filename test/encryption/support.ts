import { randomBytes } from 'node:crypto';
import { parseKey, type Key } from '../../src/encryption/keys.ts';

/** A key's text, as the environment holds it. */
export const keyText = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

/** A key of its own. */
export const key = (id: string): Key => parseKey(keyText(id))!;
