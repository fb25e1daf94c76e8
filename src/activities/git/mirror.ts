import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloneUrl } from './clone-url.ts';
import { heal } from './heal.ts';
import { GitError, runGit, type GitCall, type GitOutput } from './run-git.ts';
import { createTurns } from './turns.ts';

/** Git in one mirror. */
export type MirrorGit = (
  args: readonly string[],
  options?: Pick<GitCall, 'outputLimitBytes'>,
) => Promise<GitOutput>;

export interface MirrorOptions {
  /** Where the mirrors are: absolute. */
  readonly folder: string;
  /** PATH and what else git needs of the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a fetch is told. */
export interface FetchOptions {
  /** Objects that shall be there afterwards; the first must be. */
  readonly ids: readonly [string, ...string[]];
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

const fetchTimeoutMs = 25 * 60_000;
const refspecs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

// Nothing of the user's, the system's or a template's configuration counts, and nothing is asked for.
const environment = {
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
};
const configuration = [
  'core.hooksPath=/dev/null',
  'core.askPass=',
  'credential.helper=',
  // A redirect would lead past the list of hosts.
  'http.followRedirects=false',
  // A server that says nothing for a minute has gone.
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=60',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

/**
 * Bare mirrors of repositories, each in `<folder>/<hash of its URL>.git`: a cache that any worker
 * builds again. One fetch per repository at a time in this process.
 */
export function createMirrors({ folder, env }: MirrorOptions) {
  const inTurn = createTurns();
  const sound = new Set<string>();
  // Whatever is older than this process was left by one that is gone.
  const startedAt = new Date(Date.now() - process.uptime() * 1000);
  const failedAt = new Map<string, Date>();

  const pathOf = (url: CloneUrl, id: string) =>
    join(folder, `${createHash('sha256').update(`${id.length} ${url.name}`).digest('hex').slice(0, 40)}.git`);

  const open =
    (path: string, signal: AbortSignal, call: Partial<GitCall> = {}): MirrorGit =>
    (args, options) =>
      runGit({
        ...call,
        ...options,
        args: [`--git-dir=${path}`, ...configuration, ...args],
        env: { GIT_ALLOW_PROTOCOL: '', ...env, ...environment, ...call.env },
        signal,
      });

  /** Made aside and moved into place whole, so that a mirror which is there is one. */
  async function ensure(path: string, id: string, signal: AbortSignal): Promise<void> {
    if (await exists(join(path, 'HEAD'))) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = join(folder, `.draft-${randomBytes(8).toString('hex')}`);
    const format = id.length === 64 ? 'sha256' : 'sha1';
    try {
      await open(draft, signal)(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`]);
      await rm(path, { recursive: true, force: true });
      await rename(draft, path);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async function fetch(url: CloneUrl, path: string, { ids, signal, onLine }: FetchOptions): Promise<void> {
    await ensure(path, ids[0], signal);
    if (!sound.delete(path)) await heal(path, { before: failedAt.get(path) ?? startedAt });
    const git = open(path, signal, {
      onLine,
      timeoutMs: fetchTimeoutMs,
      env: { GIT_ALLOW_PROTOCOL: url.protocol },
    });
    const run = (...what: string[]) =>
      git(['fetch', '--progress', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', ...what]);
    try {
      await run('--prune', '--', url.address, ...refspecs);
      const [needed, ...wanted] = ids;
      // No branch leads there any more: a later push has overtaken this one. Most hosts give it by id.
      if (!(await has(git, needed))) await run('--', url.address, needed);
      for (const id of wanted) {
        if (!(await has(git, id))) await run('--', url.address, id).catch(ignoreRefusal);
      }
      sound.add(path);
    } catch (error) {
      // Git has ended, so the locks it may have left are nobody's.
      failedAt.set(path, new Date());
      if (error instanceof GitError && damaged.test(error.complaint)) {
        await rm(path, { recursive: true, force: true });
      }
      throw error;
    }
  }

  return {
    /** Brings a mirror up to date. Throws GitError when that cannot be. */
    fetch: (url: CloneUrl, options: FetchOptions): Promise<void> => {
      const path = pathOf(url, options.ids[0]);
      return inTurn(path, options.signal, () => fetch(url, path, options));
    },

    /** Git in the mirror of a repository, without any way to the outside; undefined when the object is missing. */
    async openWith(url: CloneUrl, id: string, signal: AbortSignal): Promise<MirrorGit | undefined> {
      const path = pathOf(url, id);
      if (!(await exists(join(path, 'HEAD')))) return undefined;
      const git = open(path, signal);
      return (await has(git, id)) ? git : undefined;
    },
  };
}

export type Mirrors = ReturnType<typeof createMirrors>;

/** Whether an object is in the mirror. */
export const has = (git: MirrorGit, id: string): Promise<boolean> =>
  git(['cat-file', '-e', id]).then(
    () => true,
    (error: unknown) => {
      if (error instanceof GitError) return false;
      throw error;
    },
  );

// A mirror that only a new one will cure.
const damaged = /not a git repository|object file .* is empty|is corrupt|bad object|packfile .* cannot be/;

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof GitError)) throw error;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
