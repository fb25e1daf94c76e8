import { v7 as uuidv7 } from 'uuid';
import { sha256 } from '../providers/signature.ts';
import type { RoutedEvent } from '../accept.ts';
import type { AnyProvider } from '../define.ts';
import { sealBody } from '../encryption/credentials.ts';
import type { Keys } from '../encryption/keys.ts';
import type { Delivery } from '../providers/provider.ts';
import { turnId, workflowId } from '../workflow-id.ts';
import { fingerprint } from './fingerprint.ts';

/** How a delivery and its events are written: the columns of `statements.ts`, by their names there. */
export interface DeliveryRow {
  readonly id: string;
  readonly source: string;
  readonly received_at: Date;
  readonly remote_address: string | undefined;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body_bytes: number;
  readonly sha256: string;
  readonly sealed: boolean;
  readonly redacted: boolean;
  readonly eventless: boolean;
}

export interface EventRow {
  readonly delivery_id: string;
  readonly position: number;
  readonly source: string;
  readonly event_id: string;
  readonly once: string | undefined;
  readonly type: string;
  readonly fingerprint: string;
  readonly state: 'accepted' | 'ignored' | 'parked';
  readonly [column: string]: unknown;
}

/** What the journal needs to know of a source. */
export interface JournalSource {
  readonly provider: AnyProvider;
  /** Equal signed bytes under another id are a conflict. */
  readonly refuseReplays: boolean;
  /** Bodies with credentials are sealed with these. */
  readonly keys: Keys;
}

const keptAlways = ['content-type', 'user-agent'];

/** Credentials are never kept, whatever a provider says. */
const neverKept = ['authorization', 'proxy-authorization', 'cookie'];

const kept = ({ keepHeaders = [] }: AnyProvider): string[] => [
  ...keptAlways,
  ...keepHeaders.filter((name) => !neverKept.includes(name)),
];

/** The row of a delivery, its body aside. */
export function deliveryRow(
  source: string,
  delivery: Delivery,
  { provider }: JournalSource,
  eventless: boolean,
): DeliveryRow {
  const { method, url, headers, body, receivedAt, remoteAddress, redacted = false } = delivery;
  return {
    id: uuidv7(),
    source,
    received_at: receivedAt,
    remote_address: remoteAddress,
    method,
    url,
    headers: headers.pick(kept(provider)),
    body_bytes: body.length,
    sha256: sha256(body),
    sealed: holdsCredentials(provider),
    redacted,
    eventless,
  };
}

const holdsCredentials = ({ credentials = [] }: AnyProvider): boolean => credentials.length > 0;

/** A body, or as much of it as is kept, as it is stored. Throws SealError. */
export const storedBody = (body: Buffer, { provider, keys }: JournalSource): Buffer =>
  holdsCredentials(provider) ? sealBody(body, keys) : body;

/** The rows of an event and its run, in one. */
export function eventRow(
  { event, read, plan }: RoutedEvent,
  position: number,
  deliveryId: string,
  { provider, refuseReplays }: JournalSource,
): EventRow {
  const run = plan.state === 'accepted' ? plan : plan.state === 'parked' ? plan.run : undefined;
  const keyed = run?.turnKey !== undefined;
  return {
    delivery_id: deliveryId,
    position,
    source: event.source,
    event_id: event.id,
    once: read.once ?? (refuseReplays ? read.echo : undefined),
    echo: read.echo,
    type: event.type,
    key: event.key,
    labels: read.labels,
    occurred_at: event.occurredAt,
    received_at: event.receivedAt,
    fingerprint: fingerprint(read.sameness ?? read.payload),
    reader: `${provider.name} ${provider.readerVersion ?? 1}`,
    route: plan.state === 'ignored' ? undefined : plan.route,
    kind: run?.kind ?? 'none',
    workflow: run?.workflow,
    task_queue: run?.taskQueue,
    priority: run?.priority,
    workflow_id: run === undefined || run.kind === 'feedBy' ? undefined : workflowId(event),
    turn: keyed ? turnId(event.source, run.workflow, run.turnKey) : undefined,
    turn_key: run?.turnKey,
    settling_seconds: run?.settlingSeconds,
    state: plan.state,
    last_error: plan.state === 'parked' ? `${plan.why}: ${plan.note}` : undefined,
  };
}
