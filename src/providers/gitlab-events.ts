import type { WebhookEvent } from '../event.ts';

// GitLab publishes no types. These are of the examples under docs.gitlab.com/user/project/integrations/webhook_events,
// as far as workflows rely on them; what else a body holds is there, unknown. An administrator's own template may leave
// any of it out: docs.gitlab.com/user/project/integrations/webhooks#custom-webhook-template

/** What every body of a project's event holds. */
export interface GitlabBody {
  readonly object_kind: string;
  readonly project: GitlabProject;
  readonly [field: string]: unknown;
}

export interface GitlabProject {
  readonly id: number | string;
  readonly name: string;
  readonly path_with_namespace: string;
  readonly web_url: string;
  /** For git over http(s). */
  readonly git_http_url: string;
  readonly git_ssh_url: string;
  /** Null while the repository is empty. */
  readonly default_branch: string | null;
  readonly [field: string]: unknown;
}

export interface GitlabUser {
  readonly id: number | string;
  readonly name: string;
  readonly username: string;
  readonly [field: string]: unknown;
}

export interface GitlabCommit {
  readonly id: string;
  readonly message: string;
  /** The committer's clock. */
  readonly timestamp: string;
  readonly url: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly [field: string]: unknown;
}

/** A push to a branch (`push`), or of a tag (`tag_push`). */
export interface GitlabPush extends GitlabBody {
  /** `refs/heads/main`, `refs/tags/v1` */
  readonly ref: string;
  /** Zeros when the ref is new. */
  readonly before: string;
  /** Zeros when the ref is gone. */
  readonly after: string;
  /** Null when the ref is gone. */
  readonly checkout_sha: string | null;
  readonly user_id: number | string;
  readonly user_name: string;
  readonly user_username: string;
  readonly project_id: number | string;
  /** The newest 20. */
  readonly commits: readonly GitlabCommit[];
  readonly total_commits_count: number;
}

export interface GitlabMergeRequest extends GitlabBody {
  readonly user: GitlabUser;
  readonly object_attributes: {
    readonly id: number | string;
    readonly iid: number | string;
    readonly title: string;
    readonly state: string;
    /** `open`, `update`, `merge`, `close`, `reopen`, `approved`, …; absent where a test is sent. */
    readonly action?: string;
    readonly source_branch: string;
    readonly target_branch: string;
    readonly url: string;
    readonly [field: string]: unknown;
  };
}

export interface GitlabIssue extends GitlabBody {
  readonly user: GitlabUser;
  readonly object_attributes: {
    readonly id: number | string;
    readonly iid: number | string;
    readonly title: string;
    readonly state: string;
    /** `open`, `update`, `close`, `reopen`; absent where a test is sent. */
    readonly action?: string;
    readonly url: string;
    readonly [field: string]: unknown;
  };
}

export interface GitlabNote extends GitlabBody {
  readonly user: GitlabUser;
  readonly object_attributes: {
    readonly id: number | string;
    readonly note: string;
    /** `Commit`, `MergeRequest`, `Issue`, `Snippet` */
    readonly noteable_type: string;
    readonly action?: string;
    readonly url: string;
    readonly [field: string]: unknown;
  };
}

export interface GitlabPipeline extends GitlabBody {
  readonly user: GitlabUser;
  readonly object_attributes: {
    readonly id: number | string;
    readonly ref: string;
    readonly sha: string;
    /** `created`, `pending`, `running`, `success`, `failed`, `canceled`, … */
    readonly status: string;
    readonly [field: string]: unknown;
  };
}

/** A job; GitLab's bodies call it a build. Its project is `project_id` and `project_name`. */
export interface GitlabBuild {
  readonly object_kind: string;
  readonly ref: string;
  readonly sha: string;
  readonly build_id: number | string;
  readonly build_name: string;
  readonly build_stage: string;
  readonly build_status: string;
  readonly pipeline_id: number | string;
  readonly project_id: number | string;
  readonly project_name: string;
  readonly user: GitlabUser;
  readonly [field: string]: unknown;
}

export interface GitlabDeployment extends GitlabBody {
  readonly status: string;
  readonly deployment_id: number | string;
  readonly environment: string;
  readonly ref: string;
  readonly user: GitlabUser;
}

export interface GitlabRelease extends GitlabBody {
  readonly id: number | string;
  readonly name: string;
  readonly tag: string;
  readonly url: string;
  /** `create`, `update`, `delete` */
  readonly action: string;
}

/** An event of a group, of an instance (system hook), or one whose body nobody relies on here. */
export type GitlabOther = Readonly<Record<string, unknown>>;

/** A kind, and the kind with each of its actions. */
type Kind<Name extends string, Action extends string, Payload> = {
  readonly [Type in Name | `${Name}.${Action}`]: Payload;
};

type Created = 'create' | 'update' | 'delete';
type Opened = 'open' | 'close' | 'reopen' | 'update';
type Approved = 'approved' | 'unapproved' | 'approval' | 'unapproval';

/**
 * GitLab's map of types: the kind (`merge_request`), and the kind with its action (`merge_request.open`); an action that
 * is not here is taken by the row of its kind. Members, groups and system hooks have names of events instead
 * (`user_add_to_group`).
 */
export interface GitlabEvents
  extends
    Kind<'merge_request', Opened | Approved | 'merge', GitlabMergeRequest>,
    Kind<'issue' | 'work_item', Opened, GitlabIssue>,
    Kind<'note', 'create' | 'update', GitlabNote>,
    Kind<'release', Created, GitlabRelease>,
    Kind<'wiki_page', Created, GitlabOther>,
    Kind<'emoji', 'award' | 'revoke', GitlabOther>,
    Kind<'milestone', 'create' | 'close' | 'reopen' | 'delete', GitlabOther> {
  readonly push: GitlabPush;
  readonly tag_push: GitlabPush;
  readonly pipeline: GitlabPipeline;
  readonly build: GitlabBuild;
  readonly deployment: GitlabDeployment;
  readonly feature_flag: GitlabOther;
  readonly access_token: GitlabOther;
  readonly vulnerability: GitlabOther;
  readonly repository_update: GitlabOther;
  readonly [user: `user_${string}`]: GitlabOther;
  readonly [group: `group_${string}`]: GitlabOther;
  readonly [subgroup: `subgroup_${string}`]: GitlabOther;
  readonly [project: `project_${string}`]: GitlabOther;
  readonly [key: `key_${string}`]: GitlabOther;
}

/** A GitLab event as a workflow takes it: `GitlabEvent<'push'>`. */
export type GitlabEvent<Type extends keyof GitlabEvents = keyof GitlabEvents> = {
  [T in Type]: WebhookEvent<T, GitlabEvents[T]>;
}[Type];
