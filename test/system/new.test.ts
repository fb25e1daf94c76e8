import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkout, run } from '../real/run.ts';

// Whole programs run here: type checker, linter, test runner.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const folders: string[] = [];
const emptyFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'everhook-new-'));
  folders.push(folder);
  return folder;
};
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const everhook = (cwd: string, ...args: readonly string[]) =>
  run('node', [join(cwd, 'bin', 'everhook.js'), 'new', ...args], { cwd });
const bin = (name: string) => join(checkout, 'node_modules', '.bin', name);

/** What a clone holds, its packages by a link. */
async function cloned(): Promise<string> {
  const folder = await emptyFolder();
  const left = new Set(['node_modules', '.git', 'dist', '.everhook']);
  await cp(checkout, folder, {
    recursive: true,
    filter: (path) => path === checkout || !left.has(basename(path)),
  });
  await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Files of a folder with what is in them, without packages. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.includes('node_modules'));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path, await readFile(path, 'utf8')] as const)),
  );
}

describe('in a clone', () => {
  // Names at both ends of what is short and long enough to break lines elsewhere.
  const names = ['x', 'acme-pay-of-a-rather-long-company-name-7'];
  let folder: string;
  let printed = '';
  beforeAll(async () => {
    folder = await cloned();
    for (const name of names) {
      printed += await everhook(folder, 'provider', name);
      printed += await everhook(folder, 'workflow', `do-${name.slice(0, 30)}`);
    }
  });

  test('says what it wrote, and what comes next', () => {
    for (const line of [
      'wrote src/providers/x.ts',
      'wrote test/providers/x.test.ts',
      'wrote test/conformance/x.ts',
      'wrote docs/providers/x.md',
      'exported from src/providers/index.ts',
      'wrote src/workflows/do-x.ts',
      'wrote test/workflows/do-x.test.ts',
      'exported from src/workflows/index.ts',
      'name it in src/sources.ts: x: source(x())',
    ]) {
      expect(printed).toContain(line);
    }
  });

  test('what it wrote has the form, the types and the style of the rest', async () => {
    const changed = (await readdir(folder, { recursive: true })).filter(
      (path) => !path.includes('node_modules') && names.some((name) => path.includes(name.slice(0, 30))),
    );
    expect(changed.length).toBeGreaterThan(10);
    const files = [...changed, 'src/providers/index.ts', 'src/workflows/index.ts'];
    await run(bin('prettier'), ['--check', ...files], { cwd: folder });
    await run(bin('oxlint'), ['--type-aware', '--deny-warnings', ...files], { cwd: folder });
    await run(bin('tsc'), ['-p', '.'], { cwd: folder });
  });

  test('its tests pass as they are, its page and its suite too once they are named', async () => {
    await edit('src/sources.ts', [
      ['  github,\n', '  github,\n  x,\n'],
      ['  payment: source', '  x: source(x()),\n  payment: source'],
    ]);
    await edit('test/conformance/suites.ts', [
      ['import { githubSuite', "import { xSuite } from './x.ts';\nimport { githubSuite"],
      ['  stripeSuite,\n', '  xSuite,\n  stripeSuite,\n'],
    ]);
    await run('npm', ['run', '-s', 'conformance'], { cwd: folder });
    const files = [
      ...names.map((name) => `test/providers/${name}`),
      'test/provider-pages',
      'test/conformance',
    ];
    const passed = await run(bin('vitest'), ['run', '--project', 'unit', ...files], { cwd: folder });
    expect(passed).toMatch(/, 0 failed, 0 skipped/);
    expect(await readFile(join(folder, 'docs/conformance.md'), 'utf8')).toContain('\n## x\n');
  });

  test('its workflows run', async () => {
    const passed = await run(bin('vitest'), ['run', '--project', 'system', 'test/workflows/do-x'], {
      cwd: folder,
    });
    expect(passed).toMatch(/[1-9]\d* passed, 0 failed, 0 skipped/);
  });

  test('nothing is overwritten, nor half written', async () => {
    const before = await snapshot(folder);
    for (const [what, name, message] of [
      ['provider', 'x', 'src/providers/x.ts, test/providers/x.test.ts'],
      ['workflow', 'do-x', 'src/workflows/do-x.ts'],
      ['provider', 'hmac-text', 'src/providers/index.ts has a hmacText already'],
      ['provider', 'webhook', 'cannot be called webhook'],
      ['provider', 'delivery', 'cannot be called delivery'],
    ] as const) {
      await expect(everhook(folder, what, name)).rejects.toThrow(message);
    }
    expect(await snapshot(folder)).toEqual(before);
  });

  const edit = async (path: string, changes: readonly (readonly [string, string])[]) => {
    const file = join(folder, path);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      changes.reduce((all, [from, to]) => all.replace(from, to), text),
    );
  };
});

