import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { resultOf } from '../../src/temporal/result-of.ts';
import { startEverhook, stillRunning } from './everhook.ts';
import { emptyFolder, gateway, install, manifest, pack, removeFolders } from './package.ts';
import { checkout, run } from './run.ts';

let tarball: string;
/** The project of a user who lets npm run no scripts. */
let project: string;
beforeAll(async () => {
  tarball = await pack(await emptyFolder());
  project = await install(tarball, '--ignore-scripts');
}, 300_000);
afterAll(removeFolders);

const installed = (...path: string[]) => join(project, 'node_modules', 'everhook', ...path);

test('the tarball holds what was built, and no sources or tests', async () => {
  const listing = await run('tar', ['-tzf', tarball], { cwd: checkout });
  const names = listing.trim().split('\n');
  const others = names.filter((name) => !/^package\/dist\/[\w./-]+(\.d\.ts|\.js|\.d\.cts|\.cjs)$/.test(name));
  expect(others.toSorted()).toEqual([
    'package/CHANGELOG.md',
    'package/LICENSE',
    'package/README.md',
    'package/bin/everhook.js',
    'package/package.json',
  ]);
  expect(
    names.filter((name) => name.includes('test') && !/^package\/dist\/testing\.(d\.ts|js)$/.test(name)),
  ).toEqual([]);
});

