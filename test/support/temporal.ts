import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { temporalCli, temporalTestServer } from '../../src/dev/binaries.ts';
import { findBinary } from '../../src/dev/find-binary.ts';
import { startTemporalServer } from '../../src/dev/temporal-server.ts';
import { temporaryHome } from './temporary-home.ts';

const look = { env: process.env, log: () => undefined };

/** The real development server, for a whole test run. */
export async function startTestTemporal(): Promise<{ address: string; stop(): Promise<void> }> {
  const { home, remove } = await temporaryHome();
  const cli = await findBinary(temporalCli, look);
  const server = await startTemporalServer({
    cli,
    home,
    ...look,
    ports: { server: 27_233, ui: 28_233 },
    // Histories that have to grow for a test grow soon.
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '300' },
  });
  return {
    address: server.address,
    async stop() {
      await server.stop();
      await remove();
    },
  };
}

/** The server that skips time; its clock is shared by all that runs on it. */
export const createTimeSkipping = async (): Promise<TestWorkflowEnvironment> =>
  await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: await findBinary(temporalTestServer, look) } },
  });

export const workflowsPath = fileURLToPath(new URL('../../src/workflows', import.meta.url));

/** Bundles the shipped workflows into a file, once for all tests. */
export async function bundleWorkflows(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const file = join(folder, 'workflows.js');
  await writeFile(file, code);
  return file;
}

/** Keeps the SDK's chatter out of the test's output; before any worker, once per process. */
export function quieten(): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
}
