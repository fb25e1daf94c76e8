import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sign } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { githubSamples } from '../../src/providers/github-samples.ts';
import { gitlabSamples } from '../../src/providers/gitlab-samples.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { startEverhook } from './everhook.ts';
import { checkout } from './run.ts';

const secret = 'of the recorded bodies';
const signingToken = `whsec_${randomBytes(32).toString('base64')}`;
const atOnce = 8;

/** A recorded body as its sender would post it, signed by others than us. */
interface Recorded {
  readonly source: string;
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its run, where one is routed. */
  readonly runs: boolean;
}

/**
 * A recorded push, of a repository that is somewhere else, told of the sample repository that a start serves: what is
 * recorded of its commits cannot be fetched here.
 */
const moved = (body: object, to: object): object => ({ ...body, ...to });

test('recorded bodies of GitHub, GitLab, Gitea and Bitbucket are taken once, and each routed one ends in a completed run', async () => {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const { addresses, client, command } = await startEverhook(
    ['node', join(checkout, 'bin/everhook.js'), 'start'],
    {
      cwd: checkout,
      home,
      env: {
        GITHUB_WEBHOOK_SECRET: secret,
        GITLAB_WEBHOOK_SIGNING_TOKEN: signingToken,
        GITEA_WEBHOOK_SECRET: secret,
        BITBUCKET_WEBHOOK_SECRET: secret,
      },
    },
  );
  const recorded = [
    ...(await ofGithub()),
    ...(await ofGitlab()),
    ...(await ofGitea()),
    ...(await ofBitbucket()),
  ];
  expect(recorded.filter(({ source }) => source === 'github')).toHaveLength(329);

  const post = async ({ source, body, headers }: Recorded): Promise<unknown> => {
    const response = await fetch(`${addresses.api}/webhooks/${source}`, { method: 'POST', headers, body });
    const answer: unknown = await response.json();
    return { status: response.status, answer };
  };
  await inTurns(recorded, async (one) => {
    const expected = one.runs ? { received: true } : { received: true, ignored: true };
    expect(await post(one), `${one.source} ${one.id}`).toEqual({ status: 200, answer: expected });
    expect(await post(one), `${one.id} again`).toEqual({
      status: 200,
      answer: expect.objectContaining({ received: true, duplicate: true }) as unknown,
    });
  });

  const routed = recorded.filter(({ runs }) => runs);
  expect(new Set(routed.map(({ source }) => source))).toEqual(new Set(['github', 'gitlab']));
  await inTurns(routed, async ({ source, id }) => {
    const handle = client.workflow.getHandle(`${source}:${id}`);
    // Its turn comes when those of its repository before it are done.
    await expect
      .poll(
        () =>
          handle.describe().then(
            () => true,
            () => false,
          ),
        { timeout: 120_000 },
      )
      .toBe(true);
    await handle.result();
    expect((await handle.describe()).status.name).toBe('COMPLETED');
  });

  const { source, id } = recorded.at(-1)!;
  const story = JSON.parse(await command('events', 'show', `${source}:${id}`, '--json')) as {
    deliveries: unknown[];
  };
  expect(story.deliveries).toHaveLength(2);
});

async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const one = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

const hmac = (body: string) => createHmac('sha256', secret).update(body).digest('hex');

async function ofGithub(): Promise<Recorded[]> {
  const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
    name: string;
    examples: object[];
  }[];
  const { repository, ref, before, after } = githubSamples.push();
  const all = examples.flatMap(({ name, examples: bodies }) => bodies.map((body) => ({ name, body })));
  return await Promise.all(
    all.map(async ({ name, body }) => {
      const id = randomUUID();
      const text = JSON.stringify(
        name === 'push' ? moved(body, { repository, ref, before, after, deleted: false }) : body,
      );
      const headers = {
        'content-type': 'application/json',
        'x-github-event': name,
        'x-github-delivery': id,
        'x-hub-signature-256': await sign(secret, text),
      };
      return { source: 'github', id, body: text, headers, runs: name === 'push' };
    }),
  );
}

const fixtures = new URL('../providers/fixtures/', import.meta.url);

async function bodiesOf(folder: string): Promise<{ name: string; text: string }[]> {
  const files = (await readdir(new URL(`${folder}/`, fixtures))).filter((file) => file.endsWith('.json'));
  return await Promise.all(
    files.map(async (name) => ({
      name,
      text: await readFile(new URL(`${folder}/${name}`, fixtures), 'utf8'),
    })),
  );
}

async function ofGitlab(): Promise<Recorded[]> {
  const signer = new Webhook(signingToken);
  return (await bodiesOf('gitlab')).map(({ text }) => {
    const id = randomUUID();
    const { object_kind: kind = '', ...recorded } = JSON.parse(text) as { object_kind?: string };
    const runs = kind === 'push' || kind === 'tag_push';
    const { project, ref, before, after } = gitlabSamples[kind === 'tag_push' ? 'tag_push' : 'push']();
    const body = runs
      ? JSON.stringify(moved({ object_kind: kind, ...recorded }, { project, ref, before, after }))
      : text;
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'x-gitlab-event': 'Recorded Hook',
      'idempotency-key': id,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signer.sign(id, now, body),
    };
    return { source: 'gitlab', id, body, headers, runs };
  });
}

async function ofGitea(): Promise<Recorded[]> {
  return (await bodiesOf('gitea')).map(({ name, text }) => {
    const id = randomUUID();
    const headers = {
      'content-type': 'application/json',
      'x-gitea-event': name.replace(/-event\.json$/, '').replaceAll('-', '_'),
      'x-gitea-delivery': id,
      'x-gitea-signature': hmac(text),
    };
    return { source: 'gitea', id, body: text, headers, runs: false };
  });
}

async function ofBitbucket(): Promise<Recorded[]> {
  const bodies = [...(await bodiesOf('bitbucket/cloud')), ...(await bodiesOf('bitbucket/server'))];
  return bodies.map(({ name, text }) => {
    const id = randomUUID();
    const headers = {
      'content-type': 'application/json',
      'x-event-key': `recorded:${name.replace(/\.json$/, '')}`,
      'x-request-uuid': id,
      'x-request-id': id,
      'x-hub-signature': `sha256=${hmac(text)}`,
    };
    return { source: 'bitbucket', id, body: text, headers, runs: false };
  });
}
