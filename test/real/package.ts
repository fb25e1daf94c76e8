import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout, run } from './run.ts';

/** What package.json says. */
export const manifest = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Builds and packs the checkout into a folder; gives the tarball. */
export async function pack(folder: string): Promise<string> {
  await run('npm', ['pack', '--pack-destination', folder], { cwd: checkout });
  return join(folder, `everhook-${manifest.version}.tgz`);
}

/** Installs the tarball in an empty folder, which holds a user's project then. */
export async function install(tarball: string, ...flags: string[]): Promise<string> {
  const folder = await emptyFolder();
  const project = { name: 'shop', private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(project));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...flags, tarball], {
    cwd: folder,
    timeoutMs: 240_000,
  });
  for (const [name, text] of Object.entries(gateway)) await writeFile(join(folder, name), text);
  return folder;
}

const folders: string[] = [];

/** An empty folder that every user can pass, as a database that may not run as root needs it. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'everhook-real-'));
  folders.push(folder);
  await chmod(folder, 0o755);
  return folder;
}

/** Removes the folders that were made. */
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** A user's whole gateway: one workflow and one activity of its own, a shipped workflow, one source. */
export const gateway = {
  'workflows.ts': `import { proxyActivities } from '@temporalio/workflow';
import type { WebhookEvent } from 'everhook';
import type { Activities } from './gateway.ts';
export { recordEvent } from 'everhook/workflows';

const { pack } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

export async function shipOrder(event: WebhookEvent<'order.paid', { order: string; amount: number }>) {
  return await pack(event.payload.order);
}
`,
  'gateway.ts': `import { defineGateway, source, type Routes } from 'everhook';
import { hmac } from 'everhook/providers';
import { z } from 'zod';
import type * as workflows from './workflows.ts';

const order = z.object({ order: z.string(), amount: z.number() });
const sample = () => ({ type: 'order.paid', order: \`o-\${Date.now()}\`, amount: 4200 });
const activities = { pack: async (order: string) => \`packed \${order}\` };
export type Activities = typeof activities;
export const sources = {
  shop: source(hmac({ id: '/order', events: { 'order.paid': order }, samples: { 'order.paid': sample } })),
};
const routes = {
  shop: { 'order.paid': 'shipOrder', '*': 'recordEvent' },
} as const satisfies Routes<typeof sources, typeof workflows>;
const workflowsPath = new URL('./workflows.ts', import.meta.url);

export default defineGateway({ sources, routes, workflowsPath, activities });
`,
} as const;
