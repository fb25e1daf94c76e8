const form = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})? ?(Z|UTC|[+-]\d\d:?\d\d)$/;

/**
 * A moment's text as ISO 8601, UTC: `2015-05-17T18:08:09Z`, `2015-05-17 18:08:09 UTC`, `2015-05-17 20:08:09 +0200`.
 * Undefined for all else, above all for a time without a zone, which nobody here could place.
 */
export function zonedTime(value: unknown): string | undefined {
  const [, day, time, fraction = '', zone] = (typeof value === 'string' && form.exec(value)) || [];
  if (day === undefined || zone === undefined) return undefined;
  const offset = zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  const date = new Date(`${day}T${time}${fraction.slice(0, 4)}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
