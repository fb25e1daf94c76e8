import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AddressInfo } from 'node:net';

export const isRoot = process.getuid?.() === 0;
export const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

/** A folder that every user can pass (mkdtemp makes 0700), removed after the test. */
export async function temporaryFolder({ mode = 0o755 } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'everhook-'));
  await chmod(folder, mode);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Keeps what is said. */
export function listener(): { log: (line: string) => void; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: (line) => lines.push(line) };
}

/** A shell script that can be run. */
export async function program(file: string, script = 'exit 0'): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

/** A process that stays until it is ended, and is ended after the test; `user` is whom it runs as. */
export async function sleeper(
  user: { uid?: number; gid?: number } = {},
): Promise<{ pid: number; ended: Promise<unknown> }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', ...user });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.once('spawn', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { pid: child.pid ?? 0, ended };
}

/** Takes a port of 127.0.0.1 until the test ends. */
export async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
