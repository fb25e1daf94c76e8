import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gitEnvironment } from './git-environment.ts';
import { messageOf } from './home.ts';
import { runCommand } from './run-command.ts';
import { samplePush } from '../providers/github-samples.ts';
import { ConfigError } from '../errors.ts';
import type { Environment } from '../settings.ts';

/**
 * Makes the bare sample repository, or keeps the one that is there if it is whole.
 * Takes the path for it (`…/sample.git`). Throws ConfigError when git is not there or fails.
 */
export async function ensureSampleRepository(path: string, { env }: { env: Environment }): Promise<void> {
  const options = { env: gitEnvironment(env), timeoutMs: 30_000 };
  const head = await runCommand('git', ['--git-dir', path, 'rev-parse', samplePush.ref], options).catch(
    () => '',
  );
  if (head.trim() === samplePush.after) return;
  await mkdir(dirname(path), { recursive: true });
  const folder = await mkdtemp(join(dirname(path), '.sample-'));
  const draft = join(folder, 'sample.git');
  try {
    await runCommand(
      'git',
      ['init', '--quiet', '--bare', '--template=', '--object-format=sha1', draft],
      options,
    );
    await runCommand('git', ['--git-dir', draft, 'symbolic-ref', 'HEAD', samplePush.ref], options);
    await runCommand('git', ['--git-dir', draft, 'fast-import', '--quiet'], { ...options, input: history() });
    await rm(path, { recursive: true, force: true });
    await rename(draft, path);
  } catch (error) {
    throw new ConfigError(`the sample repository cannot be made: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// A PNG of one pixel: bytes that are no text.
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

// https://git-scm.com/docs/git-fast-import#_input_format
function history(): Buffer {
  return Buffer.concat([
    commit(1, 'Describe the shop', [
      file('README.md', '# Sample shop\n\nSells one thing.\n'),
      file('src/price.js', price(100)),
    ]),
    commit(2, 'Raise the price', [file('src/price.js', price(120))]),
    commit(3, 'Name the module for what it holds', [Buffer.from('R src/price.js src/catalogue.js\n')]),
    commit(4, 'Show a picture', [
      file('public/thing.png', pixel),
      file('README.md', '# Sample shop\n\nSells one thing.\n\n![the thing](public/thing.png)\n'),
    ]),
    Buffer.from('done\n'),
  ]);
}

const price = (cents: number) =>
  [
    '/** What the one thing costs. */',
    `export const priceInCents = ${cents};`,
    "export const currency = 'eur';",
    '',
    '/** What so many of them cost, in cents. */',
    'export const total = (count) => count * priceInCents;',
    '',
  ].join('\n');

function commit(number: number, message: string, changes: readonly Buffer[]): Buffer {
  const who = `Sample Author <author@everhook.example> ${1_767_225_600 + number * 3600} +0000`;
  const head = [`commit ${samplePush.ref}`, `mark :${number}`, `author ${who}`, `committer ${who}`].join(
    '\n',
  );
  return Buffer.concat([Buffer.from(`${head}\n`), data(`${message}\n`), ...changes, Buffer.from('\n')]);
}

const file = (path: string, content: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`M 100644 inline ${path}\n`), data(content)]);

function data(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}
