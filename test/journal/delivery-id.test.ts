import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { deliveryId } from '../../src/journal/delivery-id.ts';

test('ids are UUIDs of version 7, with the time in front', () => {
  const at = Date.parse('2026-11-20T10:00:00.123Z');
  const id = deliveryId(at + 1e9);
  expect(validate(id) && version(id)).toBe(7);
  expect(parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(at + 1e9);
});

test('they are in the order of their making, within a millisecond and where the clock is set back', () => {
  const now = Date.now() + 2e12;
  const made = Array.from({ length: 3000 }, (_, index) => deliveryId(now + (index % 7 === 0 ? 0 : -index)));
  expect(made).toEqual(made.toSorted());
  expect(new Set(made).size).toBe(made.length);
});

test('two ids share no random part', () => {
  const tails = Array.from({ length: 2000 }, () => deliveryId().slice(-12));
  expect(new Set(tails).size).toBe(tails.length);
});
