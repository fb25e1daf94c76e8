import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/activity';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createGit } from '../../src/activities/git/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { contextOf, row, run, surroundings } from './context.ts';
import { gitAt, place, pushOf, publicPrefix, zeros } from './git-place.ts';

const someId = 'a'.repeat(40);

/** A server that answers as told; gives its address. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function homeFolder(): Promise<string> {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  return home;
}

/** The processes whose command line names this. */
const processesOf = (text: string): string[] =>
  execFileSync('ps', ['-eo', 'args'])
    .toString()
    .split('\n')
    .filter((line) => line.includes(text) && /git/.test(line));

/** A stand-in for git: a script in a folder for the PATH. */
async function fakeGit(home: string, script: string): Promise<string> {
  const folder = join(home, 'bin');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'git'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'git'), 0o755);
  return `${folder}:${process.env['PATH']}`;
}

test('a mirror is made, kept up to date, and tells how far it is', async () => {
  const { activities, repository, home } = await place();
  const { commit, push } = await repository();
  const first = await commit('first', { a: '1\n' });
  push('main');
  const heartbeats: unknown[] = [];
  const around = surroundings().on('heartbeat', (details: unknown) => heartbeats.push(details));
  expect(await around.run(activities.fetchMirror, pushOf({ after: first }))).toEqual({ objects: 3 });
  expect(heartbeats).toContainEqual({ phase: 'Counting objects', percent: 100, done: 3, total: 3 });
  const second = await commit('second', { a: '2\n' });
  push('main');
  expect(await run(activities.fetchMirror, pushOf({ before: first, after: second }))).toEqual({ objects: 3 });
  expect(await run(activities.fetchMirror, pushOf({ before: first, after: second }))).toEqual({ objects: 0 });
  expect(await readdir(join(home, 'git'))).toEqual([expect.stringMatching(/^[0-9a-f]{40}\.git$/)]);
});

test('EVERHOOK_GIT_CACHE says where mirrors are', async () => {
  const { repository, home, url } = await place();
  const { commit, push } = await repository();
  const after = await commit('first');
  push('main');
  const activities = gitAt(url, home, { EVERHOOK_GIT_CACHE: join(home, 'cache') });
  await run(activities.fetchMirror, pushOf({ after }));
  expect(await readdir(join(home, 'cache'))).toHaveLength(1);
});

test('ten fetches of one repository at once all succeed', async () => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  const after = await commit('first');
  push('main');
  const all = await Promise.all(
    Array.from({ length: 10 }, () => run(activities.fetchMirror, pushOf({ after }))),
  );
  // The first one has brought everything.
  expect(all.map(({ objects }) => objects)).toEqual([2, ...Array<number>(9).fill(0)]);
});

test('branches that are gone, and a branch in place of a folder of them, do no harm', async () => {
  const { activities, repository } = await place();
  const { commit, push, git } = await repository();
  const after = await commit('first');
  git('branch', 'a/b');
  push('main', 'a/b');
  await run(activities.fetchMirror, pushOf({ after }));
  git('branch', '-D', 'a/b');
  push(':a/b');
  git('branch', 'a');
  push('a');
  const pushed = pushOf({ after, ref: 'refs/heads/a' });
  await expect(run(activities.fetchMirror, pushed)).resolves.toEqual({ objects: 0 });
});

test('lock files and half a pack of a git that was killed are cleared away', async () => {
  const { activities, repository, home, url } = await place();
  const { commit, push } = await repository();
  const first = await commit('first');
  push('main');
  await run(activities.fetchMirror, pushOf({ after: first }));
  const [name = ''] = await readdir(join(home, 'git'));
  const mirror = join(home, 'git', name);
  const left = ['refs/heads/main.lock', 'packed-refs.lock', 'objects/pack/tmp_pack_x1'];
  const old = new Date(Date.now() - 86_400_000);
  for (const path of left) {
    await writeFile(join(mirror, path), '');
    await utimes(join(mirror, path), old, old);
  }
  const second = await commit('second');
  push('main');
  // As in a worker that has just begun.
  await run(gitAt(url, home).fetchMirror, pushOf({ before: first, after: second }));
  expect(await readdir(join(mirror, 'objects/pack'))).not.toContain('tmp_pack_x1');
});

