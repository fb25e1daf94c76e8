import { expect, test } from 'vitest';
import type { Plan } from '../src/accept.ts';
import { parkTooOld } from '../src/api/route.ts';
import { source } from '../src/define.ts';
import { expectedRun } from '../src/dev/expected-run.ts';
import { sampleRequest } from '../src/dev/signed-request.ts';
import { payment, stripe } from '../src/providers/index.ts';
import { memoryBegins, memoryDaysOf, retentionDaysOf } from '../src/retention.ts';

test.each([
  ['a provider that signs no time', source(payment()), 90, undefined],
  ['one that does', source(stripe()), 90, 90],
  ['bodies that are kept for less', source(stripe(), { retentionDays: 7 }), 7, 90],
  ['bodies that are kept for longer', source(stripe(), { retentionDays: 365 }), 365, 365],
  ['bodies that are kept for ever', source(stripe(), { retentionDays: 'forever' }), undefined, undefined],
])('how long bodies and ids are kept: %s', (_what, one, bodies, ids) => {
  expect(retentionDaysOf(one)).toBe(bodies);
  expect(memoryDaysOf(one)).toBe(ids);
});

const now = new Date('2026-11-20T12:00:00.000Z');
const begins = new Date('2026-08-22T12:00:00.000Z');

test('memory begins where the rule says, or later where more was forgotten before', () => {
  const all = source(stripe(), { retentionDays: 'forever' });
  expect(memoryBegins(source(stripe()), now)).toEqual(begins);
  expect(memoryBegins(all, now)).toBeUndefined();
  expect(memoryBegins(source(payment()), now)).toBeUndefined();
  const year = source(stripe(), { retentionDays: 365 });
  const forgotten = new Date('2026-08-01T00:00:00.000Z');
  const first = new Date('2026-08-01T00:00:00.001Z');
  expect(memoryBegins(year, now, forgotten)).toEqual(first);
  expect(memoryBegins(all, now, forgotten)).toEqual(first);
  expect(memoryBegins(source(stripe()), now, forgotten)).toEqual(begins);
});

const run: Plan = { state: 'accepted', kind: 'plain', route: '*', workflow: 'w', taskQueue: 'q' };
const unexpected: Plan = { state: 'parked', route: '*', why: 'payload_unexpected', note: '/total', run };
const event = (occurredAt?: string) => ({
  id: 'e1',
  source: 'stripe',
  type: 't',
  receivedAt: now.toISOString(),
  payload: {},
  ...(occurredAt !== undefined && { occurredAt }),
});
const old = event('2026-08-22T11:59:59.999Z');

test.each([run, unexpected])('a run of an event of before waits for a person, and can be let run', (plan) => {
  expect(parkTooOld(plan, old, begins)).toEqual({
    state: 'parked',
    route: '*',
    why: 'too_old',
    note: 'it occurred at 2026-08-22T11:59:59.999Z, and ids are remembered since 2026-08-22T12:00:00.000Z',
    run,
  });
});

test.each<[string, Plan, ReturnType<typeof event>, Date | undefined]>([
  ['an event that occurred just then', run, event('2026-08-22T12:00:00.000Z'), begins],
  ['an event without its own time', run, event(), begins],
  ['an event whose time is none', run, event('soon'), begins],
  ['what is remembered for ever', run, old, undefined],
  ['what no row takes', { state: 'ignored' }, old, begins],
  [
    'what gave no usable key',
    { state: 'parked', route: '*', why: 'key_unusable', note: 'no key' },
    old,
    begins,
  ],
])('%s stays as it is planned', (_what, plan, one, since) => {
  expect(parkTooOld(plan, one, since)).toBe(plan);
});

test.each([
  ['journal', 'parked'],
  ['direct', 'accepted'],
] as const)('with %s who sends an event of before is told that it is %s', async (mode, state) => {
  const provider = stripe();
  const gateway = {
    sources: { stripe: source(provider) },
    routes: { stripe: { 'invoice.paid': 'recordEvent' } },
    workflowsPath: '',
    activities: {},
  };
  const proof = { secrets: ['secret of the test'] as [string], toleranceSeconds: undefined };
  const url = 'http://localhost/webhooks/stripe';
  const data = Buffer.from('{"id":"evt_1","type":"invoice.paid","created":1700000000}');
  const request = sampleRequest({ provider, proof, type: 'invoice.paid', url, data })();
  const run = await expectedRun(gateway, 'stripe', { url, proof, request, mode });
  expect(run?.plan.state).toBe(state);
});
