/** As long as a type may be, in bytes of UTF-8; a longer one would have the delivery refused. */
const typeBytes = 512;

/**
 * The types of an event whose name an app's author chose: `command.deploy`, then `command`. A name that is missing, too
 * long or no storable text leaves the wide type alone, because the delivery is genuine all the same.
 */
export function namedType(wide: string, name: unknown): [string, ...string[]] {
  const type = typeof name === 'string' && name !== '' ? `${wide}.${name}` : wide;
  const usable = Buffer.byteLength(type) <= typeBytes && !type.includes('\0') && type.isWellFormed();
  return type !== wide && usable ? [type, wide] : [wide];
}
