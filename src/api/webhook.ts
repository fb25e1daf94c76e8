import type { Request, Response } from 'express';
import type { Accept, Keep } from '../accept.ts';
import { WebhookError } from '../errors.ts';
import { eventName } from '../event.ts';
import { DeliveryHeaders, type Answer, type Delivery } from '../providers/provider.ts';
import { workflowId } from '../workflow-id.ts';
import { blanked, blankedOrBare } from './blank.ts';
import { readBody, swallowRest, type ByteBudget } from './body.ts';
import type { Limiter } from './limiter.ts';
import type { Observation, Observe } from './observer.ts';
import { sendProblem } from './problem.ts';
import { onlyEvent, receive, type ReadySource, type Received } from './receive.ts';
import { limitedRefusal } from './refusal-limit.ts';

export interface WebhookParts {
  readonly sources: Readonly<Record<string, ReadySource>>;
  readonly accept: Accept;
  /** Keeps what brought no events: refusals and handshakes. */
  readonly keep?: Keep;
  readonly observe: Observe;
  /** Plain HTTP from loopback is allowed. */
  readonly development: boolean;
  /** What providers call, without a final slash. */
  readonly publicUrl: string | undefined;
  readonly budget: ByteBudget;
  /** How long a sender may take for its body, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /** Counts failed proofs by address; undefined: there is no limit. */
  readonly refusalLimiter: Limiter | undefined;
}

/** The way of a delivery, from the request to the answer. Every error becomes a problem document. */
export const webhook = (parts: WebhookParts) => async (request: Request, response: Response) => {
  const started = performance.now();
  const tell = (what: DistributiveOmit<Observation, 'source' | 'seconds' | 'remoteAddress'>) =>
    parts.observe({
      ...what,
      source: sourceOf(request, parts)?.name ?? 'unknown',
      seconds: (performance.now() - started) / 1000,
      remoteAddress: request.ip,
    });
  try {
    const received = await take(request, response, parts);
    send(response, received);
    tell({ kind: 'answered', verdict: verdictOf(received), events: describe(received) });
  } catch (error) {
    const refusal = await limitedRefusal(refusalOf(error), request.ip, parts.refusalLimiter);
    if (refusal.code === 'internal') tell({ kind: 'failed', error });
    else tell({ kind: 'refused', code: refusal.code, reason: refusal.reason, note: refusal.note });
    const whole = await swallowRest(request);
    sendProblem(response, refusal, !whole);
  }
};

const refusalOf = (error: unknown): WebhookError =>
  error instanceof WebhookError
    ? error
    : new WebhookError('internal', { reason: 'unexpected_error', cause: error });

type DistributiveOmit<T, Keys extends PropertyKey> = T extends unknown ? Omit<T, Keys> : never;

async function take(request: Request, response: Response, parts: WebhookParts): Promise<Received> {
  requireHttps(request, parts.development);
  requireMethod(request);
  const source = sourceOf(request, parts);
  if (source === undefined) throw new WebhookError('source_unknown', { reason: 'source_unknown' });

  const receivedAt = new Date();
  const { body, release } = await readBody(request, response, {
    limitBytes: source.bodyLimitBytes,
    timeoutMs: parts.bodyTimeoutMs,
    budget: parts.budget,
  });
  try {
    const delivery = deliveryOf(request, body, receivedAt, parts.publicUrl);
    return await receiveAndKeep(delivery, source, parts);
  } finally {
    release();
  }
}

async function receiveAndKeep(
  delivery: Delivery,
  source: ReadySource,
  { accept, keep }: WebhookParts,
): Promise<Received> {
  try {
    const received = await receive(delivery, source, accept, deadlineOf(source));
    if (received.handshake)
      keep?.({ source: source.name, delivery: blanked(delivery, source.provider), verdict: 'handshake' });
    return received;
  } catch (error) {
    // What could not be made durable comes again; what is not the provider's is for people to look at.
    if (error instanceof WebhookError && error.status < 500) {
      const { code, reason, note } = error;
      const kept = blankedOrBare(delivery, source.provider);
      keep?.({ source: source.name, delivery: kept, verdict: 'refused', refusal: { code, reason, note } });
    }
    throw error;
  }
}

/** Until when accepting may take: two seconds, or what the provider waits less 300 ms. */
const deadlineOf = ({ provider: { answerWithinMs = 3000 } }: ReadySource): Date =>
  new Date(Date.now() + Math.min(2000, answerWithinMs - 300));

/** Plain HTTP may come from this machine in development; else TLS ends here or at a trusted proxy. */
function requireHttps(request: Request, development: boolean): void {
  if (request.secure || (development && isLoopback(request.socket.remoteAddress))) return;
  throw new WebhookError('https_required', { reason: 'plain_http' });
}

const isLoopback = (address = ''): boolean => /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(address);

function requireMethod({ method }: Request): void {
  if (method === 'POST' || method === 'PUT') return;
  throw new WebhookError('method_not_allowed', { reason: 'method_not_allowed', note: method.slice(0, 16) });
}

function sourceOf({ params }: Request, { sources }: WebhookParts): ReadySource | undefined {
  const name = params.source;
  return typeof name === 'string' && Object.hasOwn(sources, name) ? sources[name] : undefined;
}

function deliveryOf(request: Request, body: Buffer, receivedAt: Date, publicUrl?: string): Delivery {
  const { method, rawHeaders, originalUrl, params } = request;
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  const headers = new DeliveryHeaders(names.map((name, index) => [name, rawHeaders[index * 2 + 1] ?? '']));
  const pathToken = typeof params.token === 'string' ? params.token : undefined;
  return {
    method,
    url: pathToken === undefined ? originalUrl : withoutToken(originalUrl),
    ...(publicUrl !== undefined && { publicUrl: publicUrl + originalUrl }),
    headers,
    body,
    ...(pathToken !== undefined && { pathToken }),
    receivedAt,
    ...(request.ip !== undefined && { remoteAddress: request.ip }),
  };
}

/** The token is a secret: nothing that is logged or kept may hold it. */
const withoutToken = (url: string): string => url.replace(/(\/webhooks\/[^/?]+)\/[^/?]*/, '$1');

function send(response: Response, received: Received): void {
  if (response.destroyed) return;
  const { status, headers, body }: Answer = received.answer;
  const event = onlyEvent(received);
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  response.writeHead(status, {
    ...(typeof body === 'object' && { 'content-type': 'application/json' }),
    'cache-control': 'no-store',
    ...(status !== 204 && { 'content-length': Buffer.byteLength(text ?? '') }),
    ...(event !== undefined && { 'everhook-event': workflowId(event) }),
    ...received.limitHeaders,
    ...headers,
  });
  response.end(text);
}

function verdictOf({ verdicts, handshake }: Received) {
  if (handshake) return 'handshake';
  return verdicts.length === 1 ? verdicts[0]! : 'batch';
}

const describe = ({ events, verdicts }: Received) =>
  events.map(({ event, plan }, index) => ({
    name: eventName(event),
    type: event.type,
    verdict: verdicts[index]!,
    ...(plan.state === 'parked' && { note: `${plan.why} ${plan.note}` }),
  }));
