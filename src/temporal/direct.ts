import type { Accept, RoutedEvent, Verdict } from '../accept.ts';
import { WebhookError, type Reason } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import { StartError, type StartFailure } from './answers.ts';
import type { Start } from './start.ts';

/** The largest event, encoded, in bytes (1.5 MiB). Temporal refuses payloads over 2 MiB. */
export const eventLimitBytes = 1_572_864;

/** Receives every start with how it ended, for metrics. */
export type StartObserver = (source: string, outcome: 'started' | 'duplicate' | StartFailure) => void;

/**
 * Direct mode: accepting is the Temporal start itself. A batch's events start one by one, and any
 * failure refuses the delivery, which is safe to repeat because ids are.
 */
export const acceptDirectly =
  (start: Start, observe: StartObserver = () => {}): Accept =>
  async ({ events, deadline }) => {
    for (const { event } of events) requireSize(event);
    const verdicts: Verdict[] = [];
    for (const routed of events) verdicts.push(await acceptOne(routed, deadline, start, observe));
    return verdicts;
  };

async function acceptOne(
  { event, plan }: RoutedEvent,
  deadline: Date,
  start: Start,
  observe: StartObserver,
): Promise<Verdict> {
  if (plan.state !== 'accepted') return 'ignored';
  try {
    const started = await start({ event, ...plan, n: 1 }, deadline);
    observe(event.source, started);
    return started === 'started' ? 'new' : 'duplicate';
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    observe(event.source, error.failure);
    throw refusal(error);
  }
}

function refusal(error: StartError): WebhookError {
  const { failure, message: note } = error;
  if (failure === 'event_refused') {
    return new WebhookError('body_too_large', { reason: 'event_over_limit', note, cause: error });
  }
  const reason = (
    {
      unavailable: 'temporal_unavailable',
      busy: 'temporal_unavailable',
      unknown: 'start_unknown',
      setup_refused: 'temporal_misconfigured',
      argument_refused: 'temporal_misconfigured',
      id_taken: 'id_taken',
    } as const satisfies Record<Exclude<StartFailure, 'event_refused'>, Reason>
  )[failure];
  return new WebhookError('not_durable', { reason, note, cause: error });
}

function requireSize(event: WebhookEvent): void {
  const bytes = encodedBytes(event);
  if (bytes > eventLimitBytes) {
    throw new WebhookError('body_too_large', {
      reason: 'event_over_limit',
      note: `${bytes} bytes encoded, ${eventLimitBytes} allowed`,
    });
  }
}

function encodedBytes(event: WebhookEvent): number {
  try {
    return Buffer.byteLength(JSON.stringify(event));
  } catch (cause) {
    // JSON.stringify recurses; what JSON.parse took may still be too deep for it.
    if (cause instanceof RangeError) {
      throw new WebhookError('payload_unreadable', { reason: 'too_deep', cause });
    }
    throw cause;
  }
}
