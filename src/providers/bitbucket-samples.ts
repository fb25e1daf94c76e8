import { samplePush } from './github-samples.ts';

const now = () => new Date().toISOString();

const actor = {
  type: 'user',
  uuid: '{2a7c9f1e-5f0b-4a55-9d3e-7a1f0c6f2b10}',
  nickname: 'octo',
  display_name: 'Octo',
  account_id: '557058:octo',
};

const repository = {
  type: 'repository',
  uuid: '{b8f1a4d2-3c60-4b0e-8f35-0e9a2d7c4a11}',
  name: 'sample',
  full_name: 'everhook/sample',
  is_private: false,
};

const reference = (hash: string) => ({
  type: 'branch',
  name: 'main',
  target: { type: 'commit', hash, message: 'Say hello\n', date: '2026-02-04T10:00:00+00:00' },
});

const pullRequest = (state: string) => ({
  type: 'pullrequest',
  id: 4,
  title: 'Say hello twice',
  description: '',
  state,
  source: { branch: { name: 'hello' }, commit: { hash: samplePush.after.slice(0, 12) }, repository },
  destination: { branch: { name: 'main' }, commit: { hash: samplePush.before.slice(0, 12) }, repository },
  author: actor,
  created_on: '2026-02-04T10:00:00.000000+00:00',
  updated_on: now(),
});

const pulls = (state: string) => ({ actor, pullrequest: pullRequest(state), repository });

const comment = () => ({
  type: 'pullrequest_comment',
  id: 51,
  content: { raw: 'Indeed.', markup: 'markdown', html: '<p>Indeed.</p>' },
  created_on: now(),
  updated_on: now(),
});

const status = (state: string) => ({
  actor,
  repository,
  commit_status: {
    type: 'build',
    key: 'build',
    name: 'Build',
    description: '',
    state,
    url: 'https://ci.example.com/builds/61',
    created_on: now(),
    updated_on: now(),
  },
});

const serverActor = {
  name: 'octo',
  emailAddress: 'octo@example.com',
  id: 1,
  displayName: 'Octo',
  active: true,
  slug: 'octo',
  type: 'NORMAL',
};

const serverRepository = {
  slug: 'sample',
  id: 84,
  name: 'sample',
  scmId: 'git',
  state: 'AVAILABLE',
  forkable: true,
  project: { key: 'HOOK', id: 2, name: 'Everhook', public: false, type: 'NORMAL' },
  public: false,
};

/** `2026-11-20T12:00:00+0000`, as Data Center writes it. */
const serverNow = () => `${now().slice(0, 19)}+0000`;

const serverReference = (name: string, latestCommit: string) => ({
  id: `refs/heads/${name}`,
  displayId: name,
  latestCommit,
  repository: serverRepository,
});

const serverPull = <Key extends string>(eventKey: Key, state: string) => ({
  eventKey,
  date: serverNow(),
  actor: serverActor,
  pullRequest: {
    id: 4,
    version: 0,
    title: 'Say hello twice',
    state,
    open: state === 'OPEN',
    closed: state !== 'OPEN',
    createdDate: Date.now(),
    updatedDate: Date.now(),
    fromRef: serverReference('hello', samplePush.after),
    toRef: serverReference('main', samplePush.before),
    author: { user: serverActor, role: 'AUTHOR', approved: false, status: 'UNAPPROVED' },
    reviewers: [],
    participants: [],
  },
});

/** Bodies as Bitbucket Cloud and Data Center (`pr:`, `repo:refs_changed`) send them, shortened; ids are in the headers. */
export const bitbucketSamples = {
  'repo:push': () => ({
    actor,
    repository,
    push: {
      changes: [
        {
          old: reference(samplePush.before),
          new: reference(samplePush.after),
          created: false,
          closed: false,
          forced: false,
          truncated: false,
          commits: [],
        },
      ],
    },
  }),
  'repo:commit_status_created': () => status('INPROGRESS'),
  'repo:commit_status_updated': () => status('SUCCESSFUL'),
  'pullrequest:created': () => pulls('OPEN'),
  'pullrequest:updated': () => pulls('OPEN'),
  'pullrequest:approved': () => ({ ...pulls('OPEN'), approval: { date: now(), user: actor } }),
  'pullrequest:fulfilled': () => pulls('MERGED'),
  'pullrequest:rejected': () => pulls('DECLINED'),
  'pullrequest:comment_created': () => ({ ...pulls('OPEN'), comment: comment() }),
  'issue:created': () => ({
    actor,
    repository,
    issue: {
      id: 3,
      title: 'Spelling error in the README',
      content: { raw: 'It says helo.' },
      state: 'new',
      created_on: now(),
      updated_on: now(),
    },
  }),
  'repo:refs_changed': () => ({
    eventKey: 'repo:refs_changed',
    date: serverNow(),
    actor: serverActor,
    repository: serverRepository,
    changes: [
      {
        ref: { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' },
        refId: 'refs/heads/main',
        fromHash: samplePush.before,
        toHash: samplePush.after,
        type: 'UPDATE',
      },
    ],
  }),
  'pr:opened': () => serverPull('pr:opened', 'OPEN'),
  'pr:merged': () => serverPull('pr:merged', 'MERGED'),
};
