import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from './home.ts';
import type { Ending } from './processes.ts';

const logLimitBytes = 8 * 1024 * 1024;

/** What to run, and where its output goes. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output is appended here; a file over 8 MiB is first moved to `<file>.1`. */
  readonly logFile: string;
  /** Whom it runs as; default the own user. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** A server that runs beside this process. */
export interface Child {
  readonly pid: number;
  /** Settles, and never rejects, when it has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** True until it has ended. */
  running(): boolean;
  /** Sends the signals one after another until it ends. Harmless when it has. */
  end(steps: readonly Ending[]): Promise<void>;
  /** All that it has printed. */
  said(): string;
  /** The lines of it that tell most: eight from the first complaint on, else the last eight. */
  lastWords(): string;
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in a terminal reaches only this
 * process, which ends its children in order. Takes what to run; gives the child once it was started.
 * Throws what the system says when it cannot be started.
 */
export async function startChild({ command, args, env, logFile, user }: ChildOptions): Promise<Child> {
  const output = openLog(logFile);
  const from = fstatSync(output).size;
  const child = spawn(command, [...args], {
    // A folder that every user can be in: the own one may be closed to `user`.
    cwd: '/',
    env,
    detached: true,
    stdio: ['ignore', output, output],
    ...user,
  });
  closeSync(output);
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.on('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  const said = () => readFileSync(logFile).subarray(from).toString();
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    exited,
    running,
    async end(steps) {
      for (const { signal, waitMs } of steps) {
        if (!running()) return;
        child.kill(signal);
        await within(exited, waitMs);
      }
    },
    said,
    lastWords() {
      const lines = said().trimEnd().split('\n');
      const complaint = lines.findIndex((line) => /\b(error|fatal|panic)\b/i.test(line));
      return (complaint < 0 ? lines.slice(-8) : lines.slice(complaint, complaint + 8)).join('\n');
    },
  };
}

/**
 * The few values of the environment that a server needs: secrets of this process stay here, and
 * settings meant for clients (`PG*`, `TEMPORAL_*`) do not reach it.
 */
export function childEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'SYSTEMROOT'];
  const pairs = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return { ...Object.fromEntries(pairs), LC_ALL: 'C' };
}

/** Waits for a promise, but not longer than `waitMs`. */
export async function within(promise: Promise<unknown>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  try {
    if (statSync(file).size > logLimitBytes) renameSync(file, `${file}.1`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return openSync(file, 'a', 0o640);
}
