import { randomBytes } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseKey, type Key } from '../encryption/keys.ts';
import { ConfigError } from '../errors.ts';
import { ensureHome, hasCode, readText, writeText } from './home.ts';

/**
 * Development's own key, made once and kept in `<home>/encryption.key` (mode 0600): every process of that home
 * finds the same, also those that start at once. Throws ConfigError when the file is broken.
 */
export async function developmentKey(home: string): Promise<Key> {
  const path = join(await ensureHome(home), 'encryption.key');
  const text = (await readText(path)) ?? (await make(path));
  const key = parseKey(text.trim());
  if (key !== undefined) return key;
  throw new ConfigError(
    `${path} is not a key: restore it. Once it is removed, runs made with it can not be read any more`,
  );
}

async function make(path: string): Promise<string> {
  const made = `development-${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}\n`;
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  await writeText(draft, made, { mode: 0o600 });
  try {
    // A link, unlike a rename, never replaces the key that another process has just made.
    await link(draft, path);
    return made;
  } catch (error) {
    const others = hasCode(error, 'EEXIST') ? await readText(path) : undefined;
    if (others === undefined) throw error;
    return others;
  } finally {
    await rm(draft, { force: true });
  }
}
