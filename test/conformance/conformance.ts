import type { AnyProvider } from '../../src/define.ts';
import type { Reason } from '../../src/errors.ts';
import type { Captured } from '../../src/judge/captured.ts';

/** What every provider is asked. In the order of the table. */
export const kinds = [
  'published vector',
  'official signer',
  'forged',
  'stale',
  'future',
  'truncated',
  'unicode',
  'invalid UTF-8',
  'repeated header',
  'rotated proof',
  'wrong algorithm',
  'downgrade',
  'replay under another id',
  'handshake',
] as const;

export type Kind = (typeof kinds)[number];

/** What must come of a request. */
export type Expectation =
  | { readonly refused: Reason }
  | { readonly handshake: true }
  | {
      readonly ids: readonly string[];
      /** The most specific type of each event. */
      readonly types?: readonly string[];
      /** It carries the same `once`, or else the same `echo`, as the suite's base: the journal knows it again. */
      readonly knownAgain?: true;
    };

/** One request, and what must come of it. */
export interface ConformanceCase {
  readonly kind: Kind;
  /** What is sent, in words; the table shows it. Unique in its suite. */
  readonly title: string;
  readonly request: Captured;
  /** Proofs by their names after `<SOURCE>_`, and EVERHOOK_PUBLIC_URL; default the suite's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default the suite's. */
  readonly now?: Date;
  readonly expect: Expectation;
}

/** All that is asked of one provider. */
export interface ConformanceSuite {
  /** The source's name. */
  readonly name: string;
  readonly provider: AnyProvider;
  readonly environment: Readonly<Record<string, string>>;
  readonly now: Date;
  /** A genuine request, from which others are made; it must be accepted, and its bits are flipped. */
  readonly base: Captured;
  /**
   * What the base's proof covers, each bit of it: the body, headers (lower case), the URL. Where the body is not
   * covered, flipped bodies may be accepted or refused, but nothing else may happen.
   */
  readonly covers: { readonly body: boolean; readonly headers: readonly string[] };
  /**
   * Covered headers whose letters may be in either case, as hex that is read so: a bit that changes no more than a
   * letter's case is then no change.
   */
  readonly caseless?: readonly string[];
  readonly cases: readonly ConformanceCase[];
  /** Kinds that this provider cannot have, and why. Each other kind has a case at least. */
  readonly without: { readonly [K in Kind]?: string };
}
