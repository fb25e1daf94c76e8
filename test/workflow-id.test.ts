import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workflowId } from '../src/workflow-id.ts';

const id = (eventId: string, n?: number) => workflowId({ source: 'stripe', id: eventId }, n);

test('is the source and the event id', () => {
  expect(id('evt_1')).toBe('stripe:evt_1');
  expect(id('evt_1', 2)).toBe('stripe:evt_1~2');
});

test.each([
  ['a b', 'stripe:a%20b'],
  ['50%', 'stripe:50%25'],
  ['a~2', 'stripe:a%7E2'],
  ['é\n', 'stripe:%C3%A9%0A'],
  ['a/b?c#d', 'stripe:a/b?c#d'],
])('escapes %j', (eventId, expected) => {
  expect(id(eventId)).toBe(expected);
});

describe('ids of more than 255 bytes', () => {
  const long = 'x'.repeat(500);

  test('keep both ends and stay within 255 bytes, repetitions too', () => {
    for (const n of [1, 2, 1000]) {
      expect(id(`${long}end`, n).length).toBeLessThanOrEqual(255);
      expect(id(`${long}end`, n)).toMatch(/^stripe:xxx.*end(~\d+)?$/);
    }
  });

  test('differ where the middle differs', () => {
    expect(id(`${long}a${long}`)).not.toBe(id(`${long}b${long}`));
  });

  test('255 bytes are left as they are', () => {
    expect(id('x'.repeat(248))).toBe(`stripe:${'x'.repeat(248)}`);
    expect(id('x'.repeat(249))).toContain('%%');
  });
});

test('no two events, and no event and a repetition, share an id', () => {
  const eventId = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(
      eventId,
      eventId,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      (a, b, n, m) => {
        fc.pre(a !== b || n !== m);
        return id(a, n) !== id(b, m);
      },
    ),
  );
});

test('every id is printable ASCII of at most 255 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), (eventId) =>
      /^[\x21-\x7e]{1,255}$/.test(id(eventId)),
    ),
  );
});
