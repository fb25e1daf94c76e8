import { randomBytes } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../errors.ts';
import { ensureHome, hasCode, writeJson } from './home.ts';
import { endLeftovers, readMark, runFile } from './leftovers.ts';
import { isRunning, stampOf } from './processes.ts';
import type { ProcessMark } from './processes.ts';

/** A home that this process alone uses. */
export interface HeldHome {
  /** The home's absolute path. */
  readonly home: string;
  /** Lets the next start have it. Harmless when repeated. */
  release(): Promise<void>;
}

/**
 * Takes the home for this process, then ends what a start that was killed left running there.
 * Takes the home's path; gives the held home. Throws ConfigError, naming the other's pid, when a
 * live start uses it.
 */
export async function acquireHome(home: string, { log }: { log: (line: string) => void }): Promise<HeldHome> {
  const path = await ensureHome(home);
  const file = runFile(path, 'start');
  const own = { pid: process.pid, stamp: (await stampOf(process.pid)) ?? '' };
  while (!(await claim(file, own))) {
    const holder = await readMark(file);
    if (holder && (await isRunning(holder))) throw inUse(path, holder);
    await removeStale(file, own);
  }
  const release = async () => {
    if ((await readMark(file))?.pid === own.pid) await rm(file, { force: true });
  };
  try {
    await endLeftovers(path, log);
  } catch (error) {
    await release();
    throw error;
  }
  return { home: path, release };
}

// link(2) makes the name and its content appear at once, for one of any number of starts.
async function claim(file: string, own: ProcessMark): Promise<boolean> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeJson(draft, own);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

// Only who holds the guard removes the stale file, having looked at it again: another start may have
// replaced it since it was read. A guard whose holder was killed is nobody's.
async function removeStale(file: string, own: ProcessMark): Promise<void> {
  const guard = `${file}.stale`;
  if (!(await claim(guard, own))) {
    const remover = await readMark(guard);
    if (remover && (await isRunning(remover))) await delay(10);
    else await rm(guard, { force: true });
    return;
  }
  try {
    const holder = await readMark(file);
    if (!holder || !(await isRunning(holder))) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

const inUse = (home: string, holder: ProcessMark | undefined) =>
  new ConfigError(
    `EVERHOOK_HOME: ${home} is in use by the start with pid ${holder?.pid ?? 'unknown'}. End it, or choose another home.`,
  );
