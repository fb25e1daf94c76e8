/** One value of DER (X.690): its tag, and what it holds. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

/** The values that lie one after another in the bytes. Throws Error where they do not fill them. */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    const { start, length } = contentAt(bytes, at + 1);
    if (start + length > bytes.length) throw new Error('DER: a value is cut off');
    values.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}

/** A length is one byte, or the number of bytes that hold it, and those. */
function contentAt(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes[at] ?? 0x80;
  if (first < 0x80) return { start: at + 1, length: first };
  const size = first - 0x80;
  if (size < 1 || size > 4 || at + 1 + size > bytes.length) throw new Error('DER: no length');
  return { start: at + 1 + size, length: bytes.readUIntBE(at + 1, size) };
}

/** A value of these parts, of this tag. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
