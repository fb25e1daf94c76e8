import { expect, test } from 'vitest';
import { createFairQueue } from '../../src/dispatch/fair-queue.ts';

const queueOf = (names: string) => {
  const queue = createFairQueue<{ source: string; id: string }>();
  for (const id of names.split(' ')) queue.push({ source: id[0]!, id });
  return queue;
};

test('sources are served in turn, each in its own order', () => {
  const queue = queueOf('a1 a2 a3 a4 b1 b2 c1');
  const served = Array.from({ length: 8 }, () => queue.shift()?.id);
  expect(served).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4', undefined]);
});

test('who comes while others are served takes its turn behind them', () => {
  const queue = queueOf('a1 a2 b1 b2');
  expect(queue.shift()?.id).toBe('a1');
  queue.push({ source: 'c', id: 'c1' });
  expect(Array.from({ length: 4 }, () => queue.shift()?.id)).toEqual(['b1', 'a2', 'c1', 'b2']);
});

test('it knows its size, and can be emptied', () => {
  const queue = queueOf('a1 a2 b1');
  queue.shift();
  expect(queue.size).toBe(2);
  expect(
    queue
      .drain()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['a2', 'b1']);
  expect(queue.size).toBe(0);
  expect(queue.shift()).toBeUndefined();
});
