import { randomBytes, randomInt } from 'node:crypto';
import { samplePush } from './github-samples.ts';
import type { GitlabEvents } from './gitlab-events.ts';

/** Bodies as GitLab sends them, shortened; ids of deliveries are in the headers. */
export const gitlabSamples = {
  /** Of the sample repository that `everhook start` serves, so that its commits can be fetched. */
  push: () => ({
    object_kind: 'push',
    event_name: 'push',
    before: samplePush.before,
    after: samplePush.after,
    ref: samplePush.ref,
    ref_protected: true,
    checkout_sha: samplePush.after,
    ...pusher,
    project_id: project().id,
    project: project(),
    repository: repository(),
    commits: [],
    total_commits_count: 3,
  }),
  tag_push: () => ({
    object_kind: 'tag_push',
    event_name: 'tag_push',
    before: '0'.repeat(40),
    after: samplePush.after,
    ref: `refs/tags/v${randomInt(1, 1000)}.0.0`,
    checkout_sha: samplePush.after,
    message: '',
    ...pusher,
    project_id: project().id,
    project: project(),
    repository: repository(),
    commits: [],
    total_commits_count: 0,
  }),
  'merge_request.open': () => mergeRequest('open', 'opened'),
  'merge_request.merge': () => mergeRequest('merge', 'merged'),
  'issue.open': () => ({
    object_kind: 'issue',
    event_type: 'issue',
    user,
    project: project(),
    repository: repository(),
    object_attributes: {
      ...subject('issues'),
      title: 'Spelling error in the README',
      state: 'opened',
      action: 'open',
      confidential: false,
    },
    changes: {},
  }),
  'note.create': () => ({
    object_kind: 'note',
    event_type: 'note',
    user,
    project_id: project().id,
    project: project(),
    repository: repository(),
    object_attributes: {
      ...subject('merge_requests'),
      note: 'Looks good.',
      noteable_type: 'MergeRequest',
      action: 'create',
    },
    merge_request: { id: number(), iid: 7, title: 'Say hello twice', state: 'opened' },
  }),
  pipeline: () => ({
    object_kind: 'pipeline',
    object_attributes: {
      id: number(),
      iid: number(),
      ref: 'main',
      tag: false,
      sha: samplePush.after,
      before_sha: samplePush.before,
      source: 'push',
      status: 'success',
      detailed_status: 'passed',
      stages: ['build', 'test'],
      created_at: spaced(-180),
      finished_at: spaced(),
      duration: 170,
    },
    user,
    project: project(),
    builds: [],
  }),
  build: () => ({
    object_kind: 'build',
    ref: 'main',
    tag: false,
    sha: samplePush.after,
    before_sha: samplePush.before,
    build_id: number(),
    build_name: 'test',
    build_stage: 'test',
    build_status: 'failed',
    build_created_at: spaced(-90),
    build_started_at: spaced(-60),
    build_finished_at: spaced(),
    build_duration: 60.1,
    build_failure_reason: 'script_failure',
    pipeline_id: number(),
    project_id: project().id,
    project_name: 'everhook / sample',
    user,
    repository: repository(),
  }),
  deployment: () => ({
    object_kind: 'deployment',
    status: 'success',
    status_changed_at: spaced().replace('UTC', '+0000'),
    deployment_id: number(),
    deployable_id: number(),
    environment: 'staging',
    project: project(),
    short_sha: samplePush.after.slice(0, 8),
    user,
    commit_title: 'Show a picture',
    ref: 'main',
  }),
  'release.create': () => ({
    object_kind: 'release',
    id: number(),
    created_at: spaced(),
    released_at: spaced(),
    name: '1.0.0',
    tag: 'v1.0.0',
    description: 'Sells one thing.',
    url: `${web}/-/releases/v1.0.0`,
    action: 'create',
    project: project(),
    assets: { count: 0, links: [], sources: [] },
  }),
  'wiki_page.create': () => ({
    object_kind: 'wiki_page',
    user,
    project: project(),
    wiki: { web_url: `${web}/-/wikis/home`, path_with_namespace: 'everhook/sample.wiki' },
    object_attributes: {
      title: 'Home',
      slug: 'home',
      format: 'markdown',
      action: 'create',
      version_id: randomBytes(20).toString('hex'),
      url: `${web}/-/wikis/home`,
    },
  }),
} satisfies { readonly [Type in keyof GitlabEvents]?: () => GitlabEvents[Type] };

const web = 'https://git.everhook.example/sample';
const number = () => randomInt(1_000_000, 1_000_000_000);
const user = { id: 4, name: 'Octo', username: 'octo', avatar_url: null };
const pusher = {
  user_id: 4,
  user_name: 'Octo',
  user_username: 'octo',
  user_email: '',
  user_avatar: null,
};

/** As GitLab writes most times: `2026-01-02 03:04:05 UTC`. */
const spaced = (seconds = 0): string =>
  new Date(Date.now() + seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');

const project = () => ({
  id: 15,
  name: 'sample',
  description: '',
  web_url: web,
  avatar_url: null,
  git_ssh_url: 'git@git.everhook.example:sample.git',
  git_http_url: samplePush.repository,
  namespace: 'everhook',
  visibility_level: 0,
  path_with_namespace: 'everhook/sample',
  default_branch: 'main',
  homepage: web,
});

const repository = () => ({
  name: 'sample',
  url: 'git@git.everhook.example:sample.git',
  description: '',
  homepage: web,
  git_http_url: samplePush.repository,
  git_ssh_url: 'git@git.everhook.example:sample.git',
  visibility_level: 0,
});

const subject = (path: string) => ({
  id: number(),
  iid: 7,
  author_id: user.id,
  project_id: project().id,
  created_at: spaced(-3600),
  updated_at: spaced(),
  url: `${web}/-/${path}/7`,
});

const mergeRequest = (action: string, state: string) => ({
  object_kind: 'merge_request',
  event_type: 'merge_request',
  user,
  project: project(),
  repository: repository(),
  object_attributes: {
    ...subject('merge_requests'),
    title: 'Say hello twice',
    state,
    action,
    source_branch: 'hello',
    target_branch: 'main',
    last_commit: { id: samplePush.after, message: 'Show a picture\n' },
  },
  labels: [],
  changes: {},
});
