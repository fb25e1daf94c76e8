/** How much of a note is kept, in characters: it may quote what a sender wrote. */
const noteCharacters = 500;

/** Text that PostgreSQL can hold, which knows no NUL and no half of a surrogate pair. */
export const storableText = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();

/** What is said of an event to operators: storable, and not longer than they read. */
export const storableNote = (text: string): string =>
  storableText(text.length > noteCharacters ? `${text.slice(0, noteCharacters)}…` : text);
