/**
 * What a webhook says, as workflows see it. JSON only: it travels through Temporal.
 *
 * The id is the provider's, never ours, so a redelivery is the same event.
 */
export interface WebhookEvent<Type extends string = string, Payload = unknown> {
  /** The provider's event id, unescaped. */
  readonly id: string;
  /** The name of the source that proved it: `stripe`, `stripe-connect`. */
  readonly source: string;
  /** The most specific type, `pull_request.opened`, also when the row `pull_request` takes it. */
  readonly type: Type;
  /** What the event is about: a payment, a repository, an incident. */
  readonly key?: string;
  /** ISO 8601, by the provider's clock. */
  readonly occurredAt?: string;
  /** ISO 8601, by ours. */
  readonly receivedAt: string;
  /** The signed body (its part, in a batch), parsed. */
  readonly payload: Payload;
}

/** The part of an event that an activity needs to name its effects. */
export type EventRef = Pick<WebhookEvent, 'source' | 'id'>;

/** `<source>:<event id>`, the one name of an event in headers, memos, logs and effect keys. Unescaped. */
export const eventName = ({ source, id }: EventRef): string => `${source}:${id}`;
