import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../errors.ts';
import type { Environment } from '../settings.ts';
import { within } from './child.ts';
import { forgetChild, recordChild } from './leftovers.ts';

const command = fileURLToPath(new URL('../../bin/everhook.js', import.meta.url));
const configurationIsWrong = 2;
const stopMs = 10_000;
const restartMs = 1000;

export interface WorkerProcessOptions {
  readonly gatewayFile: string;
  readonly environment: Environment;
  readonly home: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Called when it can not be brought back. */
  readonly onDeath: () => void;
}

/**
 * Runs the worker in a process of its own, and again when it dies: its runs wait meanwhile. Settles
 * when it is ready. Throws ConfigError where the worker said that its configuration is wrong.
 */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<{ stop(): Promise<void> }> {
  const { home, log, onDeath } = options;
  let stopping = false;
  let child = await launch(options);

  const watch = (current: ChildProcess): void => {
    current.once('exit', (code, signal) => {
      if (stopping) return;
      log(`the worker ended (${signal ?? `code ${code}`}); starting it again`);
      void again();
    });
  };
  const again = async () => {
    await delay(restartMs);
    if (stopping) return;
    try {
      child = await launch(options);
      watch(child);
      log('the worker is back');
    } catch (error) {
      log((error as Error).message);
      if (!stopping) onDeath();
    }
  };
  watch(child);
  return {
    async stop() {
      stopping = true;
      await end(child);
      await forgetChild(home, 'worker');
    },
  };
}

async function launch({
  gatewayFile,
  environment,
  home,
  signal,
}: WorkerProcessOptions): Promise<ChildProcess> {
  const child = fork(command, ['worker', '--development', '--gateway', gatewayFile], {
    env: { ...environment },
    execArgv: [],
    // Out of reach of the terminal's Ctrl-C: the start stops it when the API has drained.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const abort = () => child.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(
        code === configurationIsWrong
          ? new ConfigError('the worker cannot start: see its message above')
          : new Error(`the worker ended while it started (code ${code})`),
      ),
    );
  });
  // It may end while it is being written down.
  ready.catch(() => undefined);
  try {
    if (child.pid !== undefined) await recordChild(home, { name: 'worker', pid: child.pid });
    await ready;
  } catch (error) {
    await forgetChild(home, 'worker');
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await within(exited, stopMs);
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await exited;
  }
}