test('a lock that was left in this very process goes at the second attempt', async () => {
  const { activities, repository, home } = await place();
  const { commit, push } = await repository();
  const first = await commit('first');
  push('main');
  await run(activities.fetchMirror, pushOf({ after: first }));
  const [name = ''] = await readdir(join(home, 'git'));
  await writeFile(join(home, 'git', name, 'refs/heads/main.lock'), '');
  const second = pushOf({ before: first, after: await commit('second') });
  push('main');
  await expect(run(activities.fetchMirror, second)).rejects.toMatchObject({ type: 'GitFailed' });
  await run(activities.fetchMirror, second);
});

test.each(['HEAD', 'config', 'objects'])('a mirror whose %s is lost is made again', async (part) => {
  const { activities, repository, home } = await place();
  const { commit, push } = await repository();
  const after = await commit('first');
  push('main');
  await run(activities.fetchMirror, pushOf({ after }));
  const [name = ''] = await readdir(join(home, 'git'));
  execFileSync('rm', ['-r', join(home, 'git', name, part)]);
  await run(activities.fetchMirror, pushOf({ after })).catch(() =>
    run(activities.fetchMirror, pushOf({ after })),
  );
  expect(await run(activities.describePush, pushOf({ after }))).toMatchObject({ commitCount: 1 });
});

test('a repository that is not there is tried three times', async () => {
  const { activities } = await place();
  for (const attempt of [1, 2, 3]) {
    await expect(run(activities.fetchMirror, pushOf({ after: someId }), { attempt })).rejects.toMatchObject({
      type: 'RepositoryUnavailable',
      nonRetryable: attempt === 3,
    });
  }
});

test('a repository that asks for a password asks nobody', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await expect(
    run(gitAt(url, await homeFolder()).fetchMirror, pushOf({ after: someId })),
  ).rejects.toMatchObject({
    type: 'RepositoryUnavailable',
    message: expect.stringContaining('Username') as string,
  });
});

test('a commit that the repository does not have is tried again', async () => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  await commit('first');
  push('main');
  await expect(run(activities.fetchMirror, pushOf({ after: someId }))).rejects.toMatchObject({
    type: 'GitFailed',
    nonRetryable: false,
  });
});

test('a redirect is not followed', async () => {
  const { url: target, repository } = await place();
  const { commit, push } = await repository();
  const after = await commit('first');
  push('main');
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: `${target}${request.url}` }).end();
  });
  await expect(run(gitAt(url, await homeFolder()).fetchMirror, pushOf({ after }))).rejects.toMatchObject({
    type: 'GitFailed',
  });
  expect(asked).toHaveLength(1);
});

test('a cancellation ends git and its helpers within seconds', async () => {
  let asked = () => {};
  const waiting = new Promise<void>((resolve) => (asked = resolve));
  const url = await serve(() => asked());
  const around = surroundings();
  const running = around.run(gitAt(url, await homeFolder()).fetchMirror, pushOf({ after: someId }));
  const failed = running.catch((error: unknown) => error);
  await waiting;
  expect(processesOf(url).length).toBeGreaterThan(1);
  const since = Date.now();
  around.cancel();
  expect(await failed).toBeInstanceOf(CancelledFailure);
  expect(Date.now() - since).toBeLessThan(4000);
  expect(processesOf(url)).toEqual([]);
});

test('a git that does not want to end is made to, with what it has started', async () => {
  const home = await homeFolder();
  const script = `trap '' TERM
case "$*" in *init*) mkdir -p "\${1#--git-dir=}"; exit 0;; esac
touch ${home}/begun
sh -c 'trap "" TERM; while :; do sleep 1; done' git-helper ${home}/mark &
wait; wait`;
  const activities = gitAt('http://127.0.0.1:1', home, { PATH: await fakeGit(home, script) });
  const around = surroundings();
  const failed = around
    .run(activities.fetchMirror, pushOf({ after: someId }))
    .catch((error: unknown) => error);
  await vi.waitFor(() => readFile(join(home, 'begun')), { timeout: 5000 });
  await vi.waitFor(() => expect(processesOf(`${home}/mark`).length).toBeGreaterThan(0));
  around.cancel();
  expect(await failed).toBeInstanceOf(CancelledFailure);
  expect(processesOf(`${home}/mark`)).toEqual([]);
});

