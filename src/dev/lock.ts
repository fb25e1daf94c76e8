import { randomBytes } from 'node:crypto';
import { link, rename, rm } from 'node:fs/promises';
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
  for (let attempt = 1; !(await claim(file, own)); attempt++) {
    const holder = await readMark(file);
    if ((holder && (await isRunning(holder))) || attempt > 5) throw inUse(path, holder);
    await removeStale(file, path);
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

// Another start may have replaced the stale file since it was read: what was moved away is looked at again.
async function removeStale(file: string, home: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  try {
    const moved = await readMark(aside);
    if (moved && (await isRunning(moved))) {
      await link(aside, file);
      throw inUse(home, moved);
    }
  } finally {
    await rm(aside, { force: true });
  }
}

const inUse = (home: string, holder: ProcessMark | undefined) =>
  new ConfigError(
    `EVERHOOK_HOME: ${home} is in use by the start with pid ${holder?.pid ?? 'unknown'}. End it, or choose another home.`,
  );
