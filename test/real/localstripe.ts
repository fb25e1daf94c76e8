import { setTimeout as delay } from 'node:timers/promises';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import getPort from 'get-port';
import { cachedPath, keepInCache } from '../../src/dev/cache.ts';
import { run, shellEnvironment, start } from './run.ts';

const version = '1.15.10';
const readyMs = 30_000;
/** Any key of Stripe's form will do. */
export const apiKey = 'sk_test_localstripe';

/**
 * Starts localstripe, which keeps what Stripe's API is told in memory and posts signed webhooks, until the
 * test ends. Installs it for this user where it is missing. It listens on all addresses: it knows no other way.
 */
export async function startLocalstripe(): Promise<{ port: number; url: string }> {
  const packages = await ensureInstalled();
  const port = await getPort();
  const env = shellEnvironment({ PYTHONPATH: packages, PYTHONUNBUFFERED: '1' });
  const running = start('python3', ['-m', 'localstripe', '--from-scratch', '--port', String(port)], {
    cwd: packages,
    env,
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + readyMs;
  while (!(await answers(url))) {
    if (Date.now() > deadline) throw new Error(`localstripe does not answer at ${url}:\n${running.text()}`);
    await delay(100);
  }
  return { port, url };
}

/** Has localstripe post to an address, signed with `secret`. */
export async function registerWebhook(localstripe: string, url: string, secret: string): Promise<void> {
  const response = await fetch(`${localstripe}/_config/webhooks/everhook`, {
    method: 'POST',
    body: JSON.stringify({ url, secret }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok)
    throw new Error(`localstripe takes no webhook: ${response.status} ${await response.text()}`);
}

/** Gives the folder of its Python packages. Throws, saying what is needed, when they cannot be installed. */
async function ensureInstalled(): Promise<string> {
  const target = cachedPath({ name: 'localstripe', version }, process.env);
  const present = await access(target).then(
    () => true,
    () => false,
  );
  if (present) return target;
  return await keepInCache(target, async (folder) => {
    const packages = join(folder, 'packages');
    const args = ['-m', 'pip', 'install', '--quiet', '--target', packages, `localstripe==${version}`];
    try {
      await run('python3', args, { cwd: folder, timeoutMs: 180_000 });
    } catch (cause) {
      throw new Error(`localstripe ${version} cannot be installed: python3 with pip, and PyPI, are needed`, {
        cause,
      });
    }
    return packages;
  });
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/v1/balance`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(2000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
