/** At most so many in a window, which begins with the first that is counted. */
export interface RateLimit {
  /** How many, from 1 to 1,000,000. */
  readonly limit: number;
  /** How long the window is, in seconds, from 1 to 86,400 (a day). */
  readonly windowSeconds: number;
}

/** What is wrong with a limit, in words; undefined when nothing is. */
export function complaintOf({ limit, windowSeconds }: RateLimit): string | undefined {
  if (!isWithin(limit, 1_000_000)) return `limit must be a whole number from 1 to 1000000, not ${limit}`;
  if (!isWithin(windowSeconds, 86_400)) {
    return `windowSeconds must be a whole number from 1 to 86400, not ${windowSeconds}`;
  }
  return undefined;
}

const isWithin = (value: number, to: number): boolean => Number.isInteger(value) && value >= 1 && value <= to;
