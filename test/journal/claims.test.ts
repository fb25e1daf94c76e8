import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { claimRuns } from '../../src/journal/claims.ts';
import { leaseSeconds } from '../../src/journal/open.ts';
import { createJournal, type JournalUnderTest } from '../support/journal.ts';

/** Runs that are due, of a row of a source, without events: a claim alone does not look at these. */
const due = (journal: JournalUnderTest, source: string, route: string, count: number) =>
  journal.rows(
    `insert into everhook.runs (event, source, route, kind, workflow, task_queue, state, lease_until)
     select (random() * 1e15)::bigint, $1, $2, 'plain', 'recordEvent', 'everhook',
       'accepted', now() - make_interval(secs => n)
     from generate_series(1, $3::int) n`,
    [source, route, count],
  );

const claim = (limit = 32, except: readonly string[] = []) => [
  ['payment', 'github', 'absent'],
  limit,
  except,
  leaseSeconds,
  randomUUID(),
  86_400,
];

test('what is held back costs a claim nothing, however much of it waits', async () => {
  const journal = await createJournal();
  const pages = async () => {
    const plan = await journal.rows<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) ${claimRuns}`,
      claim(32, ['github/resting']),
    );
    const { 'Shared Hit Blocks': hit = 0, 'Shared Read Blocks': read = 0 } = plan[0]!['QUERY PLAN'][0].Plan;
    return hit + read;
  };
  await journal.rows(`insert into everhook.pauses (source, route, by) values
    ('payment', '', 'a test'), ('github', 'paused', 'a test')`);
  await due(journal, 'payment', 'one', 10);
  await due(journal, 'github', 'paused', 10);
  await due(journal, 'github', 'resting', 10);
  await journal.rows('analyze everhook.runs');
  const few = await pages();
  await due(journal, 'payment', 'two', 5000);
  await due(journal, 'github', 'paused', 5000);
  await due(journal, 'github', 'resting', 5000);
  await journal.rows('analyze everhook.runs');
  // A row looked at is a page: of thousands some would show.
  expect(await pages()).toBeLessThan(few + 100);
});

test('each source has its share, the oldest of all its rows first', async () => {
  const journal = await createJournal();
  await due(journal, 'payment', 'late', 100);
  await due(journal, 'payment', 'early', 5);
  await journal.rows(
    `update everhook.runs set lease_until = lease_until - interval '1 hour' where route = 'early'`,
  );
  await due(journal, 'github', 'push', 3);
  const claimed = await journal.rows<{ source: string; route: string }>(claimRuns, claim(10));
  const counts: Record<string, number> = {};
  for (const { source, route } of claimed) {
    counts[`${source}/${route}`] = (counts[`${source}/${route}`] ?? 0) + 1;
  }
  expect(counts).toEqual({
    'payment/early': 5,
    'payment/late': 2,
    'github/push': 3,
  });
});

test('of another gateway’s sources nothing is claimed', async () => {
  const journal = await createJournal();
  await due(journal, 'aaa', 'x', 3);
  await due(journal, 'zzz', 'x', 3);
  await due(journal, 'payment', 'x', 1);
  expect(await journal.rows(claimRuns, claim())).toHaveLength(1);
});
