import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { onTestFinished } from 'vitest';
import { readAddresses, type Addresses } from '../../src/dev/addresses.ts';
import { developmentKey } from '../../src/dev/encryption-key.ts';
import { readMark, runFile } from '../../src/dev/leftovers.ts';
import { acquireHome } from '../../src/dev/lock.ts';
import { endProcess, isRunning, type ProcessMark } from '../../src/dev/processes.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { run, shellEnvironment, start, type Running } from './run.ts';

/** A running `everhook start`. */
export interface Everhook {
  readonly process: Running;
  readonly addresses: Addresses;
  readonly client: Client;
  /** The start, its servers and its worker. */
  readonly marks: readonly ProcessMark[];
  /** Runs `npx everhook` beside it; gives what it printed. */
  command(...args: string[]): Promise<string>;
}

/** Runs a start in a folder, with free ports, until the test ends. */
export async function startEverhook(
  [command, ...args]: readonly [string, ...string[]],
  { cwd, home, env: more }: { cwd: string; home: string; env?: Readonly<Record<string, string>> },
): Promise<Everhook> {
  const env = shellEnvironment({ ...more, EVERHOOK_HOME: home, PORT: '0', EVERHOOK_ADMIN_PORT: '0' });
  const running = start(command, args, { cwd, env });
  onTestFinished(() => endStart(home));
  await running.until('Ready in', 120_000);
  const addresses = await readAddresses(home);
  if (addresses === undefined) throw new Error(`a start that is ready has no addresses in ${home}`);
  const connection = await Connection.connect({ address: addresses.temporal });
  onTestFinished(() => connection.close());
  return {
    process: running,
    addresses,
    client: new Client({
      connection,
      namespace: addresses.namespace,
      dataConverter: createDataConverter({
        keys: { current: await developmentKey(home), previous: undefined },
      }),
    }),
    marks: await marksOf(home),
    command: (...words) => run('npx', ['everhook', ...words], { cwd, env }),
  };
}

/** Those of the processes that still run. */
export async function stillRunning(marks: readonly ProcessMark[]): Promise<ProcessMark[]> {
  const states = await Promise.all(marks.map(isRunning));
  return marks.filter((_, index) => states[index]);
}

async function marksOf(home: string): Promise<ProcessMark[]> {
  const names = (await readdir(join(home, 'run'))).map((file) => file.replace(/\.json$/, ''));
  const marks = await Promise.all(names.map((name) => readMark(runFile(home, name))));
  return marks.filter((mark) => mark !== undefined);
}

// Its servers are in process groups of their own: it ends them, or the next who takes the home.
async function endStart(home: string): Promise<void> {
  const mark = await readMark(runFile(home, 'start'));
  if (mark !== undefined) {
    await endProcess(mark, [
      { signal: 'SIGTERM', waitMs: 20_000 },
      { signal: 'SIGKILL', waitMs: 2000 },
    ]);
  }
  const { release } = await acquireHome(home, { log: () => undefined });
  await release();
}
