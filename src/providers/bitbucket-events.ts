import type { WebhookEvent } from '../event.ts';

/** A user of Bitbucket Cloud. */
export interface BitbucketActor {
  readonly uuid: string;
  readonly display_name: string;
  readonly nickname?: string;
  readonly account_id?: string;
}

export interface BitbucketRepository {
  /** `{673a6070-…}`, braces included. */
  readonly uuid: string;
  readonly name: string;
  /** `workspace/repository` */
  readonly full_name: string;
  readonly is_private?: boolean;
}

/** What every payload of Bitbucket Cloud has. */
export interface BitbucketPayload {
  readonly actor: BitbucketActor;
  readonly repository: BitbucketRepository;
}

interface BitbucketReference {
  /** `branch`, `tag` */
  readonly type: string;
  readonly name: string;
  readonly target: { readonly hash: string; readonly message?: string; readonly date?: string };
}

export interface BitbucketPush extends BitbucketPayload {
  readonly push: {
    readonly changes: readonly {
      /** Null where the branch or tag was deleted. */
      readonly new: BitbucketReference | null;
      /** Null where it was created. */
      readonly old: BitbucketReference | null;
      readonly created?: boolean;
      readonly closed?: boolean;
      readonly forced?: boolean;
      readonly truncated?: boolean;
    }[];
  };
}

export interface BitbucketComment {
  readonly id: number;
  readonly content: { readonly raw: string };
  readonly created_on: string;
  readonly updated_on: string;
}

export interface BitbucketPullRequestPayload extends BitbucketPayload {
  readonly pullrequest: {
    readonly id: number;
    readonly title: string;
    readonly state: string;
    readonly source: { readonly branch: { readonly name: string } };
    readonly destination: { readonly branch: { readonly name: string } };
    readonly created_on: string;
    readonly updated_on: string;
  };
}

export interface BitbucketIssuePayload extends BitbucketPayload {
  readonly issue: {
    readonly id: number;
    readonly title: string;
    readonly state?: string;
    readonly created_on: string;
    readonly updated_on: string;
  };
}

export interface BitbucketCommitStatus extends BitbucketPayload {
  readonly commit_status: {
    readonly key: string;
    readonly name: string;
    /** `SUCCESSFUL`, `FAILED`, `INPROGRESS`, `STOPPED` */
    readonly state: string;
    readonly url: string;
    readonly created_on: string;
    readonly updated_on: string;
  };
}

/** A user of Bitbucket Data Center. */
export interface BitbucketServerActor {
  readonly id: number;
  readonly name: string;
  readonly displayName: string;
  readonly slug: string;
}

export interface BitbucketServerRepository {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly project: { readonly key: string; readonly id: number };
}

/** What every payload of Bitbucket Data Center has, the connection test aside. */
export interface BitbucketServerPayload {
  readonly eventKey: string;
  /** `2019-03-01T10:37:14+0100` */
  readonly date: string;
  readonly actor: BitbucketServerActor;
}

export interface BitbucketServerPush extends BitbucketServerPayload {
  readonly repository: BitbucketServerRepository;
  readonly changes: readonly {
    readonly ref: { readonly id: string; readonly displayId: string; readonly type: string };
    readonly refId: string;
    readonly fromHash: string;
    readonly toHash: string;
    /** `ADD`, `UPDATE`, `DELETE` */
    readonly type: string;
  }[];
}

interface BitbucketServerReference {
  readonly id: string;
  readonly displayId: string;
  readonly latestCommit: string;
  readonly repository: BitbucketServerRepository;
}

export interface BitbucketServerPullRequest extends BitbucketServerPayload {
  readonly pullRequest: {
    readonly id: number;
    readonly version: number;
    readonly title: string;
    readonly state: string;
    readonly fromRef: BitbucketServerReference;
    readonly toRef: BitbucketServerReference;
    readonly createdDate: number;
    readonly updatedDate: number;
  };
}

