import type { WebhookEvent } from '../event.ts';

/** The fields of a user that every payload has; there are more. */
export interface GiteaUser {
  readonly id: number;
  readonly login: string;
  readonly full_name: string;
  readonly email: string;
}

export interface GiteaRepository {
  readonly id: number;
  readonly name: string;
  readonly full_name: string;
  readonly owner: GiteaUser;
  readonly private: boolean;
  readonly fork: boolean;
  readonly html_url: string;
  readonly ssh_url: string;
  readonly clone_url: string;
  readonly default_branch: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What every payload of a repository has. */
export interface GiteaPayload {
  readonly action?: string;
  readonly repository: GiteaRepository;
  readonly sender: GiteaUser;
}

export interface GiteaCommit {
  readonly id: string;
  readonly message: string;
  readonly url: string;
  readonly author: { readonly name: string; readonly email: string; readonly username: string };
  readonly committer: { readonly name: string; readonly email: string; readonly username: string };
  /** The committer's clock. */
  readonly timestamp: string;
  readonly added: readonly string[] | null;
  readonly removed: readonly string[] | null;
  readonly modified: readonly string[] | null;
}

export interface GiteaPush extends GiteaPayload {
  /** `refs/heads/main`, `refs/tags/v1`. */
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly compare_url: string;
  readonly commits: readonly GiteaCommit[];
  readonly head_commit: GiteaCommit | null;
  readonly pusher: GiteaUser;
}

/** A branch or tag that came or went; `sha` only where it came. */
export interface GiteaRef extends GiteaPayload {
  readonly ref: string;
  readonly ref_type: string;
  readonly sha?: string;
}

export interface GiteaFork extends GiteaPayload {
  readonly forkee: GiteaRepository;
}

export interface GiteaIssue {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly user: GiteaUser;
  readonly html_url: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface GiteaIssues extends GiteaPayload {
  readonly action: string;
  readonly number: number;
  readonly issue: GiteaIssue;
}

/** A comment to an issue, or to a pull request, which is an issue too. */
export interface GiteaIssueComment extends GiteaPayload {
  readonly action: string;
  readonly issue: GiteaIssue;
  readonly comment: {
    readonly id: number;
    readonly body: string;
    readonly user: GiteaUser;
    readonly html_url: string;
    readonly created_at: string;
    readonly updated_at: string;
  };
  readonly is_pull: boolean;
}

export interface GiteaPullRequest extends GiteaPayload {
  readonly action: string;
  readonly number: number;
  readonly pull_request: {
    readonly id: number;
    readonly number: number;
    readonly title: string;
    readonly body: string;
    readonly state: string;
    readonly merged: boolean;
    readonly user: GiteaUser;
    readonly html_url: string;
    readonly head: { readonly ref: string; readonly sha: string };
    readonly base: { readonly ref: string; readonly sha: string };
    readonly created_at: string;
    readonly updated_at: string;
  };
  /** Of reviews: their kind and text. */
  readonly review?: { readonly type: string; readonly content: string } | null;
}

export interface GiteaRelease extends GiteaPayload {
  readonly action: string;
  readonly release: {
    readonly id: number;
    readonly tag_name: string;
    readonly target_commitish: string;
    readonly name: string;
    readonly body: string;
    readonly draft: boolean;
    readonly prerelease: boolean;
    readonly html_url: string;
    readonly created_at: string;
    readonly published_at: string;
  };
}

interface Plain {
  push: GiteaPush;
  create: GiteaRef;
  delete: GiteaRef;
  fork: GiteaFork;
  status: unknown;
}

interface Acted {
  issues: GiteaIssues;
  issue_assign: GiteaIssues;
  issue_label: GiteaIssues;
  issue_milestone: GiteaIssues;
  issue_comment: GiteaIssueComment;
  pull_request: GiteaPullRequest;
  pull_request_assign: GiteaPullRequest;
  pull_request_label: GiteaPullRequest;
  pull_request_milestone: GiteaPullRequest;
  pull_request_sync: GiteaPullRequest;
  pull_request_review_request: GiteaPullRequest;
  pull_request_review_approved: GiteaPullRequest;
  pull_request_review_rejected: GiteaPullRequest;
  pull_request_review_comment: GiteaPullRequest;
  pull_request_approved: GiteaPullRequest;
  pull_request_rejected: GiteaPullRequest;
  /** Of a review, or by its kind a comment to a pull request, whose name is `issue_comment`. */
  pull_request_comment: GiteaPullRequest | GiteaIssueComment;
  release: GiteaRelease;
  repository: GiteaPayload;
  wiki: GiteaPayload & { readonly action: string; readonly page: string; readonly comment: string };
  package: unknown;
  workflow_run: unknown;
  workflow_job: unknown;
  action_run_failure: unknown;
  action_run_recover: unknown;
  action_run_success: unknown;
}

/**
 * The names of `X-Gitea-Event` and `X-Gitea-Event-Type`, and these with an action: `issues`, `issues.opened`. What else
 * comes is for the row `'*'`.
 */
export type GiteaEvents = Plain & Acted & { [Type in keyof Acted as `${Type}.${string}`]: Acted[Type] };

/** A Gitea or Forgejo event as a workflow takes it: `GiteaEvent<'push'>`; `GiteaEvent<'issues'>` has any action. */
export type GiteaEvent<Type extends keyof GiteaEvents = keyof GiteaEvents> = {
  [T in Type]: WebhookEvent<Extract<keyof GiteaEvents, T | `${T}.${string}`>, GiteaEvents[T]>;
}[Type];
