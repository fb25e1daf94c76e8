import { DOMParser, type Element } from '@xmldom/xmldom';
import { WebhookError } from '../errors.ts';
import { utf8 } from './json.ts';

/** A stretch of an XML text: `from` and `to` are offsets. Of tags the whole of them, of all else what is inside. */
export interface XmlPiece {
  readonly kind: 'open' | 'close' | 'empty' | 'text' | 'cdata' | 'comment';
  readonly from: number;
  readonly to: number;
  /** How many elements are around it. */
  readonly depth: number;
  /** Of tags: the element's name, prefix included. */
  readonly name: string;
}

/** An attribute of a tag: its name, prefix included, and where its value is. */
export interface XmlAttribute {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A SOAP envelope has a depth of seven or so; neither a parser nor a reader may be led down without end. */
const deepest = 64;

const blank = '[ \\t\\r\\n]';
const name = '[^ \\t\\r\\n<>&/=!?\'"]+';
const value = '"[^"<]*"|\'[^\'<]*\'';
const startTag = new RegExp(
  `<(${name})(?:${blank}+${name}${blank}*=${blank}*(?:${value}))*${blank}*(/?)>`,
  'y',
);
const endTag = new RegExp(`</(${name})${blank}*>`, 'y');
const attribute = new RegExp(`${blank}(${name})${blank}*=${blank}*(${value})`, 'g');
const declared = '(?:version|encoding|standalone)[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"[\\w.-]*"|\'[\\w.-]*\')';
/** A byte-order mark, also as bytes, and the declaration. */
const beginning = new RegExp(
  `^(?:\\ufeff|\\xef\\xbb\\xbf)?(?:<\\?xml(?:${blank}+${declared})+${blank}*\\?>)?`,
);
const notReference = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)/;
// What XML 1.0 has no way to say (section 2.2), besides halves of a surrogate pair.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const impossible = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/**
 * The pieces of an XML text, in their order; the text may also be its bytes, one character each. Stricter than XML:
 * no document type, entities of one's own or processing instructions, which SOAP forbids too (SOAP 1.1, section 3).
 * Throws WebhookError `not_xml`, `too_deep`.
 */
export function* xmlPieces(text: string): Generator<XmlPiece> {
  const open: string[] = [];
  const piece = (kind: XmlPiece['kind'], from: number, to: number, tag = ''): XmlPiece => ({
    kind,
    from,
    to,
    depth: open.length,
    name: tag,
  });
  let roots = 0;
  let at = beginning.exec(text)?.[0].length ?? 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const end = next < 0 ? text.length : next;
    if (end > at) {
      const said = text.slice(at, end);
      if (open.length === 0 && /[^ \t\r\n]/.test(said)) throw notXml('text outside of its root');
      requireReferences(said);
      yield piece('text', at, end);
    }
    at = end;
    if (next < 0) break;
    if (text.startsWith('<!--', at)) {
      const to = closing(text, '-->', at + 4);
      yield piece('comment', at + 4, to);
      at = to + 3;
    } else if (open.length > 0 && text.startsWith('<![CDATA[', at)) {
      const to = closing(text, ']]>', at + 9);
      yield piece('cdata', at + 9, to);
      at = to + 3;
    } else if (text.startsWith('<!', at)) {
      throw notXml('a document type, or what is no markup');
    } else if (text.startsWith('<?', at)) {
      throw notXml('a processing instruction');
    } else if (text.startsWith('</', at)) {
      const [tag, closed = ''] = matchAt(endTag, text, at);
      if (open.pop() !== closed) throw notXml('tags that do not match');
      yield piece('close', at, at + tag.length, closed);
      at += tag.length;
    } else {
      const [tag, opened = '', empty] = matchAt(startTag, text, at);
      requireReferences(tag);
      if (open.length === 0 && ++roots > 1) throw notXml('more than one root');
      yield piece(empty === '/' ? 'empty' : 'open', at, at + tag.length, opened);
      if (empty !== '/' && open.push(opened) > deepest) {
        throw new WebhookError('payload_unreadable', { reason: 'too_deep' });
      }
      at += tag.length;
    }
  }
  if (open.length > 0) throw notXml('a tag that is not closed');
  if (roots === 0) throw notXml('no root');
}