export interface BitbucketServerComment {
  readonly comment: { readonly id: number; readonly version: number; readonly text: string };
}

/**
 * The keys of `X-Event-Key`. Bitbucket Cloud's have `pullrequest:` and single words behind it, Data Center's `pr:` and
 * `repo:refs_changed`; no key is of both. What else comes is for the row `'*'`.
 */
export interface BitbucketEvents {
  'repo:push': BitbucketPush;
  'repo:fork': BitbucketPayload & { readonly fork: BitbucketRepository };
  'repo:updated': BitbucketPayload & { readonly changes: unknown };
  'repo:commit_comment_created': BitbucketPayload & { readonly comment: BitbucketComment };
  'repo:commit_status_created': BitbucketCommitStatus;
  'repo:commit_status_updated': BitbucketCommitStatus;
  'repo:transfer': BitbucketPayload;
  'repo:deleted': BitbucketPayload;
  'pullrequest:changes_request_created': BitbucketPullRequestPayload;
  'pullrequest:changes_request_removed': BitbucketPullRequestPayload;
  'pullrequest:created': BitbucketPullRequestPayload;
  'pullrequest:updated': BitbucketPullRequestPayload;
  'pullrequest:approved': BitbucketPullRequestPayload;
  'pullrequest:unapproved': BitbucketPullRequestPayload;
  'pullrequest:fulfilled': BitbucketPullRequestPayload;
  'pullrequest:rejected': BitbucketPullRequestPayload;
  'pullrequest:comment_created': BitbucketPullRequestPayload & { readonly comment: BitbucketComment };
  'pullrequest:comment_updated': BitbucketPullRequestPayload & { readonly comment: BitbucketComment };
  'pullrequest:comment_deleted': BitbucketPullRequestPayload & { readonly comment: BitbucketComment };
  'issue:created': BitbucketIssuePayload;
  'issue:updated': BitbucketIssuePayload;
  'issue:comment_created': BitbucketIssuePayload & { readonly comment: BitbucketComment };
  'repo:refs_changed': BitbucketServerPush;
  'repo:forked': BitbucketServerPayload & { readonly repository: BitbucketServerRepository };
  'repo:modified': BitbucketServerPayload & {
    readonly old: BitbucketServerRepository;
    readonly new: BitbucketServerRepository;
  };
  'pr:opened': BitbucketServerPullRequest;
  'pr:from_ref_updated': BitbucketServerPullRequest;
  'pr:modified': BitbucketServerPullRequest;
  'pr:merged': BitbucketServerPullRequest;
  'pr:declined': BitbucketServerPullRequest;
  'pr:deleted': BitbucketServerPullRequest;
  'pr:reviewer:updated': BitbucketServerPullRequest;
  'pr:reviewer:approved': BitbucketServerPullRequest;
  'pr:reviewer:unapproved': BitbucketServerPullRequest;
  'pr:reviewer:needs_work': BitbucketServerPullRequest;
  'pr:reviewer:changes_requested': BitbucketServerPullRequest;
  'pr:comment:added': BitbucketServerPullRequest & BitbucketServerComment;
  'pr:comment:edited': BitbucketServerPullRequest & BitbucketServerComment;
  'pr:comment:deleted': BitbucketServerPullRequest & BitbucketServerComment;
  'repo:comment:added': BitbucketServerPayload & BitbucketServerComment;
  'repo:comment:edited': BitbucketServerPayload & BitbucketServerComment;
  'repo:comment:deleted': BitbucketServerPayload & BitbucketServerComment;
  'repo:secret_detected': BitbucketServerPayload;
  'mirror:repo_synchronized': BitbucketServerPayload;
  'project:modified': BitbucketServerPayload;
}

/** A Bitbucket event as a workflow takes it: `BitbucketEvent<'repo:push'>`. */
export type BitbucketEvent<Type extends keyof BitbucketEvents = keyof BitbucketEvents> = {
  [T in Type]: WebhookEvent<T & string, BitbucketEvents[T]>;
}[Type];
