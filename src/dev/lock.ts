import { createHash, randomBytes } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../errors.ts';
import { ensureHome, hasCode, readText, writeJson } from './home.ts';
import { endLeftovers, markIn, readMark, runFile } from './leftovers.ts';
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
    await takeAwayStale(file, own);
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

// Of those that find a lock stale, one takes it away: who holds the guard that is named after its content. As long
// as that is held the lock can be no other than the one that was judged, and a later lock has another guard. A guard
// whose holder was killed is a stale lock itself.
async function takeAwayStale(file: string, own: ProcessMark): Promise<void> {
  const found = await readText(file);
  if (found === undefined) return;
  const holder = markIn(found);
  if (holder && (await isRunning(holder))) return;
  const guard = `${file}.${createHash('sha256').update(found).digest('hex').slice(0, 12)}.stale`;
  if (!(await claim(guard, own))) {
    await delay(10);
    return await takeAwayStale(guard, own);
  }
  try {
    if ((await readText(file)) === found) await rm(file, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

const inUse = (home: string, holder: ProcessMark | undefined) =>
  new ConfigError(
    `EVERHOOK_HOME: ${home} is in use by the start with pid ${holder?.pid ?? 'unknown'}. End it, or choose another home.`,
  );
