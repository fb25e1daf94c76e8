import { chmod, chown, cp, lstat, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runFile } from '../../src/dev/leftovers.ts';
import { findNativeFolder, completeBinaries } from '../../src/dev/postgres-binaries.ts';
import { startPostgres } from '../../src/dev/postgres.ts';
import { stampOf, until } from '../../src/dev/processes.ts';
import { ConfigError } from '../../src/errors.ts';
import { env, isRoot, listener, sleeper, takenPort, temporaryFolder } from './support.ts';
import type { PostgresOptions } from '../../src/dev/postgres.ts';

vi.setConfig({ testTimeout: 60_000 });

async function start(home: string, options: Partial<PostgresOptions> = {}) {
  const { log, lines } = listener();
  const shared = options.shared ?? join(await temporaryFolder(), 'shared');
  const server = await startPostgres({ home, env, log, shared, ...options });
  onTestFinished(() => server.stop());
  return { ...server, lines };
}

async function query(url: string, sql: string): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows as unknown[][];
  } finally {
    await client.end();
  }
}

const gone = (pid: number) => until(async () => (await stampOf(pid)) === undefined, { timeoutMs: 15_000 });

test('it serves a database everhook, UTF-8, on the loopback alone, behind a password', async () => {
  const home = await temporaryFolder();
  const { url, port } = await start(home);
  const settings = ['server_encoding', 'listen_addresses', 'unix_socket_directories', 'password_encryption'];
  const shown = await query(url, `select ${settings.map((name) => `current_setting('${name}')`).join()}`);
  expect(shown).toEqual([['UTF8', '127.0.0.1', '', 'scram-sha-256']]);
  expect(await query(url, 'select current_database()')).toEqual([['everhook']]);
  expect(await query(url, "select current_setting('synchronous_commit'), current_setting('fsync')")).toEqual([
    ['on', 'on'],
  ]);
  await expect(query(`postgres://postgres:wrong@127.0.0.1:${port}/everhook`, 'select 1')).rejects.toThrow(
    'password',
  );
  await expect(query(`postgres://postgres@127.0.0.1:${port}/everhook`, 'select 1')).rejects.toThrow(
    'password',
  );
});

test('the password is in a file of mode 0600 and nowhere else in the home', async () => {
  const home = await temporaryFolder();
  const { url, stop } = await start(home);
  const password = new URL(url).password;
  expect(password).toMatch(/^[\w-]{32}$/);
  expect((await stat(join(home, 'postgres.password'))).mode & 0o777).toBe(0o600);
  await stop();
  const files = await readdir(home, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile() && entry.name !== 'postgres.password')) {
    expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain(password);
  }
});

test('data outlives a stop, and the second start makes nothing', async () => {
  const home = await temporaryFolder();
  const first = await start(home);
  await query(first.url, 'create table kept (n int); insert into kept values (7)');
  await first.stop();
  await first.stop();
  const second = await start(home);
  expect(await query(second.url, 'select n from kept')).toEqual([[7]]);
  // Somebody else may have the port; nothing else is to be told.
  expect(second.lines.filter((line) => !line.endsWith(`is taken, using ${second.port}`))).toEqual([]);
});

test('after a SIGKILL what was committed is there, and onExit was told', async () => {
  const home = await temporaryFolder();
  const onExit = vi.fn<(code: number | null) => void>();
  const first = await start(home, { onExit });
  await query(first.url, 'create table kept (n int); insert into kept values (7)');
  process.kill(first.pid, 'SIGKILL');
  await vi.waitFor(() => expect(onExit).toHaveBeenCalledExactlyOnceWith(null));
  expect(await stat(join(home, 'postgres', 'postmaster.pid'))).toBeDefined();
  const second = await start(home);
  expect(await query(second.url, 'select n from kept')).toEqual([[7]]);
});

test('a stop is not told as an exit', async () => {
  const onExit = vi.fn<(code: number | null) => void>();
  const { stop, pid } = await start(await temporaryFolder(), { onExit });
  await stop();
  expect(await gone(pid)).toBe(true);
  expect(onExit).not.toHaveBeenCalled();
});

test('a postmaster that still runs on the data is ended first, though no pid file names it', async () => {
  const home = await temporaryFolder();
  const first = await start(home);
  await query(first.url, 'create table kept (n int); insert into kept values (7)');
  await rm(runFile(home, 'postgres'));
  const second = await start(home);
  expect(await gone(first.pid)).toBe(true);
  expect(second.lines[0]).toContain(`ending PostgreSQL (pid ${first.pid})`);
  expect(await query(second.url, 'select n from kept')).toEqual([[7]]);
});

test('a postmaster.pid whose number another program has is no obstacle, and that program lives on', async () => {
  const home = await temporaryFolder();
  await (await start(home)).stop();
  const { uid, gid } = await stat(join(home, 'postgres'));
  // Of the same user: PostgreSQL cannot be sure that it is no postmaster, and refuses to start.
  const { pid } = await sleeper(isRoot ? { uid, gid } : {});
  const file = join(home, 'postgres', 'postmaster.pid');
  await writeFile(file, `${pid}\n${join(home, 'postgres')}\n`);
  await chown(file, uid, gid);
  await start(home);
  expect(await stampOf(pid)).toBeDefined();
});

test('an initdb that was killed half-way leaves nothing in the way', async () => {
  const home = await temporaryFolder();
  await mkdir(join(home, 'postgres.new-killed', 'data', 'base'), { recursive: true });
  await writeFile(join(home, 'postgres.password'), 'kept-from-then\n', { mode: 0o600 });
  const { url } = await start(home);
  expect(new URL(url).password).toBe('kept-from-then');
  expect((await readdir(home)).filter((name) => name.startsWith('postgres.new'))).toEqual([]);
});

