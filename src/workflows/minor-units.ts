import { decimalsOf } from './display-amount.ts';

/**
 * A decimal text of major units as a whole number of minor ones: `'42.00'` EUR is 4200, `'500'` JPY is 500. Exact: no
 * floating point is asked. Undefined where it is something else, or finer than its currency.
 */
export function minorUnits(value: unknown, currency: unknown): number | undefined {
  if (typeof value !== 'string' || typeof currency !== 'string') return undefined;
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(value) ?? [];
  const digits = fraction.replace(/0+$/, '');
  const decimals = decimalsOf(currency.toUpperCase());
  if (whole === undefined || digits.length > decimals) return undefined;
  const minor = Number(whole + digits.padEnd(decimals, '0'));
  return Number.isSafeInteger(minor) ? minor : undefined;
}
