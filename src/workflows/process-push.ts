import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { GithubEvent } from '../providers/github.ts';
import type { GitlabEvent } from '../providers/gitlab-events.ts';
import { limits } from './limits.ts';
import { pushOf } from './push-of.ts';

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
export async function processPush(
  event: GithubEvent<'push'> | GitlabEvent<'push' | 'tag_push'>,
): Promise<ProcessedPush> {
  const { name, deleted, push } = pushOf(event);
  const { ref, before, after } = push;
  setCurrentDetails(`${name} ${ref}: ${before.slice(0, 10)} → ${after.slice(0, 10)}`);
  if (!deleted) await fetchMirror(push);
  const { change, head, commitCount, files, truncated } = await describePush(push);
  const more = truncated ? ' listed, there are more' : '';
  setCurrentDetails(`${name} ${ref}: ${change}, ${commitCount} commits, ${files.length} files${more}`);
  return { change, ref, head, commits: commitCount, files: files.length, truncated };
}
