import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLimiter } from '../../src/api/limiter.ts';

// The date alone: what is tested is the clock, not the timers that tidy up.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

const limiter = (limit: number, windowSeconds: number, maxKeys?: number) =>
  createLimiter({ limit, windowSeconds }, { policy: 'refusals', ...(maxKeys !== undefined && { maxKeys }) });

test('is over from the first count above the limit to the end of the window', async () => {
  const count = limiter(2, 10);
  const over = async () => (await count('a')).over;
  expect([await over(), await over(), await over()]).toEqual([false, false, true]);
  pass(9999);
  expect(await over()).toBe(true);
  pass(1);
  expect([await over(), await over(), await over()]).toEqual([false, false, true]);
});

test('says in headers what is left, of what, and when to try again', async () => {
  const count = limiter(2, 10);
  expect((await count('a')).headers).toEqual({
    'ratelimit-policy': '"refusals";q=2;w=10',
    ratelimit: '"refusals";r=1;t=10',
  });
  pass(7001);
  expect((await count('a')).headers.ratelimit).toBe('"refusals";r=0;t=3');
  pass(2998);
  expect((await count('a')).headers).toEqual({
    'ratelimit-policy': '"refusals";q=2;w=10',
    ratelimit: '"refusals";r=0;t=1',
    'retry-after': '1',
  });
});

test('counts each key by itself', async () => {
  const count = limiter(1, 10);
  await count('a');
  expect((await count('b')).over).toBe(false);
  expect((await count('a')).over).toBe(true);
});

test('forgets the oldest window when there are more keys than it may hold', async () => {
  const count = limiter(1, 10, 2);
  const over = async (key: string) => (await count(key)).over;
  await count('a');
  await count('b');
  expect([await over('a'), await over('b')]).toEqual([true, true]);
  await count('c');
  expect([await over('b'), await over('c')]).toEqual([true, true]);
  expect(await over('a')).toBe(false);
});

test('a window that began anew is not the oldest any more', async () => {
  const count = limiter(1, 10, 2);
  await count('a');
  pass(5000);
  await count('b');
  pass(5000);
  await count('a');
  await count('c');
  expect((await count('a')).over).toBe(true);
  expect((await count('b')).over).toBe(false);
});

test('holds ten thousand keys, however many come', async () => {
  const count = limiter(1, 86_400);
  await count('first');
  await count('second');
  for (let n = 0; n < 9_998; n++) await count(`key ${n}`);
  expect((await count('first')).over).toBe(true);
  await count('one more');
  expect((await count('second')).over).toBe(true);
  expect((await count('first')).over).toBe(false);
});
