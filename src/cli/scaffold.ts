import { hasNameForm, isReserved } from '../config.ts';
import { ConfigError } from '../errors.ts';

/** Where files are written: a clone of the repository, or a project that depends on the package. */
export interface Place {
  readonly kind: 'clone' | 'project';
  /** Where package.json is. */
  readonly folder: string;
  /** Where the gateway's files are below it: `src/`, or nothing. */
  readonly base: 'src/' | '';
}

/** What `everhook new` writes and says. Paths are from where package.json is. */
export interface Scaffold {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Lines to add to files that may be there. */
  readonly exports: readonly {
    readonly path: string;
    readonly lines: readonly string[];
    /** What they export, which must not be there. */
    readonly word: string;
  }[];
  readonly next: readonly string[];
}

/** What JavaScript keeps for itself: ECMA-262, 12.7.2, and what a module may not declare. */
const reserved = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield`.split(/\s+/),
);

/** Throws ConfigError where a name could not be a source's, or its function's. */
export function requireName(name: string): void {
  if (!hasNameForm(name)) {
    const better = kebab(name);
    const hint = hasNameForm(better) ? `: try ${better}` : '';
    throw new ConfigError(`${name}: names are lower-case letters, digits and -, a letter first${hint}`);
  }
  if (isReserved(name)) throw new ConfigError(`nothing may be called ${name}`);
  if (name.length > 40) throw new ConfigError(`${name}: a name has 40 characters at most`);
  if (reserved.has(camel(name))) throw notCalled(name);
}

/**
 * Throws ConfigError where a name's function or types are called like something that its files have already; `made` is
 * the same under another name.
 */
export function requireFree(name: string, made: Scaffold): void {
  const ends = ['Event', 'Events', 'Thing'];
  const names = [camel(name), `${camel(name)}Suite`, ...ends.map((end) => pascal(name) + end)];
  const declared = made.files.flatMap(({ text }) => [
    ...[...text.matchAll(/\b(?:const|let|function|type|interface) (\w+)/g)].map(([, found]) => found),
    ...[...text.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list?.match(/\w+/g)),
  ]);
  if (names.some((wanted) => declared.includes(wanted))) throw notCalled(name);
}

const notCalled = (name: string) =>
  new ConfigError(`${name}: its function cannot be called ${camel(name)}, which is something else`);

/** `acme-pay` as a function: `acmePay`. */
export const camel = (name: string): string =>
  name.replaceAll(/-+([a-z0-9]?)/g, (_all, letter: string) => letter.toUpperCase());

/** `acme-pay` as a type: `AcmePay`. */
export const pascal = (name: string): string => name.slice(0, 1).toUpperCase() + camel(name).slice(1);

const kebab = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .toLowerCase();
