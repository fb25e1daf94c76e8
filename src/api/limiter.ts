import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RateLimit } from '../rate-limit.ts';

/** What counting once more found. */
export interface Counted {
  /** True from the first count above the limit to the end of the window. */
  readonly over: boolean;
  /** What the answer says of it: `RateLimit` and `RateLimit-Policy`, and `Retry-After` when over. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts once for a key. */
export type Limiter = (key: string) => Promise<Counted>;

export interface LimiterOptions {
  /** The policy's name in the headers. */
  readonly policy: string;
  /** How many keys are counted at once; for one more, that with the oldest window is forgotten. */
  readonly maxKeys?: number;
}

/**
 * Counts in this process's memory, by key, in fixed windows. The header fields are those of
 * draft-ietf-httpapi-ratelimit-headers-10; `Retry-After` is in seconds and ends with the window.
 */
export function createLimiter(rateLimit: RateLimit, { policy, maxKeys = 10_000 }: LimiterOptions): Limiter {
  const { limit, windowSeconds } = rateLimit;
  const counts = new RateLimiterMemory({ points: limit, duration: windowSeconds, keyPrefix: '' });
  // The library bounds the time of a key and not their number. All windows are of one length, so the
  // order in which they began is that in which they end.
  const oldestFirst = new Set<string>();
  return async (key) => {
    const count = await counts.penalty(key);
    if (count.isFirstInDuration) {
      oldestFirst.delete(key);
      oldestFirst.add(key);
      const [oldest] = oldestFirst;
      if (oldestFirst.size > maxKeys && oldest !== undefined) {
        oldestFirst.delete(oldest);
        await counts.delete(oldest);
      }
    }
    const over = count.consumedPoints > limit;
    const seconds = Math.max(1, Math.ceil(count.msBeforeNext / 1000));
    return {
      over,
      headers: {
        'ratelimit-policy': `"${policy}";q=${limit};w=${windowSeconds}`,
        ratelimit: `"${policy}";r=${count.remainingPoints};t=${seconds}`,
        ...(over && { 'retry-after': String(seconds) }),
      },
    };
  };
}