test('a bad name is refused, and nothing written', async () => {
  const folder = await emptyFolder();
  await writeFile(join(folder, 'package.json'), '{}');
  const attempt = run('node', [join(checkout, 'bin', 'everhook.js'), 'new', 'provider', '../Acme'], {
    cwd: folder,
  });
  await expect(attempt).rejects.toThrow(/ended with 2\neverhook: .*: try acme/);
  expect(await readdir(folder)).toEqual(['package.json']);
});

test('a folder that is no project is refused', async () => {
  const attempt = run('node', [join(checkout, 'bin', 'everhook.js'), 'new', 'provider', 'acme'], {
    cwd: await emptyFolder(),
  });
  await expect(attempt).rejects.toThrow(/has no package.json/);
});

describe('in a project of your own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await emptyFolder();
    const modules = join(folder, 'node_modules');
    const installed = join(modules, 'everhook');
    await mkdir(installed, { recursive: true });
    for (const name of await readdir(join(checkout, 'node_modules'))) {
      if (!name.startsWith('.')) await symlink(join(checkout, 'node_modules', name), join(modules, name));
    }
    await run(bin('tsc'), ['-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], {
      cwd: checkout,
    });
    await cp(join(checkout, 'package.json'), join(installed, 'package.json'));
    await cp(join(checkout, 'bin'), join(installed, 'bin'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await writeFile(join(folder, 'gateway.ts'), gateway);
    await writeFile(join(folder, 'workflows.ts'), "export { recordEvent } from 'everhook/workflows';\n");
    for (const [what, name] of [
      ['provider', 'acme-pay'],
      ['workflow', 'ship-order'],
    ] as const) {
      await run('node', [join(installed, 'bin', 'everhook.js'), 'new', what, name], { cwd: folder });
    }
  });

  test('files lie beside the gateway, and the workflow among the others', async () => {
    expect(
      Object.keys(await snapshot(folder))
        .map((path) => path.slice(folder.length + 1))
        .toSorted(),
    ).toEqual([
      'gateway.ts',
      'package.json',
      'providers/acme-pay.test.ts',
      'providers/acme-pay.ts',
      'tsconfig.json',
      'workflows.ts',
      'workflows/ship-order.test.ts',
      'workflows/ship-order.ts',
    ]);
    expect(await readFile(join(folder, 'workflows.ts'), 'utf8')).toBe(
      "export { recordEvent } from 'everhook/workflows';\nexport { shipOrder } from './workflows/ship-order.ts';\n",
    );
  });

  test('they have their types in a gateway that names them', async () => {
    await expect(run(bin('tsc'), ['-p', '.'], { cwd: folder })).resolves.toBe('');
  });

  test('their tests pass as they are', async () => {
    const tests = ['providers/acme-pay.test.ts', 'workflows/ship-order.test.ts'];
    const passed = await run('node', ['--import', 'tsx', '--test', ...tests], { cwd: folder });
    expect(passed).toMatch(/fail 0/);
    expect(passed).toMatch(/pass 5/);
  });
});

const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
};

const gateway = `import { defineGateway, source, type Routes } from 'everhook';
import { acmePay } from './providers/acme-pay.ts';
import type * as workflows from './workflows.ts';

const sources = { 'acme-pay': source(acmePay()) };
const routes = {
  'acme-pay': { 'thing.happened': 'shipOrder', '*': 'recordEvent' },
} as const satisfies Routes<typeof sources, typeof workflows>;

export default defineGateway({
  sources,
  routes,
  workflowsPath: new URL('./workflows.ts', import.meta.url),
  activities: {},
});
`;
