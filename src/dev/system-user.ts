import { ConfigError } from '../errors.ts';
import { messageOf } from './home.ts';
import { runCommand } from './run-command.ts';
import type { Environment } from '../settings.ts';

/** A user of the system, by number. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Gives the user `postgres`, whom root adds with its group where missing. Throws ConfigError when it cannot. */
export async function ensurePostgresUser(env: Environment): Promise<SystemUser> {
  const options = { env: { ...env, LC_ALL: 'C' }, timeoutMs: 10_000 };
  const look = async (flag: string) => Number((await runCommand('id', [flag, 'postgres'], options)).trim());
  const find = async () => ({ uid: await look('-u'), gid: await look('-g') });
  const found = await find().catch(() => undefined);
  if (found) return found;
  try {
    // The group may be there without the user: --force is content with it.
    await runCommand('groupadd', ['--system', '--force', 'postgres'], options);
    await runCommand('useradd', ['--system', '--no-create-home', '--gid', 'postgres', 'postgres'], options);
    return await find();
  } catch (error) {
    throw new ConfigError(
      `PostgreSQL does not run as root, and user postgres cannot be added: ${messageOf(error)}. ` +
        'Start as another user than root, or name a PostgreSQL that runs with DATABASE_URL.',
      { cause: error },
    );
  }
}

/**
 * Whether a user can pass into a folder or run a file. Only root may ask. The user itself looks, since
 * modes alone do not tell (ACLs, mounts, security modules).
 */
export async function reaches(user: SystemUser, path: string, env: Environment): Promise<boolean> {
  const options = { env: { PATH: env['PATH'] }, cwd: '/', timeoutMs: 10_000, user };
  return runCommand('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], options).then(
    () => true,
    () => false,
  );
}
