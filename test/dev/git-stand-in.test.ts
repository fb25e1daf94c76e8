import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { gitEnvironment } from '../../src/dev/git-environment.ts';
import { startGitStandIn } from '../../src/dev/git-stand-in.ts';
import { samplePush } from '../../src/providers/github-samples.ts';
import { env, listener, program, temporaryFolder } from './support.ts';

const run = promisify(execFile);
const git = async (cwd: string, ...args: string[]) =>
  (await run('git', args, { cwd, env: gitEnvironment(env) })).stdout.trim();

async function started() {
  const home = await temporaryFolder();
  const { log, lines } = listener();
  const standIn = await startGitStandIn({ home, env, log });
  onTestFinished(() => standIn.stop());
  return { home, standIn, lines };
}

/** Sends a path as it is; `fetch` would tidy it first. */
async function ask(url: string, path: string, { method = 'GET', headers = {}, body = Buffer.alloc(0) } = {}) {
  return new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
    const { port } = new URL(url);
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    asked.on('error', reject).end(body);
  });
}

test('the sample push is the made history: its ends, a rename and a binary file', async () => {
  const { home, standIn } = await started();
  await git(home, 'clone', '--quiet', `${standIn.url}/sample.git`, 'clone');
  const clone = join(home, 'clone');
  expect(await git(clone, 'rev-parse', 'HEAD')).toBe(samplePush.after);
  expect(await git(clone, 'rev-parse', 'HEAD~3')).toBe(samplePush.before);
  expect(await git(clone, 'symbolic-ref', 'HEAD')).toBe(samplePush.ref);
  const range = `${samplePush.before}..${samplePush.after}`;
  expect(await git(clone, 'diff', '-M', '--name-status', range)).toMatch(
    /R\d+\tsrc\/price\.js\tsrc\/catalogue\.js/,
  );
  expect(await git(clone, 'diff', '--numstat', range)).toContain('-\t-\tpublic/thing.png');
});

test.each(['0', '1', '2'])(
  'a commit can be fetched by its id, shallow, with protocol %s',
  async (version) => {
    const { home, standIn } = await started();
    await git(home, 'init', '--quiet', 'fetched');
    const fetched = join(home, 'fetched');
    const options = ['-c', `protocol.version=${version}`];
    await git(
      fetched,
      ...options,
      'fetch',
      '--quiet',
      '--depth=1',
      `${standIn.url}/sample.git`,
      samplePush.before,
    );
    expect(await git(fetched, 'rev-parse', 'FETCH_HEAD')).toBe(samplePush.before);
  },
);

test('a second start keeps the repository, and makes a broken one anew', async () => {
  const home = await temporaryFolder();
  const { log } = listener();
  const first = await startGitStandIn({ home, env, log });
  await first.stop();
  const mark = join(home, 'stand-ins', 'git', 'sample.git', 'mark');
  await writeFile(mark, '');
  const second = await startGitStandIn({ home, env, log });
  await second.stop();
  await rm(mark);
  await rm(join(home, 'stand-ins', 'git', 'sample.git', 'refs'), { recursive: true });
  await rm(join(home, 'stand-ins', 'git', 'sample.git', 'packed-refs'), { force: true });
  const third = await startGitStandIn({ home, env, log });
  onTestFinished(() => third.stop());
  expect(await git(home, 'ls-remote', `${third.url}/sample.git`, samplePush.ref)).toContain(samplePush.after);
});

test('a compressed question is understood', async () => {
  const { standIn } = await started();
  const body = gzipSync('0014command=ls-refs\n0000');
  const headers = {
    'content-type': 'application/x-git-upload-pack-request',
    'content-encoding': 'gzip',
    'git-protocol': 'version=2',
  };
  const answer = await ask(standIn.url, '/sample.git/git-upload-pack', { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  expect(answer.body.toString()).toContain(`${samplePush.after} ${samplePush.ref}`);
});

test('rubbish, compressed or not, ends the request and not the server', async () => {
  const { standIn } = await started();
  const path = '/sample.git/git-upload-pack';
  const headers = { 'content-encoding': 'gzip' };
  await ask(standIn.url, path, { method: 'POST', headers, body: Buffer.from('rubbish') }).catch(
    () => undefined,
  );
  await ask(standIn.url, path, { method: 'POST', body: Buffer.from('rubbish') }).catch(() => undefined);
  expect((await ask(standIn.url, '/sample.git/info/refs?service=git-upload-pack')).status).toBe(200);
});

test.each([
  ['GET', '/', 404],
  ['GET', '/sample.git', 404],
  ['GET', '/sample.git/HEAD', 404],
  ['GET', '/sample.git/objects/info/packs', 404],
  ['GET', '/other.git/info/refs?service=git-upload-pack', 404],
  ['GET', '/../secret.git/info/refs?service=git-upload-pack', 404],
  ['GET', '/%2e%2e/secret.git/info/refs?service=git-upload-pack', 404],
  ['GET', '/..%2fsecret.git/info/refs?service=git-upload-pack', 404],
  ['GET', '//secret.git/info/refs?service=git-upload-pack', 404],
  ['GET', '/sample.git/info/refs', 403],
  ['GET', '/sample.git/info/refs?service=git-receive-pack', 403],
  ['POST', '/sample.git/git-receive-pack', 403],
  ['GET', '/sample.git/git-upload-pack', 405],
  ['POST', '/sample.git/info/refs?service=git-upload-pack', 405],
] as const)('%s %s is answered %i', async (method, path, status) => {
  const { home, standIn } = await started();
  await mkdir(join(home, 'secret.git'));
  expect((await ask(standIn.url, path, { method })).status).toBe(status);
});

test('a push is refused', async () => {
  const { home, standIn } = await started();
  await git(home, 'clone', '--quiet', `${standIn.url}/sample.git`, 'clone');
  await expect(git(join(home, 'clone'), 'push', 'origin', 'HEAD:refs/heads/new')).rejects.toThrow('403');
});

test('a machine without git is told so', async () => {
  const home = await temporaryFolder();
  const { log } = listener();
  const found = startGitStandIn({ home, env: { PATH: join(home, 'nothing') }, log });
  await expect(found).rejects.toThrow('the sample repository cannot be made: git: spawn git ENOENT');
});

test('hooks, templates and settings of the user have no say', async () => {
  const folder = await temporaryFolder();
  await program(join(folder, 'hooks', 'reference-transaction'), 'exit 1');
  await writeFile(
    join(folder, '.gitconfig'),
    `[core]\nhooksPath = ${join(folder, 'hooks')}\n[init]\ndefaultBranch = x\n`,
  );
  const standIn = await startGitStandIn({
    home: join(folder, 'home'),
    env: { ...env, HOME: folder },
    log: listener().log,
  });
  onTestFinished(() => standIn.stop());
  expect(await git(folder, 'ls-remote', `${standIn.url}/sample.git`, 'HEAD')).toContain(samplePush.after);
});
