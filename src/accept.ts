import type { WebhookEvent } from './event.ts';
import type { Delivery, ReadEvent } from './providers/provider.ts';

/** What the routes decided for one event: a run, or why there is none. */
export type Plan =
  | {
      readonly state: 'accepted';
      readonly workflow: string;
      readonly taskQueue: string;
      readonly priority?: number;
    }
  | { readonly state: 'ignored' }
  | { readonly state: 'parked'; readonly why: 'payload_unexpected'; readonly note: string };

/** An event on its way to being accepted. */
export interface RoutedEvent {
  readonly event: WebhookEvent;
  readonly read: ReadEvent;
  readonly plan: Plan;
}

/** What accepting found: an event never seen, one seen before, or one that starts nothing. */
export type Verdict = 'new' | 'duplicate' | 'ignored';

/**
 * Makes a delivery's events durable, all or none of them acknowledged; gives a verdict for each, in
 * order. Throws WebhookError: `not_durable` where the sender should try again, `body_too_large`.
 */
export type Accept = (request: {
  readonly delivery: Delivery;
  readonly events: readonly RoutedEvent[];
  readonly deadline: Date;
}) => Promise<readonly Verdict[]>;
