import type { Accept, RoutedEvent, Verdict } from '../accept.ts';
import type { AnyProvider, AnyRow } from '../define.ts';
import { WebhookError } from '../errors.ts';
import type { EventRef, WebhookEvent } from '../event.ts';
import type { Answer, CertificateLookup, Delivery, ReadEvent } from '../providers/provider.ts';
import type { AskInTime } from './ask.ts';
import { blanked } from './blank.ts';
import { bounded } from './bounds.ts';
import type { Limiter } from './limiter.ts';
import { parkTooOld, route } from './route.ts';

/** A source, ready to judge deliveries: its provider, its proof and its rows. */
export interface ReadySource {
  readonly name: string;
  readonly provider: AnyProvider;
  readonly proof: unknown;
  readonly routes: Readonly<Record<string, AnyRow>> | undefined;
  readonly bodyLimitBytes: number;
  /** Finds the certificates that deliveries name; without it no such delivery can be proven. */
  readonly certificate?: CertificateLookup;
  /** Asks the provider itself, where its proof says so. */
  readonly ask?: AskInTime;
  /** Gives a payload as runs get it, its credentials sealed; without one there are none. */
  readonly hide?: (payload: unknown) => unknown;
  /** Counts proven deliveries, of all addresses together; without one there is no limit. */
  readonly limiter?: Limiter;
  /** Since when its ids are remembered; older events are parked. Without it they are kept for ever. */
  readonly memoryBegins?: (now: Date) => Date | undefined;
}

/** What became of a delivery. */
export interface Received {
  readonly answer: Answer;
  readonly verdicts: readonly Verdict[];
  readonly events: readonly RoutedEvent[];
  readonly handshake: boolean;
  /** What the source's limit has to say, in headers; none where it has no limit. */
  readonly limitHeaders: Readonly<Record<string, string>>;
}

/** Steps 3 to 7 of a delivery's way: verify, read, route, accept, answer. Throws WebhookError. */
export async function receive(
  delivery: Delivery,
  source: ReadySource,
  accept: Accept,
  deadline: Date,
): Promise<Received> {
  const { certificate, ask } = source;
  await source.provider.verify(delivery, source.proof, {
    now: delivery.receivedAt,
    ...(certificate && { certificate }),
    ...(ask && { ask: (question) => ask(question, deadline) }),
  });
  const limitHeaders = await countDelivery(source);
  const clean = blanked(delivery, source.provider);
  const reading = source.provider.read(clean);
  if ('handshake' in reading) {
    return { answer: reading.handshake, verdicts: [], events: [], handshake: true, limitHeaders };
  }
  const events = reading.events.map((read) => routed(bounded(read), clean, source));
  const verdicts = await accept({ source: source.name, delivery: clean, events, deadline });
  const body = answerBody(verdicts, events);
  const answer = source.provider.answer?.({ events: events.map(({ event }) => event), body }) ?? {
    status: 200,
    body,
  };
  return { answer, verdicts, events, handshake: false, limitHeaders };
}

/** Counts a proven delivery where its source has a limit. Throws WebhookError `rate_limited`. */
async function countDelivery({ name, limiter }: ReadySource): Promise<Readonly<Record<string, string>>> {
  if (limiter === undefined) return {};
  const { over, headers } = await limiter(name);
  if (over) throw new WebhookError('rate_limited', { reason: 'source_limit', headers });
  return headers;
}

function routed(read: ReadEvent, delivery: Delivery, source: ReadySource): RoutedEvent {
  const event: WebhookEvent = {
    id: read.id,
    source: source.name,
    type: read.types[0],
    ...(read.key !== undefined && { key: read.key }),
    ...(read.occurredAt !== undefined && { occurredAt: read.occurredAt }),
    receivedAt: delivery.receivedAt.toISOString(),
    payload: read.payload,
  };
  const plan = route(event, read.types, source.routes, source.provider.schemas);
  return {
    // The rows and schemas are the user's, and judge what came; what goes on is sealed.
    event: source.hide ? { ...event, payload: source.hide(event.payload) } : event,
    read,
    plan: parkTooOld(plan, event, source.memoryBegins?.(delivery.receivedAt)),
  };
}

/** `{"received":true}`, and what else is so; a batch is counted. */
function answerBody(verdicts: readonly Verdict[], events: readonly RoutedEvent[]): Record<string, unknown> {
  const [only] = verdicts;
  if (only === undefined || verdicts.length !== 1) {
    const duplicates = verdicts.filter(isRepetition).length;
    return { received: true, events: verdicts.length, duplicates };
  }
  return {
    received: true,
    ...(isRepetition(only) && { duplicate: true }),
    ...(only === 'conflict' && { conflict: true }),
    ...((only === 'ignored' || events[0]?.plan.state === 'ignored') && { ignored: true }),
  };
}

const isRepetition = (verdict: Verdict): boolean => verdict === 'duplicate' || verdict === 'conflict';

/** The event that an answer's `Everhook-Event` header names: of a delivery that holds one. */
export const onlyEvent = ({ events }: Received): EventRef | undefined =>
  events.length === 1 ? events[0]?.event : undefined;
