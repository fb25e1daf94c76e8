import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder that every user can pass, as a database that may not run as root needs it. */
export async function temporaryHome(): Promise<{ home: string; remove(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'everhook-test-'));
  await chmod(home, 0o755);
  return { home, remove: () => rm(home, { recursive: true, force: true }) };
}
