import { ApplicationFailure } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { GithubEvent } from '../providers/github.ts';
import type { GitlabEvent } from '../providers/gitlab-events.ts';

/** The events that tell of a push. GitHub tells of tags by the same type, GitLab by one of their own. */
export type PushTold = GithubEvent<'push'> | GitlabEvent<'push' | 'tag_push'>;

type Push = Parameters<Activities['fetchMirror']>[0];

/** A push as its event tells of it. */
export interface ToldPush {
  /** The repository's name, for people; nothing is decided by it. */
  readonly name: string;
  /** Whether the ref is gone, so that there is nothing to fetch. */
  readonly deleted: boolean;
  readonly push: Push;
}

/**
 * Reads which push an event is about. What is typed as always there may be missing, and shall fail the run, as
 * `PushUnreadable`, not leave it hanging with the turn of its repository.
 */
export const pushOf = (event: PushTold): ToldPush =>
  isGitlab(event) ? gitlabPush(event.payload) : githubPush(event.payload);

/** By the body: a source may have any name, and GitHub's bodies have neither a kind nor a project. */
const isGitlab = (event: PushTold): event is GitlabEvent<'push' | 'tag_push'> =>
  'object_kind' in event.payload || 'project' in event.payload;

function githubPush(payload: GithubEvent<'push'>['payload']): ToldPush {
  const { ref, before, after, commits, deleted } = payload;
  const repository: Partial<typeof payload.repository> = payload.repository ?? {};
  return {
    name: String(repository.full_name),
    deleted,
    push: {
      cloneUrl: requireText(repository.clone_url, 'repository.clone_url'),
      ref: requireText(ref, 'ref'),
      before: requireText(before, 'before'),
      after: requireText(after, 'after'),
      defaultBranch: requireText(repository.default_branch, 'repository.default_branch'),
      commitCount: Array.isArray(commits) ? commits.length : 0,
    },
  };
}

function gitlabPush(payload: GitlabEvent<'push'>['payload']): ToldPush {
  const { ref, before, total_commits_count: count } = payload;
  const project: Partial<typeof payload.project> = payload.project ?? {};
  const after = requireText(payload.after, 'after');
  const branch = project.default_branch;
  return {
    name: String(project.path_with_namespace),
    deleted: /^0+$/.test(after),
    push: {
      cloneUrl: requireText(project.git_http_url, 'project.git_http_url'),
      ref: requireText(ref, 'ref'),
      before: requireText(before, 'before'),
      after,
      // None while the repository is empty, as it was just before its first push.
      ...(typeof branch === 'string' && branch !== '' && { defaultBranch: branch }),
      commitCount: typeof count === 'number' ? count : 0,
    },
  };
}

function requireText(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw ApplicationFailure.nonRetryable(`the event's ${field} is not text`, 'PushUnreadable');
}
