import type { TestProject } from 'vitest/node';
import { startTestPostgres } from './postgres.ts';
import { bundleWorkflows, startTestTemporal } from './temporal.ts';
import { temporaryHome } from './temporary-home.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The development server's, `127.0.0.1:<port>`. */
    readonly temporalAddress: string;
    /** A database server's: take a database of one's own by `createDatabase`. */
    readonly postgresUrl: string;
    /** The file of the shipped workflows' bundle. */
    readonly workflowBundle: string;
  }
}

/** Starts what the system tests share; gives what stops it. */
// oxlint-disable-next-line import/no-default-export -- what vitest loads
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const stopOne of stops.toReversed()) await stopOne();
  };
  try {
    const temporal = await startTestTemporal();
    stops.push(() => temporal.stop());
    const postgres = await startTestPostgres();
    stops.push(() => postgres.stop());
    const { home, remove } = await temporaryHome();
    stops.push(remove);
    project.provide('temporalAddress', temporal.address);
    project.provide('postgresUrl', postgres.url);
    project.provide('workflowBundle', await bundleWorkflows(home));
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
