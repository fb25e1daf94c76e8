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

/** The keys of a map of types for names that an app's author chose: `command`, and all below it. */
export type Named<Kind extends string> = Kind | `${Kind}.${string}`;

/** The types of the events that a row of this type takes: of `command` all below it, of `command.deploy` such ones. */
export type RowType<Events, Type extends string> = Type extends `${infer Kind}.${string}`
  ? `${Kind}.${string}`
  : `${Type}.${string}` extends keyof Events
    ? Named<Type>
    : Type;
