/** Bodies as GitHub sends them, shortened; ids of deliveries are in the headers. */
export const githubSamples = {
  /** Of the sample repository that `everhook start` serves, so that its commits can be fetched. */
  push: () => ({
    ref: samplePush.ref,
    before: samplePush.before,
    after: samplePush.after,
    repository: repository(),
    pusher: { name: 'octo', email: 'octo@example.com' },
    sender,
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: `https://git.everhook.example/sample/compare/${samplePush.before}...${samplePush.after}`,
    commits: [],
    head_commit: null,
  }),
  ping: () => ({
    zen: 'Keep it logically awesome.',
    hook_id: 1,
    hook: { type: 'Repository', id: 1, name: 'web', active: true, events: ['*'] },
    repository: repository(),
    sender,
  }),
  'pull_request.opened': () => ({
    action: 'opened',
    number: 7,
    pull_request: {
      id: 279147437,
      number: 7,
      state: 'open',
      title: 'Say hello twice',
      created_at: new Date().toISOString(),
      updated_at: new Date().toISOString(),
      head: { ref: 'hello', sha: samplePush.after },
      base: { ref: 'main', sha: samplePush.before },
    },
    repository: repository(),
    sender,
  }),
  'issues.opened': () => ({
    action: 'opened',
    issue: {
      id: 444500041,
      number: 1,
      title: 'Spelling error in the README',
      state: 'open',
      created_at: new Date().toISOString(),
      updated_at: new Date().toISOString(),
    },
    repository: repository(),
    sender,
  }),
};

/**
 * The push that the sample repository's history ends with: from its first commit to its last, with a
 * rename and a binary file between. The ids hold because everything about the commits is fixed.
 */
export const samplePush = {
  ref: 'refs/heads/main',
  before: 'df6ff9f707bb243f0a2ad75afbb52a4dc5526c90',
  after: '6e4471db17a25ea3dfedd84ed9662ba2c02ae640',
  repository: 'https://git.everhook.example/sample.git',
} as const;

const sender = { login: 'octo', id: 583231, type: 'User' };

const repository = () => ({
  id: 186853002,
  name: 'sample',
  full_name: 'everhook/sample',
  private: false,
  owner: { login: 'everhook', id: 21031067, type: 'Organization' },
  html_url: 'https://git.everhook.example/sample',
  clone_url: samplePush.repository,
  default_branch: 'main',
  pushed_at: Math.floor(Date.now() / 1000),
});
