import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Client as Temporal } from '@temporalio/client';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { workflowId } from '../../src/workflow-id.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { startEverhook } from './everhook.ts';
import { startGitHosts } from './git-hosts.ts';
import {
  bitbucket,
  gitea,
  github,
  gitlab,
  hostedPushes,
  proofs,
  signedCommit,
  type Recorded,
} from './recorded-bodies.ts';
import { createRecordedRepository } from './recorded-repositories.ts';
import { checkout } from './run.ts';

const routed = new Set(['github push', 'gitlab push', 'gitlab tag_push']);
const atOnce = 8;

test('every recorded body of GitHub, GitLab, Gitea and Bitbucket is taken once, and what was pushed is mirrored', async () => {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const outside = await temporaryHome();
  onTestFinished(outside.remove);
  const hosts = await startGitHosts(outside.home, ['github.com', 'gitlab.com']);
  await createRecordedRepository(
    hosts.folder,
    'https://github.com/Codertocat/Hello-World.git',
    signedCommit(),
  );
  const hosted = await hostedPushes({ folder: hosts.folder, trees: join(outside.home, 'trees') });
  const { addresses, client } = await startEverhook(['node', join(checkout, 'bin/everhook.js'), 'start'], {
    cwd: checkout,
    home,
    env: { ...proofs, ...hosts.env },
  });

  const asRecorded = [...github(), ...gitlab(), ...gitea(), ...bitbucket()];
  const all = [...asRecorded, ...hosted];
  expect(github()).toHaveLength(329);
  const repeated = all.filter((_, index) => index % 2 === 0);
  const answers: unknown[] = [];
  await inParallel(all, async (recorded, index) => {
    answers.push(...(await deliver(recorded, addresses.api, { again: index % 2 === 0 })));
  });
  const wrong = answers.filter((answer) => answer !== 'as it should be');
  expect(wrong).toEqual([]);
  expect(answers).toHaveLength(all.length + repeated.length);

  const journal = await openJournal(addresses.database!);
  await expect.poll(() => journal.unfinished(), { timeout: 120_000, interval: 250 }).toEqual([]);
  expect(await journal.events()).toEqual(
    sorted(
      all.map(({ source, id, type }) => ({
        source,
        id,
        type,
        state: routed.has(`${source} ${type}`) ? 'handled' : 'ignored',
        runs: 1,
      })),
    ),
  );
  expect(await journal.verdicts()).toEqual({ new: all.length, duplicate: repeated.length });

  // GitLab's two recorded pushes are of a host without TLS, and their runs fail here as they would anywhere.
  const pushes = all.filter(({ source, type }) => routed.has(`${source} ${type}`));
  const ends = await Promise.all(pushes.map((push) => endOf(push, client)));
  const refused = (name: string) => ({ name, status: 'FAILED', end: 'CloneUrlRefused' });
  const completed = (name: string, end: object) => ({ name, status: 'COMPLETED', end });
  const { sha } = signedCommit();
  const tag = { change: 'created', ref: 'refs/tags/simple-tag', head: sha, commits: 1, files: 0 };
  const noTag = { change: 'deleted', ref: 'refs/tags/simple-tag', head: null, commits: 0, files: 0 };
  const branch = { change: 'created', ref: 'refs/heads/master', head: sha, commits: 1, files: 1 };
  expect(ends).toMatchObject([
    ...[tag, noTag, noTag, noTag, branch, branch, noTag].map((end) => completed('push', end)),
    refused('push.json'),
    refused('tag_push.json'),
    completed('push.json at gitlab.com', { change: 'updated', commits: 4, files: 1 }),
    completed('tag_push.json at gitlab.com', { change: 'created', ref: 'refs/tags/v1.0.0', commits: 1 }),
  ]);
  expect(hosts.visited).toEqual(expect.arrayContaining(['github.com:443', 'gitlab.com:443']));
});

/** Posts a body, and once more if asked to; gives for each what was wrong with the answer. */
async function deliver(recorded: Recorded, api: string, { again }: { again: boolean }): Promise<unknown[]> {
  const { source, id, type, name, body } = recorded;
  const told = { received: true, ...(!routed.has(`${source} ${type}`) && { ignored: true }) };
  const expected = [told, ...(again ? [{ ...told, duplicate: true }] : [])];
  const seen: unknown[] = [];
  for (const answer of expected) {
    const headers = await recorded.headers();
    const response = await fetch(`${api}/webhooks/${source}`, { method: 'POST', headers, body });
    const text = await response.text();
    const event = response.headers.get('everhook-event');
    const right =
      response.status === 200 &&
      event === `${source}:${id}` &&
      text.startsWith('{') &&
      isDeepStrictEqual(JSON.parse(text), answer);
    seen.push(right ? 'as it should be' : { source, name, status: response.status, event, text });
  }
  return seen;
}

/** Works on all, so many at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) await work(item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** How the run of an event has ended, by Temporal: its result, or the type of what it failed by. */
async function endOf({ source, id, name }: Recorded, temporal: Temporal) {
  const handle = temporal.workflow.getHandle(workflowId({ source, id }));
  const end = await handle.result().catch((error: unknown) => rootType(error));
  const { status } = await handle.describe();
  return { name, status: status.name, end };
}

function rootType(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return error.cause === undefined ? ((error as { type?: unknown }).type ?? error) : rootType(error.cause);
}

async function openJournal(database: string) {
  const client = new Client({ connectionString: database });
  await client.connect();
  onTestFinished(() => client.end());
  const ask = async <Row extends object>(sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;
  return {
    unfinished: () =>
      ask(
        `select source, workflow_id, state, last_error from everhook.runs where state in ('accepted', 'started')`,
      ),
    events: async () =>
      sorted(
        await ask<{ source: string; id: string }>(
          `select e.source, e.event_id as id, e.type, min(r.state) as state, count(*)::int as runs
           from everhook.events e join everhook.runs r on r.event = e.id
           group by e.id`,
        ),
      ),
    async verdicts() {
      const rows = await ask<{ verdict: string; count: number }>(
        'select verdict, count(*)::int as count from everhook.deliveries group by verdict',
      );
      return Object.fromEntries(rows.map(({ verdict, count }) => [verdict, count]));
    },
  };
}

const sorted = <Event extends { readonly source: string; readonly id: string }>(
  events: readonly Event[],
): Event[] =>
  events.toSorted((one, other) => (`${one.source} ${one.id}` < `${other.source} ${other.id}` ? -1 : 1));
