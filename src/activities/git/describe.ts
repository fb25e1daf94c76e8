import type { MirrorGit } from './mirror.ts';
import { commitFormat, parseCommits, parseFiles, type ChangedFile, type Commit } from './parse.ts';
import { isNothing, isRef } from './ref.ts';
import { GitError } from './run-git.ts';

/** A push as an event tells of it. */
export interface Push {
  readonly cloneUrl: string;
  /** `refs/heads/main`, `refs/tags/v1` */
  readonly ref: string;
  /** What the ref was before; zeros when it is new. */
  readonly before: string;
  /** What it is now; zeros when it is gone. */
  readonly after: string;
  /** `main`; a new branch is compared with it. */
  readonly defaultBranch?: string;
  /** How many commits the event lists. */
  readonly commitCount?: number;
}

/** What a push changed, found by git. */
export interface PushDescription {
  readonly change: 'created' | 'updated' | 'forced' | 'deleted';
  /**
   * What `base` rests on: where the ref was; where a new branch left the default branch; as many first
   * parents back as the event lists commits, where neither is known; nothing (a tag names one commit).
   */
  readonly basis: 'before' | 'default_branch' | 'commit_count' | 'none';
  /** The commit that is compared with; null for the beginning of everything. */
  readonly base: string | null;
  /** The commit that the ref leads to; null when it is gone, or a tag of something else. */
  readonly head: string | null;
  /** How many commits there are, also beyond those listed. */
  readonly commitCount: number;
  /** Newest first. */
  readonly commits: readonly Commit[];
  readonly files: readonly ChangedFile[];
  /** True when there is more than is listed. */
  readonly truncated: boolean;
}

const maxCommits = 250;
const maxFiles = 1000;
const maxRenames = 1000;
// Temporal takes results up to 2 MiB.
const maxBytes = 1_000_000;

/** Describes a push from a mirror that has its commits. Throws GitError. */
export async function describe(git: MirrorGit, push: Push): Promise<PushDescription> {
  const { ref, before, after } = push;
  const change = isNothing(before) ? 'created' : 'updated';
  const head = await commitOf(git, after);
  const nothing = {
    basis: 'none',
    base: null,
    head,
    commitCount: 0,
    commits: [],
    files: [],
    truncated: false,
  } as const;
  if (head === null) return { ...nothing, change };
  if (ref.startsWith('refs/tags/')) {
    const { commits } = await listCommits(git, ['--max-count=1', head]);
    return { ...nothing, change: change === 'created' ? change : 'forced', commitCount: 1, commits };
  }
  const { basis, base, forced } = await findBase(git, push, head);
  const range = base === null ? [head] : [`${base}..${head}`];
  const commitCount = Number(await line(git, ['rev-list', '--count', ...range, '--']));
  const listed = await listCommits(git, [`--max-count=${maxCommits}`, ...range]);
  const changed = await listFiles(git, base ?? emptyTree(head), head);
  const { commits, files } = fit(listed.commits, changed.files);
  return {
    change: forced ? 'forced' : change,
    basis,
    base,
    head,
    commitCount,
    commits,
    files,
    truncated: commits.length < commitCount || !changed.complete || files.length < changed.files.length,
  };
}

/** A push that took its ref away: nothing is left to be read. */
export const deletion: PushDescription = {
  change: 'deleted',
  basis: 'none',
  base: null,
  head: null,
  commitCount: 0,
  commits: [],
  files: [],
  truncated: false,
};

async function findBase(
  git: MirrorGit,
  { ref, before, defaultBranch, commitCount = 1 }: Push,
  head: string,
): Promise<Pick<PushDescription, 'basis' | 'base'> & { forced: boolean }> {
  const known = isNothing(before) ? null : await commitOf(git, before);
  if (known !== null) {
    const forced = (await mergeBase(git, known, head)) !== known;
    return { basis: 'before', base: known, forced };
  }
  // Told of a commit that nobody has any more, the branch has been moved away from it.
  const forced = !isNothing(before);
  const main = `refs/heads/${defaultBranch ?? ''}`;
  if (isRef(main) && main !== ref) {
    const mainHead = await commitOf(git, main);
    const base = mainHead === null ? null : await mergeBase(git, mainHead, head);
    if (base !== null) return { basis: 'default_branch', base, forced };
  }
  const count = Math.min(Math.max(Math.trunc(commitCount), 0), 100_000);
  return { basis: 'commit_count', base: await commitOf(git, `${head}~${count}`), forced };
}

async function listCommits(git: MirrorGit, which: readonly string[]) {
  const { output } = await git(['log', '-z', '--no-show-signature', commitFormat, ...which, '--']);
  return { commits: parseCommits(output) };
}

async function listFiles(git: MirrorGit, base: string, head: string) {
  // Large files are told apart by their bytes alone, not line by line.
  const limits = ['-M', `-l${maxRenames}`, '--no-ext-diff', '--no-textconv'];
  const compare = (form: string) =>
    git(['-c', 'core.bigFileThreshold=32m', 'diff-tree', '-r', '-z', form, ...limits, base, head, '--']);
  const raw = await compare('--raw');
  const numbers = await compare('--numstat');
  return { files: parseFiles(raw.output, numbers.output), complete: raw.complete };
}

/** As many as the bounds allow, commits first. */
function fit(commits: readonly Commit[], files: readonly ChangedFile[]) {
  let left = maxBytes;
  const fits = (item: unknown) => (left -= Buffer.byteLength(JSON.stringify(item)) + 1) >= 0;
  const takeWhile = <Item>(items: readonly Item[]): Item[] => {
    const end = items.findIndex((item) => !fits(item));
    return items.slice(0, end === -1 ? undefined : end);
  };
  return { commits: takeWhile(commits), files: takeWhile(files.slice(0, maxFiles)) };
}

/** The commit behind an id, a tag or an expression; null when there is none. */
const commitOf = (git: MirrorGit, name: string): Promise<string | null> =>
  lineOrNull(git, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);

const mergeBase = (git: MirrorGit, one: string, other: string): Promise<string | null> =>
  lineOrNull(git, ['merge-base', one, other]);

const lineOrNull = (git: MirrorGit, args: readonly string[]): Promise<string | null> =>
  line(git, args).catch((error: unknown) => {
    if (error instanceof GitError && error.exitCode !== null) return null;
    throw error;
  });

async function line(git: MirrorGit, args: readonly string[]): Promise<string> {
  const { output } = await git(args);
  return output.toString('utf8').trim();
}

/** Git knows the empty tree without having it. */
const emptyTree = (id: string): string =>
  id.length === 64
    ? '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'
    : '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
