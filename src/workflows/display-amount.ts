const withoutDecimals = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' ');
const withThree = 'BHD IQD JOD KWD LYD OMR TND'.split(' ');
// Where Stripe counts otherwise than ISO 4217: https://docs.stripe.com/currencies#special-cases
const atStripe: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

/** Minor units as people write them: `42.00 EUR`, `500 JPY`. */
export function displayAmount(amountMinor: number, currency: string, provider: string): string {
  const decimals = (provider === 'stripe' ? atStripe[currency] : undefined) ?? decimalsOf(currency);
  const digits = String(amountMinor).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return `${decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`} ${currency}`;
}

/** How many decimals a currency has by ISO 4217, as far as they are in use. */
export const decimalsOf = (currency: string): number =>
  withoutDecimals.includes(currency) ? 0 : withThree.includes(currency) ? 3 : 2;
