import { expect, test } from 'vitest';
import { displayAmount } from '../../src/workflows/display-amount.ts';

test.each<[number, string, string, string]>([
  [4200, 'EUR', 'stripe', '42.00 EUR'],
  [5, 'USD', 'stripe', '0.05 USD'],
  [0, 'USD', 'stripe', '0.00 USD'],
  [500, 'JPY', 'stripe', '500 JPY'],
  [1234, 'KWD', 'payment', '1.234 KWD'],
  [Number.MAX_SAFE_INTEGER, 'EUR', 'payment', '90071992547409.91 EUR'],
  [500, 'UGX', 'stripe', '5.00 UGX'],
  [500, 'UGX', 'payment', '500 UGX'],
  [500, 'MGA', 'stripe', '500 MGA'],
])('%i minor units of %s at %s are %s', (amountMinor, currency, provider, shown) => {
  expect(displayAmount(amountMinor, currency, provider)).toBe(shown);
});