test('every declaration finds what it imports', async () => {
  const files = (await readdir(installed('dist'), { recursive: true })).filter((name) =>
    name.endsWith('.d.ts'),
  );
  const missing: string[] = [];
  for (const file of files) {
    const path = installed('dist', file);
    for (const [, name = ''] of (await readFile(path, 'utf8')).matchAll(/(?:from |import\()['"](.+?)['"]/g)) {
      if (!(await isThere(path, name))) missing.push(`${file}: ${name}`);
    }
  }
  expect(files.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

const builtIn = /^(node:|url$)/;

async function isThere(importer: string, name: string): Promise<boolean> {
  if (builtIn.test(name)) return true;
  const [scope = '', rest] = name.split('/');
  if (!name.startsWith('.'))
    return (rest && scope.startsWith('@') ? `${scope}/${rest}` : scope) in manifest.dependencies;
  const declaration = resolve(dirname(importer), name).replace(/\.ts$/, '.d.ts');
  return await stat(declaration).then(
    () => true,
    () => false,
  );
}

test('a gateway is written in fewer than thirty lines, and its types are checked', async () => {
  const lines = Object.values(gateway).flatMap((text) => text.trim().split('\n'));
  expect(lines.length).toBeLessThan(30);
  await writeFile(join(project, 'types.ts'), types);
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  await run(join(checkout, 'node_modules', '.bin', 'tsc'), ['-p', project], { cwd: project });
});

const compilerOptions = {
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  allowImportingTsExtensions: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
};

const types = `import type { App, EventOf, EventsOf, Routes } from 'everhook';
import type { GithubEvent, StripeEvent } from 'everhook/providers';
import type { sources } from './gateway.ts';
import type * as workflows from './workflows.ts';

type Paid = EventOf<EventsOf<typeof sources.shop.provider>, 'order.paid'>['payload'];
type Intent = StripeEvent<'payment_intent.succeeded'>['payload']['data']['object'];
type Push = GithubEvent<'push'>['payload'];
declare const typed: { paid: Paid; intent: Intent; push: Push; app: App };
// @ts-expect-error not any
typed.paid.nonsense;
// @ts-expect-error not any
typed.intent.nonsense;
// @ts-expect-error not any
typed.push.nonsense;
// @ts-expect-error not any
typed.app.nonsense;
export const fields: [Paid['amount'], Intent['amount'], Push['ref']] = [4200, 4200, 'refs/heads/main'];

export const right = {
  shop: { 'order.paid': { workflow: 'shipOrder', inOrderBy: (event) => event.payload.order } },
} as const satisfies Routes<typeof sources, typeof workflows>;
export const wrong = {
  shop: {
    // @ts-expect-error no workflow has this name
    'order.paid': 'shipOrders',
  },
} as const satisfies Routes<typeof sources, typeof workflows>;
export const unread = {
  // @ts-expect-error orders have no such field
  shop: { 'order.paid': { workflow: 'shipOrder', inOrderBy: (event) => event.payload.colour } },
} as const satisfies Routes<typeof sources, typeof workflows>;
export const misspelt = {
  shop: {
    // @ts-expect-error no event has this type
    'order.payed': 'shipOrder',
  },
} as const satisfies Routes<typeof sources, typeof workflows>;
`;

test.each(
  Object.keys(manifest.exports)
    .filter((name) => name !== './package.json')
    .map((name) => name.replace('.', 'everhook')),
)('%s can be imported from plain JavaScript', async (name) => {
  const script = `console.log(Object.keys(await import('${name}')).length > 0)`;
  expect(await run('node', ['--input-type=module', '-e', script], { cwd: project })).toBe('true\n');
});

test('in a project of CommonJS it says what is missing, without a stack', async () => {
  const file = installed('..', '..', 'package.json');
  const module = await readFile(file, 'utf8');
  onTestFinished(() => writeFile(file, module));
  await writeFile(file, module.replace('"type":"module"', '"type":"commonjs"'));
  const error = await run('npx', ['everhook', 'sources'], { cwd: project }).catch(
    (failure: Error) => failure,
  );
  expect(String(error)).toContain('put "type": "module" into the package.json');
});

test('installed without scripts, it runs the gateway', () => expectToRun(project));

test('installed with scripts, it runs the gateway', async () => expectToRun(await install(tarball)));

/** Starts the project's gateway, sends it events, sees their runs complete, and stops it. */
async function expectToRun(folder: string): Promise<void> {
  const everhook = await startEverhook(['npx', 'everhook', 'start'], {
    cwd: folder,
    home: join(folder, '.everhook'),
  });
  const resultOfPrinted = (printed: string) => resultOf(everhook.client, workflowIdIn(printed));

  const shipped = await everhook.command('send', 'shop', 'order.paid', '--set', 'order=o-1', '--duplicate');
  expect(shipped).toContain('"received":true');
  expect(shipped).toContain('"duplicate":true');
  expect(workflowIdIn(shipped)).toBe('shop:o-1');
  expect(await resultOfPrinted(shipped)).toBe('packed o-1');

  await writeFile(join(folder, 'other.json'), JSON.stringify({ type: 'order.returned', order: 'o-2' }));
  const recorded = await everhook.command('send', 'shop', 'order.returned', '--data', 'other.json');
  expect(await resultOfPrinted(recorded)).toMatchObject({ source: 'shop', type: 'order.returned' });

  await writeFile(join(folder, 'app.js'), app);
  const { temporal: TEMPORAL_ADDRESS, database: DATABASE_URL } = everhook.addresses;
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS,
    DATABASE_URL,
    SHOP_WEBHOOK_SECRET: 'a secret of sixteen bytes or more',
  };
  const answered = await run('node', ['--import', 'tsx', 'app.js'], { cwd: folder, env });
  expect(answered).toContain('200 {"received":true');
  expect(await resultOf(everhook.client, 'shop:o-3')).toBe('packed o-3');

  await everhook.process.interrupt(20_000);
  expect(everhook.process.text()).toContain('Stopped.');
  expect(await stillRunning(everhook.marks)).toEqual([]);
}

const workflowIdIn = (printed: string): string =>
  decodeURIComponent(/workflows\/(\S+)/.exec(printed)?.[1] ?? '');

/** An app of the user's own around the gateway: it sends itself an event. */
const app = `import { createHmac } from 'node:crypto';
import express from 'express';
import { createApp } from 'everhook';
import gateway from './gateway.ts';

const everhook = await createApp(gateway, { development: true });
const server = express().use('/hooks', everhook).listen(0, '127.0.0.1', async () => {
  const body = JSON.stringify({ type: 'order.paid', order: 'o-3', amount: 1 });
  const signature = createHmac('sha256', process.env.SHOP_WEBHOOK_SECRET).update(body).digest('hex');
  const url = \`http://127.0.0.1:\${server.address().port}/hooks/webhooks/shop\`;
  const answer = await fetch(url, { method: 'POST', body, headers: { 'x-webhook-signature': signature } });
  console.log(answer.status, await answer.text());
  await everhook.close();
  server.close();
  server.closeAllConnections();
});
`;
