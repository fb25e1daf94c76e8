import { parse as parseLossless } from 'lossless-json';
import { formFields } from '../providers/form.ts';

/** A body as it may have been before something on the way wrote it anew, and what that was. */
export interface Variant {
  readonly body: Buffer;
  /** What follows the words "it matches". */
  readonly words: string;
}

/** What proxies, parsers, tunnels and copy-and-paste do to a body, undone. Never the body itself. */
export function* bodyVariants(body: Buffer): Generator<Variant> {
  for (const [words, change] of changes) {
    const changed = attempt(() => change(body));
    if (changed !== undefined && !changed.equals(body)) yield { body: changed, words };
  }
}

type Change = (body: Buffer) => Buffer | undefined;

const byteOrderMark = Buffer.from('\ufeff');

const changes: readonly (readonly [words: string, change: Change])[] = [
  ['without its byte-order mark', (body) => (startsWithMark(body) ? body.subarray(3) : undefined)],
  ['with its last newline removed', (body) => rewritten(body, (text) => text.replace(/\r?\n$/, ''))],
  ['with a newline at its end', (body) => Buffer.concat([body, Buffer.from('\n')])],
  ['with CR LF at its end', (body) => Buffer.concat([body, Buffer.from('\r\n')])],
  ['without the blanks around it', (body) => rewritten(body, (text) => text.trim())],
  ['with CR LF made LF', (body) => rewritten(body, (text) => text.replaceAll('\r\n', '\n'))],
  ['with LF made CR LF', (body) => rewritten(body, (text) => text.replace(/\r?\n/g, '\r\n'))],
  ['with a byte-order mark', (body) => Buffer.concat([byteOrderMark, body])],
  ['empty: the signature was made before there was a body', () => Buffer.alloc(0)],
  ['as compact JSON: it was re-serialised', (body) => asJson(body, (value) => JSON.stringify(value))],
  ...[2, 4, '\t'].map(
    (indent) =>
      [
        `as JSON indented by ${indent === '\t' ? 'tabs' : indent}: it was re-serialised`,
        (body: Buffer) => asJson(body, (value) => JSON.stringify(value, null, indent)),
      ] as const,
  ),
  ['as Python writes JSON: it was re-serialised', (body) => asJson(body, (value) => ascii(python(value)))],
  [
    'as Python writes JSON, its letters unescaped: it was re-serialised',
    (body) => asJson(body, (value) => python(value)),
  ],
  [
    'as JSON with \\u escapes: it was re-serialised',
    (body) => asJson(body, (value) => ascii(JSON.stringify(value))),
  ],
  [
    'as PHP writes JSON, with \\/ and \\u: it was re-serialised',
    (body) => asJson(body, (value) => ascii(JSON.stringify(value)).replaceAll('/', '\\/')),
  ],
  [
    'as JSON with \\/: it was re-serialised',
    (body) => asJson(body, (value) => JSON.stringify(value).replaceAll('/', '\\/')),
  ],
  [
    'as Go writes JSON, with \\u003c for <: it was re-serialised',
    (body) => asJson(body, (value) => goEscapes(JSON.stringify(value))),
  ],
  [
    'as Go writes JSON, with a newline at its end: it was re-serialised',
    (body) => asJson(body, (value) => `${goEscapes(JSON.stringify(value))}\n`),
  ],
  ['as compact JSON with its names sorted', (body) => asJson(body, (value) => JSON.stringify(sorted(value)))],
  [
    'as the form that held it, in a field payload: the form was unpacked on the way',
    (body) => rewritten(body, (text) => `payload=${formEncoded(text)}`),
  ],
  [
    'as the form that held it, in a field payload with %20: the form was unpacked on the way',
    (body) => rewritten(body, (text) => `payload=${encodeURIComponent(text)}`),
  ],
  ['as the JSON in its field payload: it was made a form on the way', (body) => fromForm(body, 'payload')],
  [
    'as JSON of its fields: it was made a form on the way',
    (body) => asForm(body, (fields) => JSON.stringify(Object.fromEntries(fields))),
  ],
  [
    'with its form encoded anew, + for blanks',
    (body) => asForm(body, (fields) => encodeForm(fields, formEncoded)),
  ],
  [
    'with its form encoded anew, %20 for blanks',
    (body) => asForm(body, (fields) => encodeForm(fields, encodeURIComponent)),
  ],
  [
    'as the form of its members: it was made JSON on the way',
    (body) => asJson(body, (value) => encodeForm(textMembers(value), formEncoded)),
  ],
  [
    'with its UTF-8 read as Latin-1 undone: it was decoded wrongly on the way',
    (body) => rewritten(body, (text) => text, 'latin1'),
  ],
  [
    'as the bytes of its base64',
    (body) => (isBase64(body) ? Buffer.from(body.toString(), 'base64') : undefined),
  ],
];

function attempt(change: () => Buffer | undefined): Buffer | undefined {
  try {
    return change();
  } catch {
    // No JSON, no form, too deep: no variant of that kind.
    return undefined;
  }
}

const rewritten = (body: Buffer, change: (text: string) => string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(change(body.toString()), encoding);

const startsWithMark = (body: Buffer): boolean => body.subarray(0, 3).equals(byteOrderMark);

const asJson = (body: Buffer, write: (value: unknown) => string): Buffer => {
  const text = body.toString();
  if (!/\d{16}|\.\d*0(?!\d)/.test(text)) return Buffer.from(write(JSON.parse(text) as unknown));
  // What JavaScript would round or shorten, other languages write as it came: numbers travel as marked texts.
  const marked = parseLossless(text, null, { parseNumber: (digits) => mark + digits });
  return Buffer.from(write(marked).replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1'));
};

/** No body holds it, at least none that a person asks about. */
const mark = 'everhook-number:';

const asForm = (body: Buffer, write: (fields: [string, string][]) => string): Buffer | undefined => {
  const text = body.toString();
  return /^[^{[<]*=/.test(text) ? Buffer.from(write(formFields(text))) : undefined;
};

function fromForm(body: Buffer, name: string): Buffer | undefined {
  const value = formFields(body.toString()).find(([field]) => field === name)?.[1];
  return value === undefined ? undefined : Buffer.from(value);
}

const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);

const encodeForm = (
  fields: readonly (readonly [string, string])[],
  encode: (text: string) => string,
): string => fields.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');

const textMembers = (value: unknown): [string, string][] =>
  Object.entries(value as object).map(([name, member]) => [
    name,
    typeof member === 'string' ? member.replace(mark, '') : JSON.stringify(member),
  ]);

/** JSON with a blank behind `:` and `,`. */
function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${python(member)}`);
  return `{${members.join(', ')}}`;
}

const ascii = (json: string): string => escaped(json, /[\u0080-\uffff]/g);
const goEscapes = (json: string): string => escaped(json, /[<>&\u2028\u2029]/g);

const escaped = (json: string, characters: RegExp): string =>
  json.replace(characters, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}

const isBase64 = (body: Buffer): boolean => /^[A-Za-z0-9+/\s]{8,}={0,2}\s*$/.test(body.toString('latin1'));
