import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { pythonPackage } from './python-package.ts';
import { shellEnvironment, start } from './run.ts';

const version = '1.15.10';
const readyMs = 30_000;
/** Any key of Stripe's form will do. */
export const apiKey = 'sk_test_localstripe';

/**
 * Starts localstripe, which keeps what Stripe's API is told in memory and posts signed webhooks, until the
 * test ends. Installs it for this user where it is missing. It listens on all addresses: it knows no other way.
 */
export async function startLocalstripe(): Promise<{ port: number; url: string }> {
  const packages = await pythonPackage('localstripe', version);
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

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/v1/balance`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(2000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
