import { expect, onTestFinished, test, vi } from 'vitest';
import type { Accept, Plan, Verdict } from '../../src/accept.ts';
import { createDispatcher } from '../../src/dispatch/dispatcher.ts';
import { leaseSeconds } from '../../src/journal/open.ts';
import { createLogger } from '../../src/log.ts';
import { StartError, type StartFailure } from '../../src/temporal/answers.ts';
import { acceptDirectly } from '../../src/temporal/direct.ts';
import type { Start } from '../../src/temporal/start.ts';
import { createJournal, delivered, deliveredBatch, plan, soon } from '../support/journal.ts';

vi.setConfig({ testTimeout: 30_000 });

interface Mode {
  readonly accept: Accept;
  /** Workflow ids, as Temporal was asked to start them. */
  readonly started: string[];
}

/** Both modes over a Temporal that refuses ids it knows, or fails as told. */
const modes = {
  async journal(failure?: StartFailure): Promise<Mode> {
    const { started, start } = temporal(failure);
    const { journal } = await createJournal();
    const dispatcher = createDispatcher({
      claims: journal.claims,
      start,
      ring: () => Promise.resolve(),
      leaseSeconds,
      retentionSeconds: () => Promise.resolve(86_400),
      log: createLogger({ level: 'silent', terminal: false }),
      observe: () => undefined,
    });
    onTestFinished(() => dispatcher.stop());
    journal.dispatchTo(dispatcher);
    return { accept: journal.accept, started };
  },
  direct(failure?: StartFailure): Promise<Mode> {
    const { started, start } = temporal(failure);
    return Promise.resolve({ accept: acceptDirectly(start), started });
  },
};

function temporal(failure: StartFailure | undefined): { started: string[]; start: Start } {
  const started: string[] = [];
  const start: Start = ({ event }) => {
    if (failure !== undefined) return Promise.reject(new StartError(failure, 'as told'));
    const id = `${event.source}:${event.id}`;
    if (started.includes(id)) return Promise.resolve('duplicate');
    started.push(id);
    return Promise.resolve('started');
  };
  return { started, start };
}

const names = ['journal', 'direct'] as const;
const parked: Plan = { state: 'parked', route: '*', why: 'payload_unexpected', note: '/total', run: plan };
/** What both promise, and what they differ in: docs/lifecycle.md. */
const differs = <Expected>(journal: Expected, direct: Expected) => ({ journal, direct });

test.each(names)('%s: an event is new once, then a duplicate, and is one run', async (name) => {
  const { accept, started } = await modes[name]();
  const verdicts: Verdict[] = [];
  for (let time = 0; time < 3; time++) {
    verdicts.push(...(await accept({ ...delivered({ id: 'e1' }), deadline: soon() })));
  }
  expect(verdicts).toEqual(['new', 'duplicate', 'duplicate']);
  await expect.poll(() => started).toEqual(['payment:e1']);
});

test.each(names)('%s: a batch has a verdict for each event, in order', async (name) => {
  const { accept, started } = await modes[name]();
  await accept({ ...deliveredBatch(['b']), deadline: soon() });
  expect(await accept({ ...deliveredBatch(['a', 'b', 'c']), deadline: soon() })).toEqual([
    'new',
    'duplicate',
    'new',
  ]);
  await expect.poll(() => started.toSorted()).toEqual(['payment:a', 'payment:b', 'payment:c']);
});

test.each(names)('%s: what no row takes starts nothing', async (name) => {
  const { accept, started } = await modes[name]();
  const ignored = delivered({ id: 'e1' }, { route: { state: 'ignored' } });
  expect(await accept({ ...ignored, deadline: soon() })).toEqual(['ignored']);
  expect(started).toEqual([]);
});

test.each(names)('%s: what does not fit the schema starts nothing', async (name) => {
  const { accept, started } = await modes[name]();
  const verdicts = await accept({ ...delivered({ id: 'e1' }, { route: parked }), deadline: soon() });
  expect(verdicts).toEqual(differs<Verdict[]>(['new'], ['ignored'])[name]);
  expect(started).toEqual([]);
});

test.each(names)('%s: the same id with another content', async (name) => {
  const { accept, started } = await modes[name]();
  await accept({ ...delivered({ id: 'e1', amount: 1 }), deadline: soon() });
  const verdicts = await accept({ ...delivered({ id: 'e1', amount: 2 }), deadline: soon() });
  expect(verdicts).toEqual(differs<Verdict[]>(['conflict'], ['duplicate'])[name]);
  await expect.poll(() => started).toEqual(['payment:e1']);
});

test.each(
  names.flatMap((name) =>
    (['unavailable', 'unknown', 'busy', 'setup_refused', 'id_taken'] as const).map(
      (failure) => [name, failure] as const,
    ),
  ),
)('%s: while Temporal answers with %s', async (name, failure) => {
  const { accept } = await modes[name](failure);
  const accepted = accept({ ...delivered({ id: 'e1' }), deadline: soon() });
  if (name === 'journal') expect(await accepted).toEqual(['new']);
  else await expect(accepted).rejects.toMatchObject({ code: 'not_durable', status: 503 });
});

test.each(names)('%s: an event of 1.6 MB', async (name) => {
  const { accept } = await modes[name]();
  const accepted = accept({
    ...delivered({ id: 'e1', padding: 'x'.repeat(1_600_000) }),
    deadline: soon(10_000),
  });
  if (name === 'journal') expect(await accepted).toEqual(['new']);
  else await expect(accepted).rejects.toMatchObject({ code: 'body_too_large', status: 413 });
});
