import type { AnyProvider } from '../define.ts';
import { hideCredentials, openBody } from '../encryption/credentials.ts';
import { SealError } from '../encryption/seal.ts';
import type { WebhookEvent } from '../event.ts';
import { DeliveryHeaders, type Delivery } from '../providers/provider.ts';
import type { JournalSource } from './rows.ts';

/** An event with the delivery that holds its body, as the statements select it (`storedColumns`). */
export interface StoredEvent {
  readonly source: string;
  readonly event_id: string;
  readonly type: string;
  readonly key: string | null;
  readonly occurred_at: Date | null;
  readonly received_at: Date;
  readonly position: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Null where it was purged. */
  readonly body: Buffer | null;
  /** The body is encrypted. */
  readonly sealed: boolean;
}

/** What `readStored` needs, of `everhook.events e` and `everhook.deliveries d`. */
export const storedColumns = `
  e.source, e.event_id, e.type, e.key, e.occurred_at, e.received_at, e.position, d.method, d.url, d.headers, d.body,
  d.sealed`;

/** An event that cannot be read again: its body is gone, or its provider reads otherwise now. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

/**
 * The event as it was accepted: its own fields from its row, its payload read from the bytes again. Throws
 * UnreadableError, and Error where this gateway does not have its source.
 */
export function readStored(row: StoredEvent, sources: Readonly<Record<string, JournalSource>>): WebhookEvent {
  return {
    id: row.event_id,
    source: row.source,
    type: row.type,
    ...(row.key !== null && { key: row.key }),
    ...(row.occurred_at !== null && { occurredAt: row.occurred_at.toISOString() }),
    receivedAt: row.received_at.toISOString(),
    payload: payloadOf(row, sources),
  };
}

function payloadOf(row: StoredEvent, sources: Readonly<Record<string, JournalSource>>): unknown {
  const name = `${row.source}:${row.event_id}`;
  if (row.body === null) throw new UnreadableError(`the body of ${name} was purged`);
  const source = Object.hasOwn(sources, row.source) ? sources[row.source] : undefined;
  // Another process may have it: a gateway is rolled out one process after another.
  if (source === undefined) throw new Error(`this gateway has no source ${row.source}`);
  const { provider, keys } = source;
  const body = row.sealed ? opened(row.body, source, name) : row.body;
  const read = readAgain(provider, deliveryOf(row, body), row.position);
  if (read?.id === row.event_id) return hideCredentials(read.payload, provider.credentials ?? [], keys);
  throw new UnreadableError(`${source.provider.name} reads another event than ${name} from its bytes now`);
}

/** A key that is not here may be with another process, or come back; what was changed stays so. */
function opened(body: Buffer, { keys }: JournalSource, name: string): Buffer {
  try {
    return openBody(body, keys);
  } catch (error) {
    if (!(error instanceof SealError) || error.failure === 'key_unknown') throw error;
    throw new UnreadableError(`the body of ${name} is ${error.message}`, { cause: error });
  }
}

/** The same bytes gave an event once: where they give none, the provider's options are others. */
function readAgain({ name, read }: AnyProvider, delivery: Delivery, position: number) {
  try {
    const reading = read(delivery);
    return 'events' in reading ? reading.events[position] : undefined;
  } catch (cause) {
    throw new UnreadableError(`${name} cannot read it any more: ${(cause as Error).message}`, { cause });
  }
}

const deliveryOf = ({ method, url, headers, received_at }: StoredEvent, body: Buffer): Delivery => ({
  method,
  url,
  headers: new DeliveryHeaders(
    Object.entries(headers).flatMap(([name, values]) => values.map((value) => [name, value] as const)),
  ),
  body,
  receivedAt: received_at,
});
