import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, readText, writeJson } from './home.ts';
import { endProcess, isRunning, stampOf } from './processes.ts';
import type { Ending, ProcessMark } from './processes.ts';

/** How each server is asked to end, and made to. Postgres: SIGINT is its fast shutdown, SIGQUIT its immediate one. */
export const endings = {
  postgres: [
    { signal: 'SIGINT', waitMs: 10_000 },
    { signal: 'SIGQUIT', waitMs: 5000 },
    { signal: 'SIGKILL', waitMs: 2000 },
  ],
  default: [
    { signal: 'SIGTERM', waitMs: 10_000 },
    { signal: 'SIGKILL', waitMs: 2000 },
  ],
} as const satisfies Record<string, readonly Ending[]>;

/** Where a process of this home is written down: `<home>/run/<name>.json`. */
export const runFile = (home: string, name: string): string => join(home, 'run', `${name}.json`);

/** Gives the mark in a pid file; undefined when there is none, or the file holds something else. */
export const readMark = async (file: string): Promise<ProcessMark | undefined> =>
  markIn((await readText(file)) ?? '');

/** The mark in such a file's text; undefined where there is none. */
export function markIn(text: string): ProcessMark | undefined {
  const found = parsed(text);
  if (typeof found !== 'object' || found === null || !('pid' in found) || !('stamp' in found))
    return undefined;
  const { pid, stamp } = found;
  // kill(2) gives 0 and negative numbers another meaning.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1 || typeof stamp !== 'string') {
    return undefined;
  }
  return { pid, stamp };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes down a child, so that the next start can end it should this one be killed. Takes the
 * absolute home, a name (`temporal`, `postgres`, `worker`) and the child's pid.
 */
export async function recordChild(home: string, { name, pid }: { name: string; pid: number }): Promise<void> {
  const stamp = await stampOf(pid);
  if (stamp !== undefined) await writeJson(runFile(home, name), { pid, stamp });
}

/** Forgets a child that has ended. */
export async function forgetChild(home: string, name: string): Promise<void> {
  await rm(runFile(home, name), { force: true });
}

/**
 * Ends what a killed start left running, workers before the servers that they use, and removes the
 * pid files. A recycled pid is left alone. Call it only while holding the home (`acquireHome`).
 * Takes the absolute home; gives the names of what was ended. Throws when one cannot be ended.
 */
export async function endLeftovers(home: string, log: (line: string) => void): Promise<string[]> {
  const ended: string[] = [];
  for (const name of await recordedNames(home)) {
    const mark = await readMark(runFile(home, name));
    // 1 is never a child of ours, though in a container it may be the start itself.
    if (mark && mark.pid > 1 && (await isRunning(mark))) {
      log(`ending ${name} (pid ${mark.pid}), left over from a start that was killed`);
      const steps = name === 'postgres' ? endings.postgres : endings.default;
      if (!(await endProcess(mark, steps))) throw new Error(`${name} (pid ${mark.pid}) does not end`);
      ended.push(name);
    }
    await forgetChild(home, name);
  }
  return ended;
}

async function recordedNames(home: string): Promise<string[]> {
  const last = ['temporal', 'postgres'];
  try {
    const files = await readdir(join(home, 'run'));
    const names = files
      .filter((file) => /^[a-z][a-z0-9-]*\.json$/.test(file))
      .map((file) => file.slice(0, -5));
    return names
      .filter((name) => name !== 'start')
      .toSorted((one, other) => last.indexOf(one) - last.indexOf(other));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
