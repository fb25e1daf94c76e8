import type { RowKind } from '../accept.ts';
import type { WebhookEvent } from '../event.ts';

/** A run that the journal holds as accepted, claimed by this process: what it is was frozen at acceptance. */
export interface ClaimedRun {
  /** The row's id. */
  readonly id: string;
  readonly n: number;
  readonly source: string;
  readonly route: string;
  readonly kind: RowKind;
  readonly workflow: string;
  readonly taskQueue: string;
  readonly priority?: number;
  /** The run's own; none where a keyed run takes the event itself. */
  readonly workflowId?: string;
  /** Of keyed rows: the keyed run's workflow id, and its key. */
  readonly turn?: string;
  readonly turnKey?: string;
  /** Calls since acceptance, this one included. */
  readonly attempts: number;
  /** Whether an earlier call may have started it without our knowing. */
  readonly mayBeStarted: boolean;
  /** The event; read again from its bytes where it is not in memory. Rejects with UnreadableError. */
  event(): Promise<WebhookEvent>;
  /** How many bytes of memory it holds until it is started. */
  readonly bytes: number;
}
