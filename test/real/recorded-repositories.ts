import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRepository, git } from '../support/git-repository.ts';
import { servedName } from './git-hosts.ts';

/** What GitHub told of a commit that it had signed, in the body of a `status`. */
export interface SignedCommit {
  readonly sha: string;
  readonly signature: string;
  /** The commit without its signature. */
  readonly payload: string;
}

/**
 * Makes the repository that GitHub's bodies were recorded at, as it was: its first commit from GitHub's own words, byte
 * for byte, which its id proves. https://git-scm.com/docs/signature-format
 */
export async function createRecordedRepository(
  folder: string,
  url: string,
  told: SignedCommit,
): Promise<void> {
  const bare = join(folder, `${servedName(url)}.git`);
  await mkdir(bare, { recursive: true });
  git(bare, ['init', '--quiet', '--bare', '--initial-branch=master']);
  const readme = git(bare, ['hash-object', '-w', '--stdin'], '# Hello-World');
  git(bare, ['mktree'], `100644 blob ${readme}\tREADME.md\n`);
  const end = told.payload.indexOf('\n\n');
  const signature = `gpgsig ${told.signature.replaceAll('\n', '\n ')}`;
  const commit = `${told.payload.slice(0, end)}\n${signature}${told.payload.slice(end)}`;
  // Where its tree is not there, or its id is another, this fails.
  const made = git(bare, ['hash-object', '-t', 'commit', '-w', '--stdin'], commit);
  if (made !== told.sha) throw new Error(`the commit came out as ${made}, not as the recorded ${told.sha}`);
  git(bare, ['rev-list', '--objects', made]);
  for (const ref of ['refs/heads/master', 'refs/tags/simple-tag']) git(bare, ['update-ref', ref, made]);
}

/** Makes a repository with a tag, and four commits on `master` after its first one; gives their ids. */
export async function createProject(
  { folder, trees }: { readonly folder: string; readonly trees: string },
  url: string,
): Promise<{ first: string; last: string; tag: string }> {
  const repository = await createRepository(trees, folder, servedName(url));
  const first = await repository.commit('Begin', { 'README.md': 'Diaspora\n' });
  let last = first;
  for (const number of [1, 2, 3, 4]) {
    last = await repository.commit(`Change ${number}`, { 'CHANGELOG.md': `${number}\n` });
  }
  repository.git('tag', '--annotate', '--message', 'The first', 'v1.0.0');
  repository.push('HEAD:refs/heads/master', 'v1.0.0');
  return { first, last, tag: repository.git('rev-parse', 'v1.0.0') };
}
