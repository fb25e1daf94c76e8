import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import type { CloneRules } from './clone-url.ts';
import { git } from './git.ts';
import { createMirrors } from './mirror.ts';

export type { ChangedFile, Commit } from './parse.ts';
export type { Push, PushDescription } from './describe.ts';

export type GitActivities = ReturnType<typeof git>;

const defaultHosts = 'github.com,gitlab.com,bitbucket.org,codeberg.org';
// What git may know of this process's environment: where it is, and how to get out of this network.
const passed = ['PATH', 'HTTPS_PROXY', 'NO_PROXY', 'GIT_SSL_CAINFO'];

/** The git activities. Throws ConfigError when a setting is wrong, or git is needed and not installed. */
export function createGit(context: ActivityContext): GitActivities {
  const { setting, home, routes } = context;
  const env = Object.fromEntries(
    passed.flatMap((name) => {
      const value = setting(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const rows = rowsOf(routes, ['processPush']);
  if (rows.length > 0 && spawnSync('git', ['--version'], { env, timeout: 10_000 }).status !== 0) {
    throw new ConfigError(`git is not installed (or not on the PATH): it is needed for ${rows.join(', ')}`);
  }
  const folder = resolve(setting('EVERHOOK_GIT_CACHE') ?? join(home, 'git'));
  return git(createMirrors({ folder, env }), { hosts: readHosts(context), standIn: readStandIn(context) });
}

function readHosts({ setting }: ActivityContext): string[] {
  const hosts = (setting('EVERHOOK_GIT_HOSTS') ?? defaultHosts).split(',').map((host) => host.trim());
  const wrong = hosts.find(
    (host) => !URL.canParse(`https://${host}`) || new URL(`https://${host}`).host !== host,
  );
  if (wrong === undefined) return hosts;
  throw new ConfigError(
    `EVERHOOK_GIT_HOSTS must be a list of hosts in lower case, with a port if not 443: ${wrong}`,
  );
}

/** `<public prefix>=<loopback URL prefix>`: development's git server. */
function readStandIn({ setting, development }: ActivityContext): CloneRules['standIn'] {
  const value = setting('EVERHOOK_GIT_STAND_IN');
  if (value === undefined) return undefined;
  if (!development) throw new ConfigError('EVERHOOK_GIT_STAND_IN is for development: remove it');
  const [, prefix, target] =
    /^(https:\/\/[^=\s]+\/)=(http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\/)$/.exec(value) ?? [];
  if (prefix !== undefined && target !== undefined) return { prefix, target };
  throw new ConfigError('EVERHOOK_GIT_STAND_IN must be https://<host>/=http://127.0.0.1:<port>/');
}
