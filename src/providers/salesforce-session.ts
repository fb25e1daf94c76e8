import { xmlAttributes, xmlPieces, xmlText, type XmlPiece } from './xml.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** An element or attribute of that name, whatever its prefix. */
const isSession = (name: string): boolean => /^(?:.*:)?sessionid$/is.test(name);

/** The markup of such an element within a text: escaped, or in CDATA. */
const written = /(?:<|&lt;|&#0*60;|&#[xX]0*3[cC];)(?:[\w.-]+:)?sessionid\b/i;

/** A session by its form: an organisation's id, an exclamation mark and the key. Formula fields can hold one too. */
const form = /00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?(?:!|%21|&#0*33;|&#[xX]0*21;)[\w.%-]{16,}/g;

/**
 * The message without its sender's session, every other byte as it came; the same bytes where there is none. Throws
 * WebhookError where they are not XML in UTF-8: nobody knows then where a session may be.
 */
export function eraseSession(body: Buffer): Buffer {
  if (body.length === 0) return body;
  xmlText(body);
  // One character for each byte: markup is ASCII, so offsets are those of the bytes.
  const text = body.toString('latin1');
  let kept = '';
  let at = 0;
  for (const { from, to } of spansOf(text)) {
    kept += text.slice(at, from);
    at = to;
  }
  const erased = (kept + text.slice(at)).replace(form, '');
  return erased.length === text.length ? body : Buffer.from(erased, 'latin1');
}

/** What is to go, from the first to the last. */
function* spansOf(text: string): Generator<Span> {
  let inside: XmlPiece | undefined;
  for (const piece of xmlPieces(text)) {
    if (inside !== undefined) {
      if (piece.kind !== 'close' || piece.depth !== inside.depth) continue;
      yield { from: inside.to, to: piece.from };
      inside = undefined;
    } else if (piece.kind === 'open' || piece.kind === 'empty') {
      const session = isSession(piece.name);
      yield* xmlAttributes(text, piece).filter(({ name }) =>
        session ? !/^xmlns(?::|$)|^(?:.*:)?nil$/s.test(name) : isSession(name),
      );
      if (session && piece.kind === 'open') inside = piece;
    } else if (piece.kind === 'comment') {
      // Nobody reads it, and it may hold anything.
      yield piece;
    } else if (piece.kind !== 'close') {
      const match = written.exec(text.slice(piece.from, piece.to));
      if (match) yield { from: piece.from + match.index + match[0].length, to: piece.to };
    }
  }
}
