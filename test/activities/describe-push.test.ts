import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { samplePush } from '../../src/providers/github-samples.ts';
import { git } from '../support/git-repository.ts';
import { run } from './context.ts';
import { gitAt, place, pushOf, publicPrefix, zeros } from './git-place.ts';

test('the sample push: its commits, a rename and a binary file', async () => {
  const { activities } = await place();
  const { repository: cloneUrl, ...ids } = samplePush;
  const described = await run(activities.describePush, { cloneUrl, ...ids });
  expect(described).toMatchObject({
    change: 'updated',
    basis: 'before',
    base: samplePush.before,
    head: samplePush.after,
    commitCount: 3,
    truncated: false,
  });
  expect(described.commits.map(({ subject }) => subject)).toEqual([
    'Show a picture',
    'Name the module for what it holds',
    'Raise the price',
  ]);
  expect(described.files).toEqual([
    { status: 'modified', path: 'README.md', addedLines: 2, deletedLines: 0 },
    { status: 'added', path: 'public/thing.png', binary: true },
    { status: 'renamed', path: 'src/catalogue.js', oldPath: 'src/price.js', addedLines: 1, deletedLines: 1 },
  ]);
});

test('authors, times, and subjects with everything in them', async () => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  const before = await commit('first');
  const after = await commit('tab\tquote" ünïcode 🙂 \u001f --end', { 'a b/ü\t"x".txt': 'one\n', empty: '' });
  push('main');
  const { commits, files } = await run(activities.describePush, pushOf({ before, after }));
  expect(commits).toEqual([
    {
      id: after,
      author: 'Åsa Author',
      subject: 'tab\tquote" ünïcode 🙂 \u001f --end',
      authoredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+Z]/) as string,
    },
  ]);
  expect(files).toEqual([
    { status: 'added', path: 'a b/ü\t"x".txt', addedLines: 1, deletedLines: 0 },
    { status: 'added', path: 'empty', addedLines: 0, deletedLines: 0 },
  ]);
});

test('a deleted file is one, and a long subject is cut', async () => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  const before = await commit('first', { 'a.txt': 'one\ntwo\n' });
  const after = await commit('🙂'.repeat(500), { 'a.txt': null });
  push('main');
  const { commits, files } = await run(activities.describePush, pushOf({ before, after }));
  expect(files).toEqual([{ status: 'deleted', path: 'a.txt', addedLines: 0, deletedLines: 2 }]);
  expect(commits[0]?.subject.length).toBeLessThanOrEqual(201);
  expect(commits[0]?.subject.isWellFormed()).toBe(true);
});

test('a deleted branch says so, and nothing is fetched', async () => {
  const { activities } = await place();
  const gone = {
    ...pushOf({ before: '1'.repeat(40), after: zeros }),
    cloneUrl: `${publicPrefix}missing.git`,
  };
  expect(await run(activities.describePush, gone)).toMatchObject({
    change: 'deleted',
    head: null,
    commits: [],
  });
});

test('a new branch is compared with where it left the default branch', async () => {
  const { activities, repository } = await place();
  const { commit, push, git: inTree } = await repository();
  const fork = await commit('first', { a: '1' });
  inTree('checkout', '--quiet', '-b', 'topic');
  const after = await commit('on the topic', { b: '2' });
  inTree('checkout', '--quiet', 'main');
  await commit('main goes on', { c: '3' });
  push('main', 'topic');
  const described = await run(activities.describePush, pushOf({ after, ref: 'refs/heads/topic' }));
  expect(described).toMatchObject({ change: 'created', basis: 'default_branch', base: fork, commitCount: 1 });
  expect(described.files.map(({ path }) => path)).toEqual(['b']);
});

test('the first push of all is everything there is', async () => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  await commit('first', { a: '1\n' });
  const after = await commit('second', { b: '2\n' });
  push('main');
  const described = await run(activities.describePush, pushOf({ after, commitCount: 2 }));
  expect(described).toMatchObject({ change: 'created', basis: 'commit_count', base: null, commitCount: 2 });
  expect(described.files.map(({ path }) => path)).toEqual(['a', 'b']);
});

test('a new branch beside a history of its own goes back as far as the event lists commits', async () => {
  const { activities, repository } = await place();
  const { commit, push, git: inTree } = await repository();
  await commit('first', { a: '1\n' });
  inTree('checkout', '--quiet', '--orphan', 'pages');
  const base = await commit('page one', { p: '1\n' });
  const after = await commit('page two', { p: '2\n' });
  push('main', 'pages');
  const described = await run(
    activities.describePush,
    pushOf({ after, ref: 'refs/heads/pages', commitCount: 1 }),
  );
  expect(described).toMatchObject({ basis: 'commit_count', base, commitCount: 1 });
});

test('a forced push is one, and lists what is new and what differs', async () => {
  const { activities, repository } = await place();
  const { commit, push, git: inTree } = await repository();
  await commit('first', { a: '1\n' });
  const before = await commit('to be dropped', { b: '2\n' });
  push('main');
  await run(activities.fetchMirror, pushOf({ after: before }));
  inTree('reset', '--quiet', '--hard', 'HEAD~1');
  const after = await commit('instead', { c: '3\n' });
  push('main');
  await run(activities.fetchMirror, pushOf({ before, after }));
  const described = await run(activities.describePush, pushOf({ before, after }));
  expect(described).toMatchObject({ change: 'forced', basis: 'before', base: before, commitCount: 1 });
  expect(described.files.map(({ status, path }) => `${status} ${path}`)).toEqual(['deleted b', 'added c']);
});

