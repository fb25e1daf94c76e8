import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startChild } from '../../src/dev/child.ts';
import { temporaryFolder } from './support.ts';
import type { ChildOptions } from '../../src/dev/child.ts';

const kill = [{ signal: 'SIGKILL', waitMs: 5000 }] as const;

async function start(options: Partial<ChildOptions> = {}) {
  const logFile = join(await temporaryFolder(), 'logs', 'child.log');
  const child = await startChild({ command: '/bin/sleep', args: ['600'], env: {}, logFile, ...options });
  onTestFinished(() => child.end(kill));
  return { ...child, logFile };
}

test('a child has a process group of its own, so that Ctrl-C does not reach it', async () => {
  const { pid } = await start();
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pgid=', '-p', String(pid)]);
  expect(Number(stdout)).toBe(pid);
});

test('its output is in the file, and its last words are the last eight lines', async () => {
  const script = 'for n in 1 2 3 4 5 6 7 8; do echo out $n; done; echo err >&2; exit 4';
  const child = await start({ command: '/bin/sh', args: ['-c', script] });
  expect(await child.exited).toBe(4);
  expect(child.running()).toBe(false);
  expect(await readFile(child.logFile, 'utf8')).toMatch(/^out 1\n[^]*err\n$/);
  expect(child.lastWords()).toMatch(/^out 2\n[^]*err$/);
});

test('a log that has grown over 8 MiB is moved aside at the start', async () => {
  const logFile = join(await temporaryFolder(), 'child.log');
  await writeFile(logFile, Buffer.alloc(8 * 1024 * 1024 + 1, 'x'));
  const child = await start({ command: '/bin/sh', args: ['-c', 'echo new'], logFile });
  await child.exited;
  expect(await readFile(logFile, 'utf8')).toBe('new\n');
  expect((await stat(`${logFile}.1`)).size).toBe(8 * 1024 * 1024 + 1);
});

test('one that heeds no signal but the last is ended by it', async () => {
  const logFile = join(await temporaryFolder(), 'child.log');
  const script = "trap '' TERM; echo ready; while :; do sleep 600; done";
  const child = await start({
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/bin:/usr/bin' },
    logFile,
  });
  await expect.poll(() => readFile(logFile, 'utf8')).toContain('ready');
  await child.end([{ signal: 'SIGTERM', waitMs: 100 }, ...kill]);
  expect(child.running()).toBe(false);
  await child.end(kill);
});

test('one that cannot be started is an error here and now', async () => {
  await expect(start({ command: '/nowhere/server' })).rejects.toThrow('ENOENT');
});
