import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createGit, type GitActivities } from '../../src/activities/git/index.ts';
import { startGitStandIn } from '../../src/dev/git-stand-in.ts';
import { createRepository } from '../support/git-repository.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { contextOf } from './context.ts';

export const publicPrefix = 'https://git.everhook.example/';
export const zeros = '0'.repeat(40);

/** The activities as in development, with mirrors in `home`, fetching from `url` what is at the public prefix. */
export const gitAt = (url: string, home: string, environment: Record<string, string> = {}): GitActivities =>
  createGit(
    contextOf({
      development: true,
      home,
      environment: {
        PATH: process.env['PATH'],
        EVERHOOK_GIT_STAND_IN: `${publicPrefix}=${url}/`,
        ...environment,
      },
    }),
  );

/** A home, a git server of real repositories, and the activities between them; all gone after the test. */
export async function place() {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const server = await startGitStandIn({ home, env: process.env, log: () => undefined });
  onTestFinished(() => server.stop());
  return {
    home,
    url: server.url,
    activities: gitAt(server.url, home),
    repository: (name = 'shop') =>
      createRepository(join(home, 'trees'), join(home, 'stand-ins', 'git'), name),
  };
}

/** A push to the repository `shop`, as an event tells of it. */
export const pushOf = (changes: { before?: string; after: string; ref?: string; commitCount?: number }) => ({
  cloneUrl: `${publicPrefix}shop.git`,
  ref: 'refs/heads/main',
  before: zeros,
  defaultBranch: 'main',
  ...changes,
});
