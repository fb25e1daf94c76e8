import { expect, test } from 'vitest';
import { bodyLimitOf, checkGateway } from '../src/check.ts';
import { source, type AnyRow, type Gateway, type SourceOptions } from '../src/define.ts';
import { ConfigError } from '../src/errors.ts';
import { github, hmac, payment } from '../src/providers/index.ts';

const gateway = (row: AnyRow, options: SourceOptions = {}): Gateway => ({
  sources: { shop: source(hmac(), options) },
  routes: { shop: { 'order.paid': row } },
  workflowsPath: './workflows',
  activities: {},
});

test('takes plain and external rows', () => {
  expect(() => checkGateway(gateway('run'))).not.toThrow();
  expect(() => checkGateway(gateway({ workflow: 'run', taskQueue: 'q', priority: 1 }))).not.toThrow();
  expect(() => checkGateway(gateway({ external: 'Run', taskQueue: 'python' }))).not.toThrow();
});

const byKey = (): string => 'k';

test.each([
  [{ external: '', taskQueue: 'q' }, 'an external row needs a workflow type and a taskQueue'],
  [{ external: 'Run', taskQueue: '' }, 'an external row needs'],
  [{ workflow: 'run', priority: 9 }, 'priority is a whole number from 1 to 5'],
  [{ workflow: '' }, 'no workflow'],
  ['', 'no workflow'],
  [{ workflow: 'run', inOrderBy: byKey, settlingSeconds: -1 }, 'settlingSeconds must be from 0 to 3600'],
  [{ workflow: 'run', feedBy: byKey, settlingSeconds: 3601 }, 'settlingSeconds must be from 0 to 3600'],
  [{ workflow: 'run', feedBy: byKey, settlingSeconds: NaN }, 'settlingSeconds must be from 0 to 3600'],
  [{ workflow: 'run', settlingSeconds: 1 }, 'settlingSeconds is for inOrderBy and feedBy'],
  [{ workflow: 'run', feedBy: byKey, inOrderBy: byKey }, 'inOrderBy and feedBy exclude each other'],
] as const)('%j stops the start, by name', (row, message) => {
  for (const mode of ['journal', 'direct'] as const) {
    expect(() => checkGateway(gateway(row), mode)).toThrow(message);
    expect(() => checkGateway(gateway(row), mode)).toThrow(ConfigError);
  }
});

test.each([
  [{ workflow: 'run', inOrderBy: byKey }, 'route shop order.paid: inOrderBy needs the journal'],
  [{ workflow: 'run', feedBy: byKey }, 'route shop order.paid: feedBy needs the journal'],
] as const)('%j stops the start in direct mode, by name, and is fine with the journal', (row, message) => {
  expect(() => checkGateway(gateway(row), 'direct')).toThrow(message);
  expect(() => checkGateway(gateway(row), 'journal')).not.toThrow();
});

test('direct mode does not mind rows of a source that is off', () => {
  const keyed = gateway({ workflow: 'run', inOrderBy: byKey }, { refuseReplays: true });
  expect(() => checkGateway(keyed, 'direct', [])).not.toThrow();
  expect(() => checkGateway(keyed, 'direct', ['shop'])).toThrow('inOrderBy needs the journal');
});

test('refuseReplays stops the start in direct mode: it needs the journal', () => {
  const careful = gateway('run', { refuseReplays: true });
  expect(() => checkGateway(careful, 'direct')).toThrow('source shop: refuseReplays');
  expect(() => checkGateway(careful, 'journal')).not.toThrow();
});

test.each([0, -1, 1.5, 26_214_401])('a body limit of %d stops the start', (bodyLimitBytes) => {
  const limited = gateway('run', { bodyLimitBytes });
  expect(() => checkGateway(limited, 'journal')).toThrow('bodyLimitBytes must be from 1 to 26214400');
  expect(() => checkGateway(limited, 'direct')).toThrow('bodyLimitBytes must be from 1 to 1572864');
});

test('bodies over 1.5 MiB need the journal', () => {
  const large = gateway('run', { bodyLimitBytes: 26_214_400 });
  expect(() => checkGateway(large, 'journal')).not.toThrow();
  expect(() => checkGateway(large, 'direct')).toThrow(
    'source shop: bodyLimitBytes must be from 1 to 1572864: larger ones need the journal',
  );
});

test.each([
  ['its own word', source(github(), { bodyLimitBytes: 7 }), 7, 7],
  ["else its provider's, in direct mode 1.5 MiB", source(github()), 26_214_400, 1_572_864],
  ['else 1.5 MiB', source(payment()), 1_572_864, 1_572_864],
])('how large the bodies of a source may be: %s', (_how, one, journal, direct) => {
  expect(bodyLimitOf(one, 'journal')).toBe(journal);
  expect(bodyLimitOf(one, 'direct')).toBe(direct);
});

test.each([
  [{ limit: 0, windowSeconds: 60 }, 'rateLimit.limit must be a whole number from 1 to 1000000, not 0'],
  [{ limit: 1.5, windowSeconds: 60 }, 'rateLimit.limit must be'],
  [{ limit: 1_000_001, windowSeconds: 60 }, 'rateLimit.limit must be'],
  [{ limit: NaN, windowSeconds: 60 }, 'rateLimit.limit must be'],
  [{ limit: 100, windowSeconds: 0 }, 'rateLimit.windowSeconds must be a whole number from 1 to 86400, not 0'],
  [{ limit: 100, windowSeconds: 86_401 }, 'rateLimit.windowSeconds must be'],
  [{ limit: 100, windowSeconds: 0.5 }, 'rateLimit.windowSeconds must be'],
])('a rate limit of %j stops the start, by name', (rateLimit, message) => {
  expect(() => checkGateway(gateway('run', { rateLimit }))).toThrow(`source shop: ${message}`);
  expect(() => checkGateway(gateway('run', { rateLimit }))).toThrow(ConfigError);
});

test('takes a rate limit', () => {
  const rateLimit = { limit: 100, windowSeconds: 60 };
  expect(() => checkGateway(gateway('run', { rateLimit }))).not.toThrow();
});

test.each([0, -1, 1.5, 3651, NaN, Infinity, 'always', '90', null])(
  'bodies kept for %s days stop the start, by name',
  (days) => {
    const odd = gateway('run', { retentionDays: days as number });
    expect(() => checkGateway(odd)).toThrow(
      `source shop: retentionDays must be a whole number from 1 to 3650, or 'forever', not ${days}`,
    );
    expect(() => checkGateway(odd)).toThrow(ConfigError);
  },
);

test.each([1, 90, 3650, 'forever'] as const)('takes bodies kept for %s days, with the journal', (days) => {
  const kept = gateway('run', { retentionDays: days });
  expect(() => checkGateway(kept)).not.toThrow();
  expect(() => checkGateway(kept, 'direct')).toThrow(
    'source shop: retentionDays needs the journal, which direct mode has not',
  );
  expect(() => checkGateway(kept, 'direct', [])).not.toThrow();
});

test('rows of a source that is not there stop the start', () => {
  const { sources, ...rest } = gateway('run');
  expect(() => checkGateway({ ...rest, sources: {}, routes: { shop: {} } })).toThrow(
    'routes name the source shop',
  );
  expect(Object.keys(sources)).toEqual(['shop']);
});
