import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Binary } from './binaries.ts';
import type { Environment } from '../settings.ts';

const dayMs = 86_400_000;

/**
 * Where the copy of a program is kept: `$XDG_CACHE_HOME` or `~/.cache` (macOS `~/Library/Caches`),
 * then `everhook/temporal-1.9.1/temporal`. Gives an absolute path; the file need not exist.
 */
export function cachedPath({ name, version }: Pick<Binary, 'name' | 'version'>, env: Environment): string {
  return join(cacheFolder(env), 'everhook', `${name}-${version}`, name);
}

/**
 * Runs a download in a folder of its own and moves what it gives, a file or a folder, to `target` in one step, so
 * that starts at the same time, or killed half-way, do not hurt each other. Gives `target`.
 */
export async function keepInCache(
  target: string,
  download: (folder: string) => Promise<string>,
): Promise<string> {
  const cache = dirname(dirname(target));
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const folder = await mkdtemp(join(cache, '.download-'));
  try {
    const file = await download(folder);
    await chmod(file, 0o755);
    await mkdir(dirname(target), { recursive: true });
    await rename(file, target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function cacheFolder(env: Environment): string {
  const told = env['XDG_CACHE_HOME'];
  // A relative one is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  if (told !== undefined && isAbsolute(told)) return told;
  const user = env['HOME'] ?? homedir();
  return process.platform === 'darwin' ? join(user, 'Library', 'Caches') : join(user, '.cache');
}

// What a download that was killed left behind; one that runs is younger than a day.
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('.download-')) continue;
    const folder = join(cache, name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > dayMs) await rm(folder, { recursive: true, force: true });
  }
}
