import { samplePush } from './github-samples.ts';

const now = () => new Date().toISOString();

const user = {
  id: 1,
  login: 'octo',
  full_name: 'Octo',
  email: 'octo@example.com',
  username: 'octo',
};

const repository = () => ({
  id: 4711,
  owner: { ...user, id: 2, login: 'everhook', username: 'everhook' },
  name: 'sample',
  full_name: 'everhook/sample',
  description: '',
  private: false,
  fork: false,
  html_url: 'https://git.everhook.example/sample',
  ssh_url: 'git@git.everhook.example:sample.git',
  clone_url: samplePush.repository,
  default_branch: 'main',
  created_at: '2026-01-05T09:00:00Z',
  updated_at: now(),
});

const issue = (state: string) => ({
  id: 31,
  number: 3,
  title: 'Spelling error in the README',
  body: 'It says helo.',
  state,
  user,
  html_url: 'https://git.everhook.example/sample/issues/3',
  created_at: '2026-02-03T10:00:00Z',
  updated_at: now(),
});

const pullRequest = (state: string, merged = false) => ({
  id: 41,
  number: 4,
  title: 'Say hello twice',
  body: '',
  state,
  merged,
  user,
  html_url: 'https://git.everhook.example/sample/pulls/4',
  head: { label: 'hello', ref: 'hello', sha: samplePush.after },
  base: { label: 'main', ref: 'main', sha: samplePush.before },
  created_at: '2026-02-04T10:00:00Z',
  updated_at: now(),
});

const issues = (action: string, state: string) => ({
  action,
  number: 3,
  issue: issue(state),
  repository: repository(),
  sender: user,
});

const pulls = (action: string, state: string, merged = false) => ({
  action,
  number: 4,
  pull_request: pullRequest(state, merged),
  repository: repository(),
  sender: user,
});

/** Bodies as Gitea and Forgejo send them, shortened; ids of deliveries are in the headers. */
export const giteaSamples = {
  /** Of the sample repository that `everhook start` serves, so that its commits can be fetched. */
  push: () => ({
    ref: samplePush.ref,
    before: samplePush.before,
    after: samplePush.after,
    compare_url: `https://git.everhook.example/sample/compare/${samplePush.before}...${samplePush.after}`,
    commits: [],
    total_commits: 0,
    head_commit: null,
    repository: repository(),
    pusher: user,
    sender: user,
  }),
  create: () => ({
    sha: samplePush.after,
    ref: 'hello',
    ref_type: 'branch',
    repository: repository(),
    sender: user,
  }),
  delete: () => ({
    ref: 'hello',
    ref_type: 'branch',
    pusher_type: 'user',
    repository: repository(),
    sender: user,
  }),
  fork: () => ({
    forkee: { ...repository(), id: 4712, full_name: 'octo/sample', fork: true },
    repository: repository(),
    sender: user,
  }),
  'issues.opened': () => issues('opened', 'open'),
  'issues.closed': () => issues('closed', 'closed'),
  'issue_comment.created': () => ({
    action: 'created',
    issue: issue('open'),
    comment: {
      id: 51,
      body: 'Indeed.',
      user,
      html_url: 'https://git.everhook.example/sample/issues/3#issuecomment-51',
      created_at: now(),
      updated_at: now(),
    },
    is_pull: false,
    repository: repository(),
    sender: user,
  }),
  'pull_request.opened': () => pulls('opened', 'open'),
  'pull_request.synchronized': () => pulls('synchronized', 'open'),
  'pull_request.closed': () => pulls('closed', 'closed', true),
  'release.published': () => ({
    action: 'published',
    release: {
      id: 61,
      tag_name: 'v1.0.0',
      target_commitish: 'main',
      name: '1.0.0',
      body: '',
      draft: false,
      prerelease: false,
      html_url: 'https://git.everhook.example/sample/releases/tag/v1.0.0',
      created_at: now(),
      published_at: now(),
    },
    repository: repository(),
    sender: user,
  }),
  'repository.created': () => ({
    action: 'created',
    repository: repository(),
    organization: { ...user, id: 2, login: 'everhook', username: 'everhook' },
    sender: user,
  }),
};
