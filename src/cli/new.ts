import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../errors.ts';
import { providerScaffold } from './new-provider.ts';
import { workflowScaffold } from './new-workflow.ts';
import { print } from './print.ts';
import { requireFree, requireName, type Place, type Scaffold } from './scaffold.ts';

/** `everhook new`: the files of a provider or a workflow, to be changed. */
export const newCommand = (): Command =>
  new Command('new')
    .description('write the files of a new provider or workflow, with tests that pass as they are')
    .addCommand(
      kind('provider', 'whose webhooks arrive: acme-pay, whose function is acmePay', providerScaffold),
    )
    .addCommand(kind('workflow', 'what is done: ship-order, whose function is shipOrder', workflowScaffold))
    .addHelpText(
      'after',
      `
Run it in a clone of the repository, or in a project of your own that depends on everhook: where package.json is.
Nothing is overwritten.

Examples:
  everhook new provider acme-pay
  everhook new workflow ship-order`,
    );

const kind = (what: string, meaning: string, scaffold: (name: string, place: Place) => Scaffold): Command =>
  new Command(what)
    .description(`write a new ${what}`)
    .argument('<name>', meaning)
    .action(async (name: string) => {
      requireName(name);
      const place = findPlace(process.cwd());
      requireFree(name, scaffold('placeholder', place));
      await write(scaffold(name, place), place);
    });

/** A clone is known by its files: who forks the repository may call it otherwise. Throws ConfigError. */
function findPlace(folder: string): Place {
  const has = (path: string) => existsSync(join(folder, path));
  if (!has('package.json')) {
    throw new ConfigError(`${folder} has no package.json: go to the folder of your project, or of the clone`);
  }
  if (has('src/providers/provider.ts') && has('src/define.ts'))
    return { kind: 'clone', folder, base: 'src/' };
  const atTop = has('gateway.ts') || has('gateway.js') || !has('src');
  const base = has('src/gateway.ts') || has('src/gateway.js') || !atTop ? 'src/' : '';
  return { kind: 'project', folder, base };
}

/** All files, or none. Throws ConfigError where one is there. */
async function write({ files, exports, next }: Scaffold, { folder }: Place): Promise<void> {
  const taken = files.map(({ path }) => path).filter((path) => existsSync(join(folder, path)));
  if (taken.length > 0) {
    throw new ConfigError(`${taken.join(', ')}: already there, and nothing is overwritten`);
  }
  for (const { path, word } of exports) {
    const text = existsSync(join(folder, path)) ? await readFile(join(folder, path), 'utf8') : '';
    if (new RegExp(`\\b${word}\\b`).test(text)) throw new ConfigError(`${path} has a ${word} already`);
  }
  for (const { path, text } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await formatted(file, text), { flag: 'wx' });
    print(`wrote ${path}`);
  }
  for (const { path, lines } of exports) {
    const file = join(folder, path);
    const old = existsSync(file) ? await readFile(file, 'utf8') : '';
    const text = lines.reduce(withLine, old);
    // A file that is formed otherwise is its owner's, all but the lines.
    const kept = old !== (await formatted(file, old));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, kept ? text : await formatted(file, text));
    print(`exported from ${path}`);
  }
  print();
  print('Next:');
  for (const [index, step] of next.entries()) print(`  ${index + 1}. ${step}`);
}

/** Among the lines of its kind, before the first that is later in the alphabet; else at the end. */
function withLine(text: string, line: string): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const start = line.slice(0, line.indexOf('{') + 1);
  const at = lines.findIndex((other) => other.startsWith(start) && other > line);
  return `${lines.toSpliced(at < 0 ? lines.length : at, 0, line).join('\n')}\n`;
}

/** As the project formats its files, where it has Prettier and says how. */
async function formatted(file: string, text: string): Promise<string> {
  const prettier = await import('prettier').catch(() => undefined);
  const config = await prettier?.resolveConfig(file);
  return prettier && config ? await prettier.format(text, { ...config, filepath: file }) : text;
}
