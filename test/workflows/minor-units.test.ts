import { expect, test } from 'vitest';
import { minorUnits } from '../../src/workflows/minor-units.ts';

test.each<[string, string, number]>([
  ['30.00', 'USD', 3000],
  ['0.29', 'usd', 29],
  ['1.15', 'EUR', 115],
  ['4.35', 'EUR', 435],
  ['7', 'EUR', 700],
  ['7.5', 'EUR', 750],
  ['0.00', 'EUR', 0],
  ['500', 'JPY', 500],
  ['500.00', 'JPY', 500],
  ['500', 'HUF', 50_000],
  ['1.234', 'KWD', 1234],
  ['1.2340', 'KWD', 1234],
  ['90071992547409.91', 'EUR', Number.MAX_SAFE_INTEGER],
])('%s %s are %i minor units', (value, currency, minor) => {
  expect(minorUnits(value, currency)).toBe(minor);
});

test.each<[unknown, unknown]>([
  ['30.005', 'USD'],
  ['0.5', 'JPY'],
  ['-1.00', 'USD'],
  ['+1.00', 'USD'],
  ['1,000.00', 'USD'],
  ['1e3', 'USD'],
  ['.50', 'USD'],
  ['1.', 'USD'],
  [' 1.00', 'USD'],
  ['', 'USD'],
  ['NaN', 'USD'],
  [30, 'USD'],
  [undefined, 'USD'],
  ['30.00', undefined],
  ['90071992547409.92', 'EUR'],
  ['1234567890123456', 'JPY'],
])('%j %j are none', (value, currency) => {
  expect(minorUnits(value, currency)).toBeUndefined();
});
