import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureHome, readJson, writeJson, writeText } from '../../src/dev/home.ts';
import { ConfigError } from '../../src/errors.ts';
import { temporaryFolder } from './support.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('a home that is made can be passed by every user, whatever the umask', async () => {
  const before = process.umask(0o077);
  try {
    const home = await ensureHome(join(await temporaryFolder(), 'home'));
    expect(await modeOf(home)).toBe(0o755);
  } finally {
    process.umask(before);
  }
});

test('a home that exists keeps its mode', async () => {
  const folder = await temporaryFolder({ mode: 0o700 });
  await ensureHome(folder);
  expect(await modeOf(folder)).toBe(0o700);
});

test('a home that is a file is a ConfigError that names it', async () => {
  const file = join(await temporaryFolder(), 'home');
  await writeFile(file, '');
  await expect(ensureHome(file)).rejects.toThrow(ConfigError);
  await expect(ensureHome(file)).rejects.toThrow(file);
});

test.runIf(process.platform === 'linux')(
  'where no folder can be made it says so, and comes back',
  async () => {
    await expect(ensureHome('/proc/everhook/home')).rejects.toThrow(
      /^EVERHOOK_HOME: \/proc\/everhook\/home cannot be made or written: ENOENT/,
    );
  },
);

test('a secret is 0600, also over a file that was open to all', async () => {
  const file = join(await temporaryFolder(), 'secret');
  await writeFile(file, 'old');
  await chmod(file, 0o666);
  await writeText(file, 'new', { mode: 0o600 });
  expect(await modeOf(file)).toBe(0o600);
});

test('a write that fails leaves no draft', async () => {
  const folder = await temporaryFolder();
  await ensureHome(join(folder, 'target'));
  await expect(writeText(join(folder, 'target'), 'text')).rejects.toThrow('EISDIR');
  expect(await readdir(folder)).toEqual(['target']);
});

test('JSON comes back; none is undefined; broken JSON is named', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'deep', 'value.json');
  expect(await readJson(file)).toBeUndefined();
  await writeJson(file, { a: [1] });
  expect(await readJson(file)).toEqual({ a: [1] });
  await writeFile(file, '{"a":');
  await expect(readJson(file)).rejects.toThrow(`${file} is not JSON`);
});