test('a taken port leads to the next, and is said', async () => {
  const port = await takenPort();
  const server = await start(await temporaryFolder(), { port });
  expect(server.port).toBeGreaterThan(port);
  expect(server.lines).toContain(`PostgreSQL: port ${port} is taken, using ${server.port}`);
  expect(await query(server.url, 'select 1')).toEqual([[1]]);
});

test('a lost password is a ConfigError that names the file', async () => {
  const home = await temporaryFolder();
  await (await start(home)).stop();
  await rm(join(home, 'postgres.password'));
  await expect(start(home)).rejects.toThrow(ConfigError);
  await expect(start(home)).rejects.toThrow(join(home, 'postgres.password'));
});

test('data that cannot be served is an error with the last words', async () => {
  const home = await temporaryFolder();
  await (await start(home)).stop();
  await writeFile(join(home, 'postgres', 'PG_VERSION'), '9\n');
  await expect(start(home)).rejects.toThrow(/did not start .*postgres\.log[^]*incompatible/);
});

test('where install scripts were blocked, links and modes are made; a second time changes nothing', async () => {
  const folder = await temporaryFolder();
  const native = join(folder, 'native');
  await cp(findNativeFolder(), native, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  for (const { target } of links) await rm(join(folder, target));
  for (const name of ['postgres', 'initdb']) await chmod(join(native, 'bin', name), 0o644);
  const { url } = await start(await temporaryFolder(), { native });
  expect(await query(url, 'select 1')).toEqual([[1]]);
  for (const { target } of links) expect((await lstat(join(folder, target))).isSymbolicLink()).toBe(true);
  const before = (await stat(join(native, 'lib'))).mtimeMs;
  await completeBinaries(native);
  expect((await stat(join(native, 'lib'))).mtimeMs).toBe(before);
});

test('links that lead out of the package are not made', async () => {
  const native = join(await temporaryFolder(), 'native');
  await mkdir(join(native, 'bin'), { recursive: true });
  for (const name of ['postgres', 'initdb']) await writeFile(join(native, 'bin', name), '', { mode: 0o755 });
  await writeFile(join(native, 'pg-symlinks.json'), '[{"source":"native/a","target":"native/../../evil"}]');
  await completeBinaries(native);
  await expect(lstat(join(native, '..', '..', 'evil'))).rejects.toThrow('ENOENT');
});

test.runIf(isRoot)('as root it runs as another user', async () => {
  const { url } = await start(await temporaryFolder());
  const [[folder]] = (await query(url, "select current_setting('data_directory')")) as [[string]];
  expect((await stat(folder)).uid).not.toBe(0);
});

test.runIf(isRoot)(
  'below a closed folder its data goes to the shared one, a folder per home, and stays there',
  async () => {
    const closed = await temporaryFolder({ mode: 0o700 });
    const shared = join(await temporaryFolder(), 'shared');
    const home = join(closed, 'home');
    const first = await start(home, { shared });
    await query(first.url, 'create table kept (n int); insert into kept values (7)');
    const [[data]] = (await query(first.url, "select current_setting('data_directory')")) as [[string]];
    expect(dirname(dirname(data))).toBe(shared);
    expect(first.lines.join()).toContain(`its data is in ${data}`);
    await first.stop();
    await chmod(closed, 0o755);
    const second = await start(home, { shared });
    expect(await query(second.url, 'select n from kept')).toEqual([[7]]);
    const other = await start(join(closed, 'other'), { shared });
    await expect(query(other.url, 'select n from kept')).rejects.toThrow('does not exist');
  },
);

test.runIf(isRoot)(
  'data of a home that was removed does not come back in a new one of its name',
  async () => {
    const home = join(await temporaryFolder({ mode: 0o700 }), 'home');
    const shared = join(await temporaryFolder(), 'shared');
    const first = await start(home, { shared });
    await query(first.url, 'create table kept (n int)');
    await first.stop();
    await rm(home, { recursive: true });
    const second = await start(home, { shared });
    expect(second.lines.join()).toContain('an earlier home');
    await expect(query(second.url, 'select n from kept')).rejects.toThrow('does not exist');
  },
);

test.runIf(isRoot)('binaries below a closed folder are copied to the shared one, once', async () => {
  const closed = await temporaryFolder({ mode: 0o700 });
  const native = join(closed, 'native');
  await cp(findNativeFolder(), native, { recursive: true, verbatimSymlinks: true });
  const shared = join(await temporaryFolder(), 'shared');
  const home = await temporaryFolder();
  const first = await start(home, { native, shared });
  expect(first.lines.join()).toMatch(/cannot reach .*native, so the copy .* is used/);
  await first.stop();
  const copies = await readdir(shared);
  expect(copies).toHaveLength(1);
  await start(home, { native, shared });
  expect(await readdir(shared)).toEqual(copies);
});

test.runIf(isRoot)('where neither place will do, one ConfigError says why not', async () => {
  const closed = await temporaryFolder({ mode: 0o700 });
  const shared = join(closed, 'file');
  await writeFile(shared, '');
  const home = join(closed, 'home');
  await expect(start(home, { shared })).rejects.toThrow(ConfigError);
  await expect(start(home, { shared })).rejects.toThrow(/cannot live in .*DATABASE_URL/);
});

test.runIf(isRoot)(
  'data that was made in the open and then closed off is not silently left behind',
  async () => {
    const outer = await temporaryFolder();
    const home = join(outer, 'home');
    await (await start(home)).stop();
    await chmod(outer, 0o700);
    await expect(start(home)).rejects.toThrow(/its owner .* cannot reach it/);
  },
);
