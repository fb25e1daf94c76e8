import type { Verdict } from '../accept.ts';
import type { Code } from '../errors.ts';

/** What the API tells of each request, for logs and metrics. Holds no body, no header, no secret. */
export type Observation = {
  /** `unknown` where the URL named no source, so that labels stay bounded. */
  readonly source: string;
  readonly seconds: number;
  readonly remoteAddress: string | undefined;
} & (
  | {
      readonly kind: 'answered';
      readonly verdict: Verdict | 'handshake' | 'batch';
      readonly events: readonly {
        readonly name: string;
        readonly type: string;
        readonly verdict: Verdict;
        readonly note?: string;
      }[];
    }
  | {
      readonly kind: 'refused';
      readonly code: Code;
      readonly reason: string;
      readonly note: string | undefined;
    }
  | { readonly kind: 'failed'; readonly error: unknown }
);

export type Observe = (observation: Observation) => void;
