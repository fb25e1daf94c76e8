import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes what a git that was killed left in a mirror: lock files, on which every later fetch would
 * fail, and half-received packs. Only what is older than `before`, so that nothing of a git that runs
 * in another process is touched.
 */
export async function heal(mirror: string, { before }: { readonly before: Date }): Promise<void> {
  const files = await readdir(mirror, { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile() || !/\.lock$|^tmp_(?:pack|idx|rev|obj)_/.test(file.name)) continue;
    const path = join(file.parentPath, file.name);
    const changed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Infinity,
    );
    if (changed < before.getTime()) await rm(path, { force: true });
  }
}
