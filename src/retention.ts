import type { Source } from './define.ts';

/** How long bodies are kept where a source does not say, in days. */
export const defaultRetentionDays = 90;
/** How long ids are remembered at least, however short bodies are kept, in days. */
export const shortestMemoryDays = 90;
const longestDays = 3650;
const dayMs = 86_400_000;

/** What is wrong with a `retentionDays`, in words; undefined when nothing is. */
export function retentionComplaintOf(days: number | 'forever' | undefined): string | undefined {
  if (days === undefined || days === 'forever') return undefined;
  if (Number.isInteger(days) && days >= 1 && days <= longestDays) return undefined;
  return `retentionDays must be a whole number from 1 to ${longestDays}, or 'forever', not ${days}`;
}

/** How long a source keeps bodies, in days; undefined: for ever. */
export function retentionDaysOf({
  options: { retentionDays = defaultRetentionDays },
}: Source): number | undefined {
  return retentionDays === 'forever' ? undefined : retentionDays;
}

/**
 * How long a source remembers ids, in days; undefined: for ever. Only where a retry carries the same signed time can
 * an id be forgotten: by that time it is known to be too old when it comes again.
 */
export function memoryDaysOf(source: Source): number | undefined {
  const days = retentionDaysOf(source);
  if (!source.provider.signedTime || days === undefined) return undefined;
  return Math.max(shortestMemoryDays, days);
}

export const daysBefore = (now: Date, days: number): Date => new Date(now.getTime() - days * dayMs);

/**
 * Since when a source remembers ids; undefined: it forgot none. What was forgotten under a shorter memory stays so when
 * that is made longer.
 */
export function memoryBegins(source: Source, now: Date, forgottenUpTo?: Date): Date | undefined {
  const days = memoryDaysOf(source);
  const moments = [
    ...(days === undefined ? [] : [daysBefore(now, days).getTime()]),
    // The event of that very moment is forgotten, too.
    ...(forgottenUpTo === undefined ? [] : [forgottenUpTo.getTime() + 1]),
  ];
  return moments.length === 0 ? undefined : new Date(Math.max(...moments));
}
