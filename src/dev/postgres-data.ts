import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { childEnvironment } from './child.ts';
import { readText, writeText } from './home.ts';
import { endings } from './leftovers.ts';
import { commandLineOf, endProcess, stampOf } from './processes.ts';
import { runCommand } from './run-command.ts';
import type { Environment } from '../settings.ts';
import type { PostgresPlace } from './postgres-place.ts';

const initdbMs = 120_000;

/**
 * Makes the data folder once, with user `postgres` behind a random password; a start that was killed
 * half-way leaves only a draft, which the next one removes. Takes the home, where the password is kept
 * (0600), and the place. Gives the password. Throws ConfigError when it is lost, or what initdb says.
 */
export async function ensureData(
  home: string,
  { native, data, user }: PostgresPlace,
  { env, log }: { env: Environment; log: (line: string) => void },
): Promise<string> {
  const passwordFile = join(home, 'postgres.password');
  const known = (await readText(passwordFile))?.trim();
  await removeDrafts(data);
  if (await stat(join(data, 'PG_VERSION')).catch(() => undefined)) {
    if (known) return known;
    if (dirname(data) !== home) await moveOrphan(data, log);
    else throw new ConfigError(`${passwordFile} is missing, the password of PostgreSQL's data in ${data}`);
  }
  log('PostgreSQL: making a new data folder');
  const password = known ?? randomBytes(24).toString('base64url');
  // The password is kept before the data is: data without it would be lost.
  await writeText(passwordFile, `${password}\n`, { mode: 0o600 });
  const draft = await mkdtemp(`${data}.new-`);
  try {
    // initdb runs as another user, who cannot read the home's copy.
    await writeText(join(draft, 'password'), `${password}\n`, { mode: 0o600 });
    await mkdir(join(draft, 'data'), { mode: 0o700 });
    // The folder last: from then on its owner could put something else in the place of what is in it.
    if (user) for (const path of ['password', 'data', '']) await chown(join(draft, path), user.uid, user.gid);
    await runCommand(join(native, 'bin', 'initdb'), initdbArguments(draft), {
      env: childEnvironment(env),
      cwd: '/',
      timeoutMs: initdbMs,
      user,
    });
    await rename(join(draft, 'data'), data);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return password;
}

const initdbArguments = (draft: string): string[] => [
  `--pgdata=${join(draft, 'data')}`,
  `--pwfile=${join(draft, 'password')}`,
  '--username=postgres',
  '--encoding=UTF8',
  '--auth=scram-sha-256',
  '--no-instructions',
  // The same order on every machine, whatever its locales.
  '--no-locale',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

/**
 * Clears the way to a data folder after a kill: ends a postmaster that still serves it, and removes
 * its pid file when the number has gone to another program, which PostgreSQL would take for itself.
 * Call it only while holding the home. Throws ConfigError when the postmaster does not end.
 */
export async function endStalePostmaster(data: string, log: (line: string) => void): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = Number((await readText(file))?.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  const stamp = await stampOf(pid);
  const line = await commandLineOf(pid);
  if (stamp === undefined || line === undefined || !serves(line, data)) {
    await rm(file, { force: true });
    return;
  }
  log(`ending PostgreSQL (pid ${pid}), left over from a start that was killed`);
  if (!(await endProcess({ pid, stamp }, endings.postgres))) {
    throw new ConfigError(`PostgreSQL (pid ${pid}) uses ${data} and does not end`);
  }
}

// `postgres -D <data> …`, as this file's neighbour starts it.
const serves = (line: string, data: string) => /\bpostgres\s/.test(line) && ` ${line} `.includes(` ${data} `);

// Data outside a home whose password is gone belonged to a home that was removed: it is not the new one's.
async function moveOrphan(data: string, log: (line: string) => void): Promise<void> {
  const aside = `${data}.orphan-${Date.now()}`;
  await rename(data, aside);
  log(`PostgreSQL: the data in ${data} is an earlier home's; it is now ${aside}, remove it when you like`);
}

async function removeDrafts(data: string): Promise<void> {
  for (const name of await readdir(dirname(data))) {
    if (name.startsWith(`${basename(data)}.new-`))
      await rm(join(dirname(data), name), { recursive: true, force: true });
  }
}