test('a fetch that waits for another can be cancelled at once', async () => {
  const url = await serve(() => {});
  const activities = gitAt(url, await homeFolder());
  const first = surroundings();
  const firstFailed = first
    .run(activities.fetchMirror, pushOf({ after: someId }))
    .catch((error: unknown) => error);
  await delay(50);
  const second = surroundings();
  const secondFailed = second
    .run(activities.fetchMirror, pushOf({ after: someId }))
    .catch((error: unknown) => error);
  await delay(50);
  second.cancel();
  expect(await secondFailed).toBeInstanceOf(CancelledFailure);
  first.cancel();
  await firstFailed;
});

test("git sees nothing of this process's environment, and no configuration of the machine's", async () => {
  vi.stubEnv('EVERHOOK_SOMETHING_SECRET', 'hunter2');
  onTestFinished(() => void vi.unstubAllEnvs());
  const home = await homeFolder();
  const PATH = await fakeGit(home, `env > ${home}/env; echo "$@" > ${home}/args; exit 1`);
  const activities = gitAt('http://127.0.0.1:1', home, { PATH, STRIPE_API_KEY: 'sk_test_1' });
  await run(activities.fetchMirror, pushOf({ after: someId })).catch(() => undefined);
  const seen = await readFile(join(home, 'env'), 'utf8');
  expect(seen).not.toMatch(/SECRET|STRIPE/);
  for (const line of ['GIT_TERMINAL_PROMPT=0', 'GIT_CONFIG_NOSYSTEM=1', 'GIT_CONFIG_GLOBAL=/dev/null']) {
    expect(seen).toContain(line);
  }
  expect(await readFile(join(home, 'args'), 'utf8')).toContain('core.hooksPath=/dev/null');
});

test('a hook in the mirror is not run', async () => {
  const { activities, repository, home } = await place();
  const { commit, push } = await repository();
  const first = await commit('first');
  push('main');
  await run(activities.fetchMirror, pushOf({ after: first }));
  const [name = ''] = await readdir(join(home, 'git'));
  const hooks = join(home, 'git', name, 'hooks');
  await mkdir(hooks, { recursive: true });
  await writeFile(join(hooks, 'reference-transaction'), `#!/bin/sh\ntouch ${home}/ran\n`);
  await chmod(join(hooks, 'reference-transaction'), 0o755);
  const second = await commit('second');
  push('main');
  await run(activities.fetchMirror, pushOf({ before: first, after: second }));
  expect(await readdir(home)).not.toContain('ran');
});

test.each([
  'file:///etc',
  '/etc',
  'http://github.com/a/b.git',
  'git://github.com/a/b.git',
  'ssh://git@github.com/a/b.git',
  'git@github.com:a/b.git',
  'ext::sh -c touch% /tmp/x',
  '--upload-pack=touch /tmp/x',
  '-oProxyCommand=x',
  'https://evil.example/a/b.git',
  'https://github.com.evil.example/a/b.git',
  'https://github.com:8443/a/b.git',
  'https://user:password@github.com/a/b.git',
  'https://@github.com/a/b.git',
  'https://github.com\\@evil.example/a.git',
  'https://github.com/a/b.git?x=1',
  'https://github.com/a/b.git#x',
  'https://github.com/a/../b.git',
  'https://github.com/a/%2e%2e/b.git',
  'https://github.com/a//b.git',
  'https://github.com/a b.git',
  'https://github.com/a\nb.git',
  'https://github.com/',
  'HTTPS://github.com/a/b.git',
  `https://github.com/${'a'.repeat(1000)}`,
  'https://git.everhook.example.evil/sample.git',
  '',
  null,
  7,
])('the clone URL %j is refused for good', async (cloneUrl) => {
  const home = await homeFolder();
  const activities = gitAt('http://127.0.0.1:1', home, { PATH: await fakeGit(home, `touch ${home}/ran`) });
  const push = { ...pushOf({ after: someId }), cloneUrl: cloneUrl as string };
  for (const activity of [activities.fetchMirror, activities.describePush]) {
    await expect(run<typeof push, unknown>(activity, push)).rejects.toMatchObject({
      type: 'CloneUrlRefused',
      nonRetryable: true,
    });
  }
  expect(await readdir(home)).toEqual(['bin']);
});

