import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { writeJson } from '../../src/dev/home.ts';
import { endLeftovers, recordChild, runFile } from '../../src/dev/leftovers.ts';
import { acquireHome } from '../../src/dev/lock.ts';
import { endProcess, isRunning, stampOf } from '../../src/dev/processes.ts';
import { ConfigError } from '../../src/errors.ts';
import { listener, sleeper, temporaryFolder } from './support.ts';

async function markOf(pid: number) {
  return { pid, stamp: (await stampOf(pid)) ?? '' };
}

test('a home in use is refused, naming the pid that has it, and is free after its release', async () => {
  const home = await temporaryFolder();
  const { log } = listener();
  const held = await acquireHome(home, { log });
  await expect(acquireHome(home, { log })).rejects.toThrow(ConfigError);
  await expect(acquireHome(home, { log })).rejects.toThrow(`pid ${process.pid}`);
  await held.release();
  await held.release();
  await (await acquireHome(home, { log })).release();
  expect(await readdir(`${home}/run`)).toEqual([]);
});

test('a start with pid 1, as in a container, holds its home like any other', async () => {
  const home = await temporaryFolder();
  await writeJson(runFile(home, 'start'), await markOf(1));
  await expect(acquireHome(home, { log: listener().log })).rejects.toThrow('pid 1.');
});

test('of many starts at once, over a stale lock, one gets the home', async () => {
  const { log } = listener();
  for (let round = 0; round < 20; round++) {
    const home = await temporaryFolder();
    await writeJson(runFile(home, 'start'), { pid: process.pid, stamp: 'another process' });
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => acquireHome(home, { log })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  }
});

test('a start that was killed while it removed a stale lock is no obstacle', async () => {
  const home = await temporaryFolder();
  const dead = { pid: process.pid, stamp: 'another process' };
  const lock = runFile(home, 'start');
  await writeJson(lock, dead);
  const content = createHash('sha256')
    .update(await readFile(lock))
    .digest('hex');
  await writeJson(`${lock}.${content.slice(0, 12)}.stale`, dead);
  const held = await acquireHome(home, listener());
  expect(await readdir(`${home}/run`)).toEqual(['start.json']);
  await held.release();
});

test('a lock file that a crash of the machine emptied is no obstacle', async () => {
  const home = await temporaryFolder();
  const { log } = listener();
  await (await acquireHome(home, { log })).release();
  await writeFile(runFile(home, 'start'), '');
  const held = await acquireHome(home, { log });
  expect(held.home).toBe(home);
  await held.release();
});

test('what a killed start left running is ended before the home is given', async () => {
  const home = await temporaryFolder();
  const { log, lines } = listener();
  const [temporal, postgres, worker] = [await sleeper(), await sleeper(), await sleeper()];
  await recordChild(home, { name: 'temporal', pid: temporal.pid });
  await recordChild(home, { name: 'postgres', pid: postgres.pid });
  await recordChild(home, { name: 'worker', pid: worker.pid });
  const held = await acquireHome(home, { log });
  await Promise.all([temporal.ended, postgres.ended, worker.ended]);
  expect(lines.map((line) => line.split(' ')[1])).toEqual(['worker', 'temporal', 'postgres']);
  expect(await readdir(`${home}/run`)).toEqual(['start.json']);
  await held.release();
});

test('a process that got the number of a leftover is left alone', async () => {
  const home = await temporaryFolder();
  const { log, lines } = listener();
  const other = await sleeper();
  await writeJson(runFile(home, 'temporal'), { pid: other.pid, stamp: 'before' });
  expect(await endLeftovers(home, log)).toEqual([]);
  expect(lines).toEqual([]);
  expect(await stampOf(other.pid)).toBeDefined();
  expect(await readdir(`${home}/run`)).toEqual([]);
});

test.each([{ pid: -1 }, { pid: 0 }, { pid: 1 }, { pid: 1.5 }, { pid: '12' }, {}])(
  'a pid file that says %j ends nothing',
  async (value) => {
    const home = await temporaryFolder();
    await writeJson(runFile(home, 'temporal'), { stamp: (await stampOf(1)) ?? '', ...value });
    expect(await endLeftovers(home, listener().log)).toEqual([]);
  },
);

test('a process that does not heed the first signal is made to end', async () => {
  const child = spawn('/bin/sh', ['-c', "trap '' TERM; echo ready; while :; do read line; done"]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const mark = await markOf(child.pid ?? 0);
  const ended = await endProcess(mark, [
    { signal: 'SIGTERM', waitMs: 200 },
    { signal: 'SIGKILL', waitMs: 5000 },
  ]);
  expect(ended).toBe(true);
  expect(await isRunning(mark)).toBe(false);
});
