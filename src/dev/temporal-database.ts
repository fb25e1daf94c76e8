import { chmod, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './home.ts';

/** The file that holds the development server's runs. */
export const databaseFile = (home: string): string => join(home, 'temporal.db');

/**
 * Closes the database to other users (0600): payloads are in it. SQLite gives the files that it makes
 * beside it the same mode. Takes the home. Throws what the file system says.
 */
export async function closeDatabase(home: string): Promise<void> {
  for (const file of files(home)) {
    await chmod(file, 0o600).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
  }
}

/**
 * Moves a database without tables aside: the CLI takes any file for one with tables, also the one that
 * a start killed at once left behind. Takes the home and what the server said; gives true when they
 * said so and the file is now `temporal.db.unfinished`.
 */
export async function moveUnfinished(
  home: string,
  { words, log }: { words: string; log: (line: string) => void },
): Promise<boolean> {
  if (!/no such table: namespaces/.test(words)) return false;
  const [file, ...beside] = files(home);
  await rename(file, `${file}.unfinished`);
  for (const other of beside) await rm(other, { force: true });
  log(`Temporal: ${file} was never finished; it is now ${file}.unfinished, and a new one is made`);
  return true;
}

function files(home: string): [string, string, string] {
  const file = databaseFile(home);
  return [file, `${file}-wal`, `${file}-shm`];
}
