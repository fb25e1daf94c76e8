// Another's word is honoured, but not for ever.
const longestSeconds = 600;
const usualSeconds = 10;

/** How long to wait by a Retry-After of seconds: 1 to 600, and 10 where there is none. Its other form is a date, and rare. */
export const retryAfterSeconds = (value: string | null | undefined): number =>
  value !== null && value !== undefined && /^\d{1,6}(\.\d{1,6})?$/.test(value)
    ? Math.min(Math.max(Math.ceil(Number(value)), 1), longestSeconds)
    : usualSeconds;
