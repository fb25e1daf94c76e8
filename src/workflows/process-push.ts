import { ApplicationFailure, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { GithubEvent } from '../providers/github.ts';
import { limits } from './limits.ts';

const { fetchMirror } = proxyActivities<Activities>({ ...limits.git, summary: 'fetch the mirror' });
const { describePush } = proxyActivities<Activities>({ ...limits.git, summary: 'list commits and files' });

/** A push in numbers; the commits and files are the result of `describePush`. */
export interface ProcessedPush {
  readonly change: Awaited<ReturnType<Activities['describePush']>>['change'];
  readonly ref: string;
  readonly head: string | null;
  readonly commits: number;
  readonly files: number;
  /** True when not all commits and files are listed. */
  readonly truncated: boolean;
}

/** Mirrors the repository that was pushed to, and finds out by git what has changed. */
export async function processPush(event: GithubEvent<'push'>): Promise<ProcessedPush> {
  const { deleted, repository } = event.payload;
  const push = pushOf(event);
  const { ref, before, after } = push;
  setCurrentDetails(`${repository.full_name} ${ref}: ${before.slice(0, 10)} → ${after.slice(0, 10)}`);
  if (!deleted) await fetchMirror(push);
  const { change, head, commitCount, files, truncated } = await describePush(push);
  const more = truncated ? ' listed, there are more' : '';
  setCurrentDetails(
    `${repository.full_name} ${ref}: ${change}, ${commitCount} commits, ${files.length} files${more}`,
  );
  return { change, ref, head, commits: commitCount, files: files.length, truncated };
}

/** Typed as always there; what is missing shall fail the run, not leave it hanging with the turn of its repository. */
function pushOf({ payload }: GithubEvent<'push'>) {
  const { ref, before, after, commits } = payload;
  const repository: Partial<typeof payload.repository> = payload.repository ?? {};
  return {
    cloneUrl: requireText(repository.clone_url, 'repository.clone_url'),
    ref: requireText(ref, 'ref'),
    before: requireText(before, 'before'),
    after: requireText(after, 'after'),
    defaultBranch: requireText(repository.default_branch, 'repository.default_branch'),
    commitCount: Array.isArray(commits) ? commits.length : 0,
  };
}

function requireText(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw ApplicationFailure.nonRetryable(`the event's ${field} is not text`, 'PushUnreadable');
}
