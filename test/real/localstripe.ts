import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { onTestFinished } from 'vitest';
import { pythonPackage } from './python-package.ts';
import { run, shellEnvironment, start } from './run.ts';

const version = '1.15.10';
const cliVersion = '1.52.0';
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

/** Has Stripe's own CLI make something happen at a Stripe that is not Stripe's: `stripe trigger customer.created`. */
export async function stripeTrigger(event: string, localstripe: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'everhook-stripe-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await run(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `@stripe/cli@${cliVersion}`],
    {
      cwd: folder,
      timeoutMs: 240_000,
    },
  );
  const env = shellEnvironment({
    STRIPE_API_KEY: apiKey,
    STRIPE_CLI_TELEMETRY_OPTOUT: '1',
    XDG_CONFIG_HOME: folder,
  });
  const args = ['trigger', event, '--api-base', localstripe];
  return await run(join(folder, 'node_modules/.bin/stripe'), args, { cwd: folder, env });
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/v1/balance`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(2000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