test('a forced push whose former commit nobody has any more is described all the same', async () => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  const base = await commit('first', { a: '1\n' });
  const after = await commit('second', { b: '2\n' });
  push('main');
  const described = await run(
    activities.describePush,
    pushOf({ before: 'f'.repeat(40), after, commitCount: 1 }),
  );
  expect(described).toMatchObject({ change: 'forced', basis: 'commit_count', base, commitCount: 1 });
});

test('a push that a later one has overtaken is still read', async () => {
  const { activities, repository } = await place();
  const { commit, push, git: inTree } = await repository();
  const before = await commit('first', { a: '1\n' });
  const after = await commit('overtaken', { b: '2\n' });
  push('main');
  inTree('reset', '--quiet', '--hard', before);
  await commit('later', { c: '3\n' });
  push('main');
  await run(activities.fetchMirror, pushOf({ before, after }));
  expect(await run(activities.describePush, pushOf({ before, after }))).toMatchObject({
    change: 'updated',
    commits: [{ id: after, subject: 'overtaken' }],
  });
});

test.each([
  ['a light tag', ['tag', 'v1']],
  ['an annotated tag', ['tag', '-a', '-m', 'One', 'v1']],
])('%s names one commit and compares nothing', async (_name, args) => {
  const { activities, repository } = await place();
  const { commit, push, git: inTree } = await repository();
  const head = await commit('first', { a: '1\n' });
  inTree(...args);
  push('main', 'v1');
  const after = inTree('rev-parse', 'v1');
  const described = await run(activities.describePush, pushOf({ after, ref: 'refs/tags/v1' }));
  expect(described).toMatchObject({
    change: 'created',
    basis: 'none',
    head,
    commitCount: 1,
    commits: [{ id: head }],
    files: [],
  });
});

test('a tag of something that is no commit has none', async () => {
  const { activities, repository } = await place();
  const { commit, push, git: inTree } = await repository();
  await commit('first', { a: '1\n' });
  inTree('tag', 'blob', inTree('rev-parse', 'HEAD:a'));
  push('main', 'blob');
  const after = inTree('rev-parse', 'blob');
  const described = await run(activities.describePush, pushOf({ after, ref: 'refs/tags/blob' }));
  expect(described).toMatchObject({ head: null, commits: [], files: [] });
});

test('a long push is counted in full and listed up to the bound', async () => {
  const { activities, repository } = await place();
  const { bare } = await repository();
  const blocks = Array.from({ length: 300 }, (_, n) => commitBlock(n, `M 100644 inline f${n}\ndata 2\nx\n`));
  git(bare, ['fast-import', '--quiet'], blocks.join(''));
  const after = git(bare, ['rev-parse', 'main']);
  const before = git(bare, ['rev-parse', 'main~280']);
  const { commits, ...described } = await run(activities.describePush, pushOf({ before, after }));
  expect(described).toMatchObject({ commitCount: 280, truncated: true });
  expect(commits).toHaveLength(250);
  expect(commits[0]?.id).toBe(after);
});

test('many files are listed up to the bound', async () => {
  const { activities, repository } = await place();
  const { bare } = await repository();
  const files = Array.from({ length: 1200 }, (_, n) => `M 100644 inline f${n}\ndata 2\nx\n`);
  git(bare, ['fast-import', '--quiet'], commitBlock(0, '') + commitBlock(1, files.join('')));
  const after = git(bare, ['rev-parse', 'main']);
  const before = git(bare, ['rev-parse', 'main~1']);
  const { files: listed, truncated } = await run(activities.describePush, pushOf({ before, after }));
  expect(listed).toHaveLength(1000);
  expect(truncated).toBe(true);
});

test('names that are megabytes long in sum stay under the size that Temporal takes', async () => {
  const { activities, repository } = await place();
  const { bare } = await repository();
  // Each byte of the name needs six in JSON.
  const name = (n: number) => `"${String.raw`\001`.repeat(240)}/${String.raw`\001`.repeat(240)}${n}"`;
  const files = Array.from({ length: 900 }, (_, n) => `M 100644 inline ${name(n)}\ndata 2\nx\n`);
  git(bare, ['fast-import', '--quiet'], commitBlock(0, '') + commitBlock(1, files.join('')));
  const after = git(bare, ['rev-parse', 'main']);
  const before = git(bare, ['rev-parse', 'main~1']);
  const described = await run(activities.describePush, pushOf({ before, after }));
  expect(described.truncated).toBe(true);
  expect(described.files.length).toBeGreaterThan(100);
  expect(Buffer.byteLength(JSON.stringify(described))).toBeLessThan(1_100_000);
});

test('a worker without the mirror makes one', async () => {
  const { activities, repository, home, url } = await place();
  const { commit, push } = await repository();
  const before = await commit('first');
  const after = await commit('second');
  push('main');
  await run(activities.fetchMirror, pushOf({ before, after }));
  const elsewhere = gitAt(url, join(home, 'elsewhere'));
  expect(await run(elsewhere.describePush, pushOf({ before, after }))).toMatchObject({ commitCount: 1 });
  await rm(join(home, 'git'), { recursive: true });
  expect(await run(activities.describePush, pushOf({ before, after }))).toMatchObject({ commitCount: 1 });
});

// https://git-scm.com/docs/git-fast-import
const commitBlock = (n: number, changes: string): string =>
  `commit refs/heads/main\ncommitter C <c@example.com> ${1_767_225_600 + n} +0000\n` +
  `data <<END\ncommit ${n}\nEND\n${changes}\n`;
