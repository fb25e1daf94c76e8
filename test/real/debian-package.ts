import { checkout, run } from './run.ts';

/** Installs a package of Debian's where its program is missing. Throws, saying what is needed, when that fails. */
export async function debianPackage(
  name: string,
  { program, versionFlag }: { program: string; versionFlag: string },
): Promise<void> {
  const present = await run(program, [versionFlag], { cwd: checkout }).then(
    () => true,
    () => false,
  );
  if (present) return;
  const options = { cwd: checkout, timeoutMs: 180_000 };
  try {
    await run('apt-get', ['update', '-qq'], options);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], options);
  } catch (cause) {
    throw new Error(`${program} is missing and cannot be installed: apt-get install ${name}`, { cause });
  }
}
