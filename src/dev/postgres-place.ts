import { createHash } from 'node:crypto';
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { messageOf } from './home.ts';
import { completeBinaries, copyBinaries, isWritable } from './postgres-binaries.ts';
import { ensurePostgresUser, reaches } from './system-user.ts';
import type { Environment } from '../settings.ts';
import type { SystemUser } from './system-user.ts';

/** Where PostgreSQL's programs and data are, and whom it runs as. */
export interface PostgresPlace {
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string;
  /** The data folder; it may not exist yet, its parent does. */
  readonly data: string;
  /** Undefined: the own user. */
  readonly user: SystemUser | undefined;
}

const remedy = 'Name a PostgreSQL that runs with DATABASE_URL, or start as another user than root.';

/**
 * Decides where PostgreSQL lives. It refuses to run as root, so root runs it as the owner of its data or
 * else as `postgres`, who is added where missing; what that user cannot reach goes to `shared`, in a
 * folder per home. Takes the absolute home, the package's native folder and `shared` (an absolute
 * path). Throws ConfigError that says what is in the way.
 */
export async function placePostgres(
  { home, native, shared }: { home: string; native: string; shared: string },
  { env, log }: { env: Environment; log: (line: string) => void },
): Promise<PostgresPlace> {
  const near = join(home, 'postgres');
  if (process.getuid?.() !== 0) {
    await refuseForeignData(near);
    return { native: await usableBinaries(native, home), data: near, user: undefined };
  }
  const far = join(shared, await shortName(home), 'postgres');
  const nearOwner = await ownerOf(near);
  const farOwner = await ownerOf(far);
  const user = nearOwner ?? farOwner ?? (await ensurePostgresUser(env));
  const reached = await reaches(user, home, env);
  if (nearOwner && !reached) {
    throw new ConfigError(
      `PostgreSQL's data is in ${near}, but its owner (uid ${user.uid}) cannot reach it: ` +
        `a folder above is closed. Open the folders above to all (chmod o+x).`,
    );
  }
  const data = nearOwner || (reached && !farOwner) ? near : far;
  if (data === far) {
    log(`PostgreSQL: its data is in ${far}, because user ${user.uid} cannot reach ${home}, or could not`);
    await openFolders(dirname(far), shared);
  }
  const own = await usableBinaries(native, shared);
  if (await reaches(user, join(own, 'bin', 'postgres'), env)) return { native: own, data, user };
  await openFolders(shared, shared);
  const copy = await copyBinaries(own, shared);
  log(`PostgreSQL: user ${user.uid} cannot reach ${own}, so the copy ${copy} is used`);
  return { native: copy, data, user };
}

// Completes the package's folder, or a copy where that may not be written and something is missing.
async function usableBinaries(native: string, copies: string): Promise<string> {
  try {
    await completeBinaries(native);
    return native;
  } catch (error) {
    if (await isWritable(join(native, 'lib'))) throw error;
    return copyBinaries(native, copies);
  }
}

async function refuseForeignData(data: string): Promise<void> {
  const found = await stat(data).catch(() => undefined);
  if (found && process.getuid && found.uid !== process.getuid()) {
    throw new ConfigError(
      `PostgreSQL's data in ${data} belongs to another user (uid ${found.uid}): start as that user or as root, ` +
        'or choose another EVERHOOK_HOME.',
    );
  }
}

async function ownerOf(data: string): Promise<SystemUser | undefined> {
  const found = await stat(data).catch(() => undefined);
  if (found?.uid === 0)
    throw new ConfigError(
      `PostgreSQL's data in ${data} belongs to root: give it to user postgres (chown -R)`,
    );
  return found && { uid: found.uid, gid: found.gid };
}

// One folder per home, the same for each of its names.
const shortName = async (home: string) =>
  createHash('sha256')
    .update(await realpath(home))
    .digest('hex')
    .slice(0, 12);

// Makes the folder, and lets every user pass from `shared` down to it.
async function openFolders(path: string, shared: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    for (let folder = path; folder.startsWith(shared); folder = dirname(folder)) await chmod(folder, 0o755);
  } catch (error) {
    throw new ConfigError(`PostgreSQL cannot live in ${path}: ${messageOf(error)}. ${remedy}`, {
      cause: error,
    });
  }
}
