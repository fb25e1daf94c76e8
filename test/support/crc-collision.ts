import { crc32 } from 'node:zlib';

const width = 64;

/**
 * Another text of a CRC-32 of one's choice: `bodyWith` puts 64 characters, each 0 or 1, where it likes. A CRC is linear
 * over bits, so that each character that is flipped changes it by a number of its own, and Gauss's elimination finds
 * which of them to flip.
 */
export function withCrc(bodyWith: (digits: string) => string, wanted: number): string {
  const crcOf = (flipped: bigint) => {
    const digits = flipped.toString(2).padStart(width, '0');
    return BigInt(crc32(bodyWith(digits)));
  };
  const plain = crcOf(0n);
  // Of each number: by which bit it leads, and which characters make it.
  const basis = new Map<number, { readonly change: bigint; readonly flips: bigint }>();
  const reduce = (change: bigint, flips = 0n) => {
    for (let bit = 31; bit >= 0; bit--) {
      const row = basis.get(bit);
      if (((change >> BigInt(bit)) & 1n) === 0n) continue;
      if (row === undefined) return { bit, change, flips };
      change ^= row.change;
      flips ^= row.flips;
    }
    return { bit: -1, change, flips };
  };
  for (let at = 0n; at < BigInt(width); at++) {
    const { bit, ...row } = reduce(crcOf(1n << at) ^ plain, 1n << at);
    if (bit >= 0) basis.set(bit, row);
  }
  const { change, flips } = reduce(BigInt(wanted) ^ plain);
  if (change !== 0n) throw new Error('no such text');
  return bodyWith(flips.toString(2).padStart(width, '0'));
}
