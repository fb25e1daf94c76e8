/** The name, the kind and the type of each of Gitea's recorded bodies, by modules/webhook/type.go. */
export const giteaNames: Readonly<Record<string, readonly [event: string, kind: string, type: string]>> = {
  'create-event.json': ['create', 'create', 'create'],
  'delete-event.json': ['delete', 'delete', 'delete'],
  'fork-event.json': ['fork', 'fork', 'fork'],
  'issue-assign-event.json': ['issues', 'issue_assign', 'issues.assigned'],
  'issue-comment-event.json': ['issue_comment', 'issue_comment', 'issue_comment.created'],
  'issue-label-event.json': ['issues', 'issue_label', 'issues.label_updated'],
  'issue-milestone-event.json': ['issues', 'issue_milestone', 'issues.milestoned'],
  'issues-event.json': ['issues', 'issues', 'issues.opened'],
  'pull-request-assign-event.json': ['pull_request', 'pull_request_assign', 'pull_request.assigned'],
  'pull-request-comment-event.json': ['issue_comment', 'pull_request_comment', 'issue_comment.created'],
  'pull-request-event.json': ['pull_request', 'pull_request', 'pull_request.opened'],
  'pull-request-label-event.json': ['pull_request', 'pull_request_label', 'pull_request.label_updated'],
  'pull-request-milestone-event.json': ['pull_request', 'pull_request_milestone', 'pull_request.milestoned'],
  'pull-request-review-event.json': [
    'pull_request_approved',
    'pull_request_review_approved',
    'pull_request_approved.reviewed',
  ],
  'push-event.json': ['push', 'push', 'push'],
  'release-event.json': ['release', 'release', 'release.published'],
  'repository-event.json': ['repository', 'repository', 'repository.created'],
};

/** The keys of Bitbucket Cloud's recorded bodies: support.atlassian.com/bitbucket-cloud/docs/event-payloads. */
export const bitbucketCloudKeys: Readonly<Record<string, string>> = {
  'commit-comment-created.json': 'repo:commit_comment_created',
  'issue-comment-created.json': 'issue:comment_created',
  'issue-created.json': 'issue:created',
  'issue-updated.json': 'issue:updated',
  'pull-request-approval-removed.json': 'pullrequest:unapproved',
  'pull-request-approved.json': 'pullrequest:approved',
  'pull-request-comment-created.json': 'pullrequest:comment_created',
  'pull-request-comment-deleted.json': 'pullrequest:comment_deleted',
  'pull-request-comment-updated.json': 'pullrequest:comment_updated',
  'pull-request-created.json': 'pullrequest:created',
  'pull-request-declined.json': 'pullrequest:rejected',
  'pull-request-merged.json': 'pullrequest:fulfilled',
  'pull-request-updated.json': 'pullrequest:updated',
  'repo-commit-status-created.json': 'repo:commit_status_created',
  'repo-commit-status-updated.json': 'repo:commit_status_updated',
  'repo-fork.json': 'repo:fork',
  'repo-push.json': 'repo:push',
  'repo-updated.json': 'repo:updated',
};

/** The type of one of GitLab's recorded bodies. */
export function gitlabTypeOf(file: string): string {
  if (file.startsWith('emoji_')) return 'emoji.award';
  if (file.startsWith('note_')) return 'note.create';
  if (file.startsWith('milestone_')) return 'milestone.create';
  if (file.startsWith('resource_access_token_')) return 'access_token';
  return gitlabTypes[file] ?? file.replace(/\.json$/, '');
}

/** Where a body's kind and action are not what its file is called by. */
const gitlabTypes: Readonly<Record<string, string>> = {
  'build.json': 'build',
  'job.json': 'build',
  'member.json': 'user_add_to_group',
  'project.json': 'project_create',
  'subgroup.json': 'subgroup_create',
  'group_merge_request.json': 'merge_request.merge',
  'service_merge_request.json': 'merge_request.update',
  'merge_request.json': 'merge_request.open',
  'issue.json': 'issue.open',
  'release.json': 'release.create',
  'wiki_page.json': 'wiki_page.create',
};
