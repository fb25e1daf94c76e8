import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';

/**
 * Makes the folder for what must outlive a process (`EVERHOOK_HOME`), with `logs` and `run` in it.
 * A folder made here is 0755, so that the user `postgres` can pass; one that exists keeps its mode.
 * Takes a path, gives it absolute. Throws ConfigError when it cannot be made.
 */
export async function ensureHome(home: string): Promise<string> {
  const path = resolve(home);
  try {
    if (await makeFolder(path)) await chmod(path, 0o755);
    for (const folder of ['logs', 'run']) await mkdir(join(path, folder), { recursive: true });
  } catch (error) {
    throw new ConfigError(`EVERHOOK_HOME: ${path} cannot be made or written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return path;
}

/**
 * Makes a folder and those above it; false where it was there. Node's own `recursive` never comes back from a file
 * system that makes no folders, such as /proc.
 */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await stat(path)).isDirectory()) return false;
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  await makeFolder(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    // Somebody else was quicker.
    if (!hasCode(error, 'EEXIST')) throw error;
  });
  return true;
}

/**
 * Writes a file so that a reader sees the old text or the new one, never a part, also after a crash.
 * `mode` is the file's (default 0o644; 0o600 for secrets). Makes the folder. Throws what the file system says.
 */
export async function writeText(
  file: string,
  text: string,
  { mode = 0o644 }: { mode?: number } = {},
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** `writeText` of a value as JSON. */
export async function writeJson(
  file: string,
  value: unknown,
  options: { mode?: number } = {},
): Promise<void> {
  await writeText(file, `${JSON.stringify(value, null, 2)}\n`, options);
}

/** Reads a file's text; undefined when there is none. Throws other errors of the file system. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Reads a file of JSON; undefined when there is none. Throws ConfigError, naming it, when it is not JSON. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not JSON: repair or remove it`, { cause: error });
  }
}

/** True when the error is the system's and carries one of the codes (`ENOENT`). */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
