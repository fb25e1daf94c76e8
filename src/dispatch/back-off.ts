/** Seconds until the next attempt: doubling from 1, at most 300, spread by a tenth so that rows part. */
export const backOffSeconds = (attempts: number, random: () => number = Math.random): number =>
  Math.min(300, 2 ** Math.min(attempts - 1, 20)) * (0.9 + 0.2 * random());

/** The same until a keyed run that has its events waiting is rung again: from 10, at most 3600. */
export const ringAgainSeconds = (attempts: number, random: () => number = Math.random): number =>
  Math.min(3600, 10 * 2 ** Math.min(attempts - 1, 20)) * (0.9 + 0.2 * random());