/** The attributes of a tag, as `xmlPieces` gave it. */
export function xmlAttributes(text: string, tag: XmlPiece): XmlAttribute[] {
  return [...text.slice(tag.from, tag.to).matchAll(attribute)].map((match) => {
    const [all, attributeName = '', quoted = ''] = match;
    const from = tag.from + match.index + all.length - quoted.length + 1;
    return { name: attributeName, from, to: from + quoted.length - 2 };
  });
}

/**
 * The text of XML in UTF-8, which it must be and may say. Throws WebhookError `not_utf8`, `not_xml`.
 */
export function xmlText(body: Buffer): string {
  const text = utf8(body);
  const [, encoding = 'utf-8'] = /^<\?xml[^>]*?encoding[ \t\r\n]*=[ \t\r\n]*["']([^"'>]*)/.exec(text) ?? [];
  if (encoding.toLowerCase() !== 'utf-8') throw notXml('it says that it is not UTF-8');
  if (impossible.test(text)) throw notXml('a character that XML has not');
  return text;
}

/**
 * Reads XML in UTF-8, namespaces and all, and gives its root. Nothing but elements, texts, comments and the
 * references of XML itself is taken. Throws WebhookError `not_utf8`, `not_xml`, `too_deep`, which quote nothing of it.
 */
export function parseXml(body: Buffer): Element {
  const text = xmlText(body);
  // The parser takes more than XML, and any depth.
  const pieces = xmlPieces(text);
  while (!pieces.next().done);
  try {
    const root = new DOMParser({ locator: false, onError, normalizeLineEndings }).parseFromString(
      text,
      'text/xml',
    ).documentElement;
    if (root) return root;
  } catch {
    // What the parser says quotes the text, in which a session may be.
  }
  throw notXml('the parser does not take it');
}

function onError(_level: string, message: string): void {
  // Somebody's name may hold one: it is a character like others.
  if (!message.startsWith('Unicode replacement character')) throw new Error(message);
}

/** As XML 1.0 has it (section 2.11); the parser's own is that of 1.1. */
const normalizeLineEndings = (text: string): string => text.replace(/\r\n?/g, '\n');

/** The elements right under one. */
export const childrenOf = (element: Element): Element[] =>
  [...element.childNodes].filter((node): node is Element => node.nodeType === node.ELEMENT_NODE);

/** The one element of that name right under another; undefined where there is none. Throws WebhookError where there are more. */
export function childOf(element: Element, namespace: string, localName: string): Element | undefined {
  const found = childrenOf(element).filter(
    (child) => child.namespaceURI === namespace && child.localName === localName,
  );
  if (found.length > 1) {
    throw new WebhookError('payload_unreadable', { reason: 'field_repeated', note: `/${localName}` });
  }
  return found[0];
}

/** What an element says, comments left out. Throws WebhookError where other elements are in it. */
export function textOf(element: Element): string {
  let text = '';
  for (const node of element.childNodes) {
    if (node.nodeType === node.ELEMENT_NODE) {
      throw new WebhookError('payload_unreadable', {
        reason: 'field_malformed',
        note: `/${element.localName}`,
      });
    }
    if (node.nodeType === node.TEXT_NODE || node.nodeType === node.CDATA_SECTION_NODE) text += node.nodeValue;
  }
  return text;
}

/** Only XML's own entities, and characters that XML has. */
function requireReferences(text: string): void {
  if (notReference.test(text)) throw notXml('an & that begins no reference');
  if (!text.includes('&#')) return;
  for (const [, hex, decimal] of text.matchAll(/&#(?:x([0-9a-fA-F]+)|(\d+));/g)) {
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    const character = code <= 0x10_ff_ff ? String.fromCodePoint(code) : '\0';
    if (impossible.test(character) || !character.isWellFormed()) {
      throw notXml('a reference to a character that XML has not');
    }
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match) return match;
  throw notXml('a tag that is none');
}

function closing(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at >= 0) return at;
  throw notXml(`no ${mark}`);
}

const notXml = (note: string) => new WebhookError('payload_unreadable', { reason: 'not_xml', note });
