import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { debianPackage } from './debian-package.ts';
import { start } from './run.ts';

const program = 'prometheus-alertmanager';
const readyMs = 20_000;

/** An alert as Alertmanager's API takes it. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt?: string;
}

export interface Alertmanager {
  post(alerts: readonly PostedAlert[]): Promise<void>;
}

export interface AlertmanagerOptions {
  readonly folder: string;
  /** Where it posts to, and what it shows there. */
  readonly webhook: { readonly url: string; readonly token: string };
  readonly groupIntervalSeconds: number;
  readonly repeatIntervalSeconds: number;
}

/** Starts Debian's Alertmanager, alone and on loopback, until the test ends. */
export async function startAlertmanager({
  folder,
  webhook,
  groupIntervalSeconds,
  repeatIntervalSeconds,
}: AlertmanagerOptions): Promise<Alertmanager> {
  await debianPackage(program, { program, versionFlag: '--version' });
  const port = await getPort();
  // JSON is YAML.
  const configuration = {
    route: {
      receiver: 'everhook',
      group_by: ['alertname'],
      group_wait: '500ms',
      group_interval: `${groupIntervalSeconds}s`,
      repeat_interval: `${repeatIntervalSeconds}s`,
    },
    receivers: [
      {
        name: 'everhook',
        webhook_configs: [
          { url: webhook.url, http_config: { authorization: { credentials: webhook.token } } },
        ],
      },
    ],
  };
  await writeFile(join(folder, 'alertmanager.yml'), JSON.stringify(configuration));
  const running = start(
    program,
    [
      '--config.file=alertmanager.yml',
      '--storage.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      // Without a value it looks for no peers, and listens nowhere else.
      '--cluster.listen-address=',
    ],
    { cwd: folder },
  );
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + readyMs; !(await isReady(url)); await delay(50)) {
    if (Date.now() > deadline) throw new Error(`Alertmanager is not ready at ${url}:\n${running.text()}`);
  }
  return {
    async post(alerts) {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
        signal: AbortSignal.timeout(10_000),
      });
      if (!response.ok)
        throw new Error(`Alertmanager takes no alert: ${response.status} ${await response.text()}`);
    },
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
