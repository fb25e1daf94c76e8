import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasCode } from './home.ts';

/** A process that can be told from a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, as the system says it; compared, never read. */
  readonly stamp: string;
}

const run = promisify(execFile);

/**
 * Says when a process started, so that a recycled number is noticed.
 * Takes a pid; gives a text to compare, undefined when no such process runs (a zombie does not).
 */
export async function stampOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? stampOfProc(pid) : stampOfPs(pid);
}

/** True while the very process of the mark runs. */
export async function isRunning({ pid, stamp }: ProcessMark): Promise<boolean> {
  return (await stampOf(pid)) === stamp;
}

/** The command line of a process; undefined when there is none or it cannot be read. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux')
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { timeout: 5000 })).stdout;
  } catch {
    return undefined;
  }
}

/** One step of ending a process: a signal, and how long to wait for the end before the next, in milliseconds. */
export interface Ending {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/**
 * Ends a process that is not a child of ours, step by step, and never another one with its number.
 * Takes its mark and the steps; gives true when it no longer runs. Throws when it may not be signalled.
 */
export async function endProcess(mark: ProcessMark, steps: readonly Ending[]): Promise<boolean> {
  for (const { signal, waitMs } of steps) {
    if (!(await isRunning(mark))) return true;
    signalTo(mark.pid, signal);
    if (await until(async () => !(await isRunning(mark)), { timeoutMs: waitMs })) return true;
  }
  return !(await isRunning(mark));
}

/** Waits for a condition, looking every `intervalMs` (default 50); gives false after `timeoutMs`. */
export async function until(
  condition: () => Promise<boolean>,
  { timeoutMs, intervalMs = 50 }: { timeoutMs: number; intervalMs?: number },
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() >= deadline) return false;
    await sleep(intervalMs);
  }
  return true;
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

// The second field may hold blanks and brackets: count from the last bracket. The start time is in
// ticks since boot, so the boot's id makes it unique. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
async function stampOfProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

async function stampOfPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      timeout: 5000,
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    });
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') || started.length === 0 ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}
