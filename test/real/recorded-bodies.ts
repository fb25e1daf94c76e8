import { createHmac, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sign } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { bitbucketCloudKeys, giteaNames, gitlabTypeOf } from '../providers/recorded.ts';
import { createProject, type SignedCommit } from './recorded-repositories.ts';

const secret = "It's a Secret to Everybody";
const signingToken = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** What the senders prove themselves by, for Everhook. */
export const proofs = {
  GITHUB_WEBHOOK_SECRET: secret,
  GITLAB_WEBHOOK_SIGNING_TOKEN: signingToken,
  GITEA_WEBHOOK_SECRET: secret,
  BITBUCKET_WEBHOOK_SECRET: secret,
};

/** A body, and how its sender would send it, once or again. */
export interface Recorded {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  /** What it is called by where something is wrong with it. */
  readonly name: string;
  readonly body: string;
  headers(): Promise<Record<string, string>> | Record<string, string>;
}

const require = createRequire(import.meta.url);
const examples = require('@octokit/webhooks-examples') as {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}[];

/** The first commit of the repository that most of GitHub's bodies are of. */
export function signedCommit(): SignedCommit {
  const statuses = (examples.find(({ name }) => name === 'status')?.examples ?? []) as readonly {
    sha: string;
    commit: { commit: { verification: { signature: string | null; payload: string | null } } };
  }[];
  for (const { sha, commit } of statuses) {
    const { signature, payload } = commit.commit.verification;
    if (signature !== null && payload !== null) return { sha, signature, payload };
  }
  throw new Error('no status tells of a signed commit');
}

/** All of `@octokit/webhooks-examples`, signed by Octokit. */
export const github = (): Recorded[] =>
  examples.flatMap(({ name, examples: bodies }) =>
    bodies.map((payload): Recorded => {
      const id = randomUUID();
      const body = JSON.stringify(payload);
      const { action } = payload;
      return {
        source: 'github',
        id,
        type: typeof action === 'string' ? `${name}.${action}` : name,
        name,
        body,
        headers: async () => ({
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/044aadd',
          'x-github-event': name,
          'x-github-delivery': id,
          'x-github-hook-id': '109948940',
          'x-hub-signature-256': await sign(secret, body),
        }),
      };
    }),
  );

/** GitLab's, signed by the reference implementation of Standard Webhooks. */
export const gitlab = (): Recorded[] =>
  filesIn('gitlab').map(({ file, body }) => gitlabBody(file, body, gitlabTypeOf(file)));

function gitlabBody(name: string, body: string, type: string): Recorded {
  const id = randomUUID();
  return {
    source: 'gitlab',
    id,
    type,
    name,
    body,
    // Signed anew with each attempt, under the same id.
    headers() {
      const now = new Date();
      return {
        'content-type': 'application/json',
        'user-agent': 'GitLab/19.0.0',
        'idempotency-key': id,
        'x-gitlab-event': 'System Hook',
        'x-gitlab-webhook-uuid': randomUUID(),
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(signingToken).sign(id, now, body),
      };
    },
  };
}

/** GitLab's pushes once more, of projects that are there: another host's address, and other ids of commits. */
export async function hostedPushes(place: {
  readonly folder: string;
  readonly trees: string;
}): Promise<Recorded[]> {
  const read = (file: string) => filesIn('gitlab').find((found) => found.file === file)!.body;
  const [diaspora, example] = ['mike/diaspora', 'jsmith/example'] as const;
  const at = (path: string) => `https://gitlab.com/${path}.git`;
  const moved = (body: string, path: string) => body.replaceAll(`http://example.com/${path}.git`, at(path));
  const { first, last } = await createProject(place, at(diaspora));
  const { tag } = await createProject(place, at(example));
  const push = moved(read('push.json'), diaspora)
    .replaceAll('95790bf891e76fee5e1747ab589903a6a1f80f22', first)
    .replaceAll('da1560886d4f094c3e6c9ef40349f7d38b5d27d7', last);
  const tagPush = moved(read('tag_push.json'), example).replaceAll(
    '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7',
    tag,
  );
  return [
    gitlabBody('push.json at gitlab.com', push, 'push'),
    gitlabBody('tag_push.json at gitlab.com', tagPush, 'tag_push'),
  ];
}

/** Gitea's, under every set of headers that it sends. */
export const gitea = (): Recorded[] =>
  filesIn('gitea').map(({ file, body }): Recorded => {
    const id = randomUUID();
    const [event, kind, type] = giteaNames[file]!;
    const headers = Object.fromEntries([
      ['content-type', 'application/json'],
      ...['gitea', 'gogs'].flatMap((set) => [
        [`x-${set}-delivery`, id],
        [`x-${set}-event`, event],
        [`x-${set}-event-type`, kind],
        [`x-${set}-signature`, hmac(body)],
      ]),
      ['x-github-delivery', id],
      ['x-github-event', event],
      ['x-hub-signature', `sha1=${hmac(body, 'sha1')}`],
      ['x-hub-signature-256', `sha256=${hmac(body)}`],
    ]) as Record<string, string>;
    return { source: 'gitea', id, type, name: file, body, headers: () => headers };
  });

/** Those of Bitbucket Cloud and of Bitbucket Server. */
export function bitbucket(): Recorded[] {
  const cloud = filesIn('bitbucket/cloud').map(({ file, body }) => {
    const key = bitbucketCloudKeys[file]!;
    const hook = { 'user-agent': 'Bitbucket-Webhooks/2.0', 'x-hook-uuid': `{${randomUUID()}}` };
    return { name: file, body, key, idHeader: 'x-request-uuid', more: { ...hook, 'x-attempt-number': '1' } };
  });
  const server = filesIn('bitbucket/server').map(({ file, body }) => {
    const { eventKey } = JSON.parse(body) as { eventKey: string };
    return { name: file, body, key: eventKey, idHeader: 'x-request-id', more: {} };
  });
  return [...cloud, ...server].map(({ name, body, key, idHeader, more }): Recorded => {
    const id = randomUUID();
    const headers = {
      'content-type': 'application/json',
      'x-event-key': key,
      [idHeader]: id,
      'x-hub-signature': `sha256=${hmac(body)}`,
      ...more,
    };
    return { source: 'bitbucket', id, type: key, name, body, headers: () => headers };
  });
}

const hmac = (body: string, algorithm = 'sha256'): string =>
  createHmac(algorithm, secret).update(body).digest('hex');

function filesIn(folder: string): { file: string; body: string }[] {
  const place = new URL(`../providers/fixtures/${folder}/`, import.meta.url);
  const files = readdirSync(place).filter((file) => file.endsWith('.json'));
  return files.map((file) => ({ file, body: readFileSync(new URL(file, place), 'utf8') }));
}
