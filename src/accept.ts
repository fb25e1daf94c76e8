import type { WebhookEvent } from './event.ts';
import type { Delivery, ReadEvent } from './providers/provider.ts';

/** How an event becomes a run; `define.ts` says what each means. */
export type RowKind = 'plain' | 'external' | 'inOrderBy' | 'feedBy';

/** A run as the routes decided it. From here on nothing looks at the routes again. */
export interface PlannedRun {
  readonly state: 'accepted';
  readonly kind: RowKind;
  /** The row's name: the type that took the event, or `*`. */
  readonly route: string;
  readonly workflow: string;
  readonly taskQueue: string;
  readonly priority?: number;
  /** Of keyed rows: whose turn it is. */
  readonly turnKey?: string;
  /** Of keyed rows: how long an event waits for earlier ones, in seconds. */
  readonly settlingSeconds?: number;
}

/** What the routes decided for one event: a run, or why there is none. */
export type Plan =
  | PlannedRun
  | { readonly state: 'ignored' }
  | {
      readonly state: 'parked';
      readonly route: string;
      readonly why: 'payload_unexpected' | 'key_unusable' | 'too_old';
      readonly note: string;
      /** What it would have been, once a person says so. Without it the row gave no usable key. */
      readonly run?: PlannedRun;
    };

/** An event on its way to being accepted. */
export interface RoutedEvent {
  readonly event: WebhookEvent;
  readonly read: ReadEvent;
  readonly plan: Plan;
}

/**
 * What accepting found: an event never seen, one seen before, one that starts nothing, or one that
 * contradicts another: the same id with other content, or the same signed bytes under another id.
 */
export type Verdict = 'new' | 'duplicate' | 'ignored' | 'conflict';

/**
 * Makes a delivery's events durable, all or none of them acknowledged; gives a verdict for each, in
 * order. Throws WebhookError: `not_durable` where the sender should try again, `body_too_large`.
 */
export type Accept = (request: {
  readonly source: string;
  readonly delivery: Delivery;
  readonly events: readonly RoutedEvent[];
  readonly deadline: Date;
}) => Promise<readonly Verdict[]>;

/**
 * Keeps a delivery that brought no events: refused, or a handshake. Returns at once; what it keeps is
 * bounded, and written off the answering path.
 */
export type Keep = (kept: KeptDelivery) => void;

export interface KeptDelivery {
  readonly source: string;
  readonly delivery: Delivery;
  readonly verdict: 'refused' | 'handshake';
  readonly refusal?: { readonly code: string; readonly reason: string; readonly note: string | undefined };
}
