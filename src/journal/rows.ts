import { sha256 } from '../providers/signature.ts';
import type { RoutedEvent, RowKind } from '../accept.ts';
import type { AnyProvider } from '../define.ts';
import { holdsCredentials, sealBody } from '../encryption/credentials.ts';
import type { Keys } from '../encryption/keys.ts';
import type { Delivery } from '../providers/provider.ts';
import { turnId, workflowId } from '../workflow-id.ts';
import { fingerprint } from './fingerprint.ts';
import { deliveryId } from './delivery-id.ts';

/** How a delivery and its events are written: the columns of `statements.ts`, by their names there. */
export interface DeliveryRow {
  readonly id: string;
  readonly source: string;
  readonly received_at: string;
  readonly remote_address: string | undefined;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body_bytes: number;
  readonly sha256: string;
  readonly sealed: boolean;
  readonly redacted: boolean;
  readonly eventless: boolean;
  /** Known when its batch leaves: where its body is among the batch's, from 1, and how long that is. */
  body_at: number;
  stored_bytes: number;
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
  readonly echo: string | undefined;
  readonly key: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly occurred_at: string | undefined;
  readonly received_at: string;
  readonly reader: string;
  readonly route: string | undefined;
  readonly kind: RowKind | 'none';
  readonly workflow: string | undefined;
  readonly task_queue: string | undefined;
  readonly priority: number | undefined;
  readonly workflow_id: string | undefined;
  readonly turn: string | undefined;
  readonly turn_key: string | undefined;
  readonly settling_seconds: number | undefined;
  readonly last_error: string | undefined;
  /** Known when its batch leaves: an earlier one in it had the same signed bytes. */
  echoed: boolean;
  /** Known then as well: whether dispatch has room, and takes it in memory. */
  lease_seconds: number;
  leased_by: string | undefined;
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
    id: deliveryId(),
    source,
    received_at: receivedAt.toISOString(),
    remote_address: remoteAddress,
    method,
    url,
    headers: headers.pick(kept(provider)),
    body_bytes: body.length,
    sha256: sha256(body),
    sealed: holdsCredentials(provider),
    redacted,
    eventless,
    body_at: 0,
    stored_bytes: 0,
  };
}

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
    echoed: false,
    lease_seconds: 0,
    leased_by: undefined,
  };
}
