import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const env = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Åsa Author',
  GIT_AUTHOR_EMAIL: 'author@example.com',
  GIT_COMMITTER_NAME: 'Committer',
  GIT_COMMITTER_EMAIL: 'committer@example.com',
};

/** Runs git in a folder; gives what it printed. */
export const git = (folder: string, args: readonly string[], input?: string | Buffer): string =>
  execFileSync('git', ['-C', folder, ...args], { env, input, stdio: ['pipe', 'pipe', 'ignore'] })
    .toString()
    .trim();

/** A work tree whose `push` goes to the bare repository `<served>/<name>.git`. */
export async function createRepository(folder: string, served: string, name: string) {
  const bare = join(served, `${name}.git`);
  const tree = join(folder, name);
  await mkdir(bare, { recursive: true });
  await mkdir(tree, { recursive: true });
  git(bare, ['init', '--quiet', '--bare', '--initial-branch=main']);
  git(tree, ['init', '--quiet', '--initial-branch=main']);
  git(tree, ['remote', 'add', 'origin', bare]);
  return {
    tree,
    bare,
    git: (...args: string[]) => git(tree, args),
    /** Writes files (null removes one), commits them, gives the commit's id. */
    async commit(
      subject: string,
      files: Readonly<Record<string, string | Buffer | null>> = {},
    ): Promise<string> {
      for (const [path, content] of Object.entries(files)) {
        if (content === null) git(tree, ['rm', '--quiet', '--', path]);
        else {
          await mkdir(dirname(join(tree, path)), { recursive: true });
          await writeFile(join(tree, path), content);
        }
      }
      git(tree, ['add', '--all']);
      git(tree, ['commit', '--quiet', '--allow-empty', '-m', subject]);
      return git(tree, ['rev-parse', 'HEAD']);
    },
    push: (...what: string[]) => git(tree, ['push', '--quiet', '--force', 'origin', ...what]),
  };
}
