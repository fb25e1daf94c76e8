import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedPath, keepInCache } from '../../src/dev/cache.ts';
import { run } from './run.ts';

/**
 * Gives the folder of a package of PyPI and what it needs, for PYTHONPATH; its programs are in `bin`. Installs
 * it for this user where it is missing. Throws, saying what is needed, when that fails.
 */
export async function pythonPackage(name: string, version: string): Promise<string> {
  const target = cachedPath({ name, version }, process.env);
  const present = await access(target).then(
    () => true,
    () => false,
  );
  if (present) return target;
  return await keepInCache(target, async (folder) => {
    const packages = join(folder, 'packages');
    const args = ['-m', 'pip', 'install', '--quiet', '--target', packages, `${name}==${version}`];
    try {
      await run('python3', args, { cwd: folder, timeoutMs: 180_000 });
    } catch (cause) {
      throw new Error(`${name} ${version} cannot be installed: python3 with pip, and PyPI, are needed`, {
        cause,
      });
    }
    return packages;
  });
}
