import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { cloneUrl, type CloneRules, type CloneUrl } from './clone-url.ts';
import { deletion, describe, type Push, type PushDescription } from './describe.ts';
import type { Mirrors } from './mirror.ts';
import { parseProgress, receivedObjects } from './progress.ts';
import { isNothing, requireId, requireRef } from './ref.ts';
import { GitError } from './run-git.ts';

const heartbeatMs = 1000;
// A repository is also away while its host is replicating it, or a credential is being changed.
const attemptsAtUnavailable = 3;

/** What the fetch of a mirror brought. */
export interface MirrorFetch {
  /** The objects that the server says it sent; 0 when the mirror had them all. */
  readonly objects: number;
}

/** Reads repositories by git, from mirrors on this worker's disk. */
export const git = (mirrors: Mirrors, rules: CloneRules) => ({
  /**
   * Brings the mirror of a repository up to date, telling git's progress by heartbeats. Fails for good
   * as `CloneUrlRefused`, `PushUnreadable`, or `RepositoryUnavailable` at the third attempt.
   */
  async fetchMirror(push: Push): Promise<MirrorFetch> {
    const { url, ids } = read(push, rules);
    return await fetch(mirrors, url, ids);
  },

  /**
   * The commits and files of a push: at most 250 and 1,000, and 1 MB. Fetches where the mirror is
   * another worker's. Fails for good as `fetchMirror` does.
   */
  async describePush(push: Push): Promise<PushDescription> {
    const { url, ids } = read(push, rules);
    if (isNothing(push.after)) return deletion;
    const signal = cancellationSignal();
    return await beating(async () => {
      let mirror = await mirrors.openWith(url, push.after, signal);
      if (!mirror) {
        await fetch(mirrors, url, ids);
        mirror = await mirrors.openWith(url, push.after, signal);
      }
      if (!mirror) throw new Error('the mirror is gone again');
      return await describe(mirror, push);
    });
  },
});

/** Everything is judged before git is run. */
function read(push: Push, rules: CloneRules): { url: CloneUrl; ids: [string, ...string[]] } {
  const url = cloneUrl(push.cloneUrl, rules);
  requireRef(push.ref);
  const after = requireId(push.after, 'after');
  const before = requireId(push.before, 'before');
  return { url, ids: isNothing(before) ? [after] : [after, before] };
}

async function fetch(mirrors: Mirrors, url: CloneUrl, ids: [string, ...string[]]): Promise<MirrorFetch> {
  let objects = 0;
  try {
    await beating((tell) =>
      mirrors.fetch(url, {
        ids,
        signal: cancellationSignal(),
        onLine(text) {
          objects += receivedObjects(text);
          const progress = parseProgress(text);
          if (progress) tell(progress);
        },
      }),
    );
  } catch (error) {
    throw explain(error);
  }
  return { objects };
}

/** Heartbeats while the work goes on, so that its cancellation is heard also where git says nothing. */
async function beating<Result>(work: (tell: (details: unknown) => void) => Promise<Result>): Promise<Result> {
  let details: unknown;
  const beat = () => heartbeat(details);
  const timer = setInterval(beat, heartbeatMs);
  try {
    return await work((latest) => {
      details = latest;
      beat();
    });
  } finally {
    clearInterval(timer);
  }
}

// Not found, not allowed, or private and without a password: hosts do not tell these apart.
const unavailable =
  /not found|returned error: 40[134]|returned error: 410|could not read Username|Authentication failed/i;

function explain(error: unknown): unknown {
  if (!(error instanceof GitError)) return error;
  if (!unavailable.test(error.complaint)) return ApplicationFailure.retryable(error.message, 'GitFailed');
  return activityInfo().attempt < attemptsAtUnavailable
    ? ApplicationFailure.retryable(error.message, 'RepositoryUnavailable')
    : ApplicationFailure.nonRetryable(error.message, 'RepositoryUnavailable');
}