test('a refused clone URL is not repeated in the failure', async () => {
  const push = { ...pushOf({ after: someId }), cloneUrl: 'https://user:hunter2@github.com/a.git' };
  await expect(run(gitAt('http://127.0.0.1:1', '/nonexistent').fetchMirror, push)).rejects.toThrow(
    /^the clone URL is refused: it names a user$/,
  );
});

test.each([
  'main',
  'HEAD',
  'refs/heads/',
  'refs/notes/x',
  'refs/pull/1/head',
  '--exec=x',
  'refs/heads/a..b',
  'refs/heads/a b',
  'refs/heads/a\nb',
  'refs/heads/a~1',
  'refs/heads/a:b',
  'refs/heads/.a',
  'refs/heads/a.lock',
  'refs/heads/a/',
  'refs/heads/a@{1}',
  'refs/heads/a*',
  `refs/heads/${'a'.repeat(1100)}`,
  7,
])('the ref %j is refused for good', async (ref) => {
  const push = { ...pushOf({ after: someId }), ref: ref as string };
  await expect(run(gitAt('http://127.0.0.1:1', '/nonexistent').fetchMirror, push)).rejects.toMatchObject({
    type: 'PushUnreadable',
    nonRetryable: true,
  });
});

test.each(['', 'main', '--all', 'a'.repeat(39), 'A'.repeat(40), `${someId}^{commit}`, null])(
  'the id %j is refused for good',
  async (id) => {
    const activities = gitAt('http://127.0.0.1:1', '/nonexistent');
    for (const push of [pushOf({ after: id as string }), pushOf({ before: id as string, after: someId })]) {
      await expect(run(activities.fetchMirror, push)).rejects.toMatchObject({
        type: 'PushUnreadable',
        nonRetryable: true,
      });
    }
  },
);

test.each([
  'refs/heads/-x',
  'refs/heads/a/b-c_d.e',
  'refs/heads/ünïcode',
  'refs/tags/v1.0',
  "refs/heads/$(x)'`",
])('the ref %j is data like any other', async (ref) => {
  const { activities, repository } = await place();
  const { commit, push } = await repository();
  const after = await commit('first');
  push(`main:${ref}`);
  await run(activities.fetchMirror, pushOf({ after, ref }));
  expect(await run(activities.describePush, pushOf({ after, ref }))).toMatchObject({ head: after });
});

test('the stand-in stops a production start', () => {
  const environment = { EVERHOOK_GIT_STAND_IN: `${publicPrefix}=http://127.0.0.1:1/` };
  expect(() => createGit(contextOf({ environment }))).toThrow(ConfigError);
});

test.each([
  'x',
  `${publicPrefix}=http://example.com/`,
  `${publicPrefix}=http://127.0.0.1:1`,
  'http://a/=http://127.0.0.1/',
])('EVERHOOK_GIT_STAND_IN=%s stops the start', (standIn) => {
  const environment = { EVERHOOK_GIT_STAND_IN: standIn };
  expect(() => createGit(contextOf({ development: true, environment }))).toThrow(
    'EVERHOOK_GIT_STAND_IN must be',
  );
});

test.each(['https://github.com', 'GitHub.com', 'github.com/a', 'a b', 'github.com,', 'user@github.com'])(
  'EVERHOOK_GIT_HOSTS=%s stops the start',
  (hosts) => {
    expect(() => createGit(contextOf({ environment: { EVERHOOK_GIT_HOSTS: hosts } }))).toThrow(ConfigError);
  },
);

test('a host of EVERHOOK_GIT_HOSTS takes the place of the usual ones', async () => {
  const { fetchMirror } = createGit(
    contextOf({ environment: { EVERHOOK_GIT_HOSTS: 'git.corp.example:8443' } }),
  );
  const push = { ...pushOf({ after: zeros }), cloneUrl: 'https://github.com/a/b.git' };
  await expect(run(fetchMirror, push)).rejects.toThrow('the host github.com is not in EVERHOOK_GIT_HOSTS');
});

test('a row of processPush without git stops the start', () => {
  const make = () =>
    createGit(contextOf({ routes: [row('processPush', 'github')], environment: { PATH: '/nonexistent' } }));
  expect(make).toThrow(ConfigError);
  expect(make).toThrow('git is not installed');
});
