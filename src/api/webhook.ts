import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** What a request says of itself, and trusted proxies of it. Express says it, or `readSender`. */
export interface Sender {
  /** The path, from where Everhook is mounted; without the query. */
  readonly path: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly ip: string | undefined;
  /** Whether it came through TLS. */
  readonly secure: boolean;
}

/** Answers a delivery; undefined where the path is none of ours. */
export type Webhook = (
  request: IncomingMessage,
  response: ServerResponse,
  sender: Sender,
) => Promise<void> | undefined;

/** The way of a delivery, from the request to the answer. Every error becomes a problem document. */
export const createWebhook =
  (parts: WebhookParts): Webhook =>
  (request, response, sender) => {
    const target = targetOf(sender.path, parts.sources);
    return target && answer(request, response, { ...sender, ...target }, parts);
  };

/** A request that is for us. */
type Call = Sender & Target;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  call: Call,
  parts: WebhookParts,
): Promise<void> {
  const started = performance.now();
  const { source, ip } = call;
  const tell = (what: DistributiveOmit<Observation, 'source' | 'seconds' | 'remoteAddress'>) =>
    parts.observe({
      ...what,
      source: source?.name ?? 'unknown',
      seconds: (performance.now() - started) / 1000,
      remoteAddress: ip?.slice(0, addressCharacters),
    });
  try {
    const received = await take(request, response, call, parts);
    send(response, received);
    tell({ kind: 'answered', verdict: verdictOf(received), events: describe(received) });
  } catch (error) {
    const refusal = await limitedRefusal(refusalOf(error), ip, parts.refusalLimiter);
    if (refusal.code === 'internal') tell({ kind: 'failed', error });
    else tell({ kind: 'refused', code: refusal.code, reason: refusal.reason, note: refusal.note });
    const whole = await swallowRest(request);
    sendProblem(response, refusal, !whole);
  }
}

const refusalOf = (error: unknown): WebhookError =>
  error instanceof WebhookError
    ? error
    : new WebhookError('internal', { reason: 'unexpected_error', cause: error });

type DistributiveOmit<T, Keys extends PropertyKey> = T extends unknown ? Omit<T, Keys> : never;

/** The longest address there is, an IPv6 one with an IPv4 part and a zone; trusted proxies may pass on anything. */
const addressCharacters = 64;

/** What a path under `/webhooks` names. */
interface Target {
  /** Undefined where the gateway has none of that name. */
  readonly source: ReadySource | undefined;
  readonly token: string | undefined;
}

const deliveryPath = /^\/webhooks\/([^/]+)(?:\/([^/]+))?\/?$/;

/** `/webhooks/:source[/:token]`; undefined where a path is none of ours. */
function targetOf(path: string, sources: WebhookParts['sources']): Target | undefined {
  if (!path.startsWith('/webhooks')) return undefined;
  const [, name, token] = deliveryPath.exec(path) ?? [];
  if (name === undefined && path.length > '/webhooks'.length && path['/webhooks'.length] !== '/')
    return undefined;
  try {
    const source = decodeURIComponent(name ?? '');
    return {
      source: Object.hasOwn(sources, source) ? sources[source] : undefined,
      token: token && decodeURIComponent(token),
    };
  } catch {
    // `/webhooks/%`: no source is called that.
    return { source: undefined, token: undefined };
  }
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  call: Call,
  parts: WebhookParts,
): Promise<Received> {
  const { source, secure } = call;
  requireHttps(request, secure, parts.development);
  requireMethod(request);
  if (source === undefined) throw new WebhookError('source_unknown', { reason: 'source_unknown' });

  const receivedAt = new Date();
  const { body, release } = await readBody(request, response, {
    limitBytes: source.bodyLimitBytes,
    timeoutMs: parts.bodyTimeoutMs,
    budget: parts.budget,
  });
  try {
    const publicUrl = parts.publicUrl ?? (parts.development ? calledUrl(request, secure) : undefined);
    const delivery = deliveryOf(request, body, { ...call, receivedAt, publicUrl });
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
function requireHttps(request: IncomingMessage, secure: boolean, development: boolean): void {
  if (secure || (development && isLoopback(request.socket.remoteAddress))) return;
  throw new WebhookError('https_required', { reason: 'plain_http' });
}

const isLoopback = (address = ''): boolean => /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(address);

/** Webhooks are posted, or put. */
export function requireMethod({ method = '' }: { readonly method?: string | undefined }): void {
  if (method === 'POST' || method === 'PUT') return;
  throw new WebhookError('method_not_allowed', { reason: 'method_not_allowed', note: method.slice(0, 16) });
}

function deliveryOf(
  { method = '', rawHeaders }: IncomingMessage,
  body: Buffer,
  {
    url,
    token,
    ip,
    receivedAt,
    publicUrl,
  }: Call & { readonly receivedAt: Date; readonly publicUrl: string | undefined },
): Delivery {
  return {
    method,
    url: token === undefined ? url : withoutToken(url),
    ...(publicUrl !== undefined && { publicUrl: publicUrl + url }),
    headers: new DeliveryHeaders({ raw: rawHeaders }),
    body,
    ...(token !== undefined && { pathToken: token }),
    receivedAt,
    ...(ip !== undefined && { remoteAddress: ip.slice(0, addressCharacters) }),
  };
}

/** What was called, as far as a development machine can tell: nothing is proven by it but the sender's own word. */
const calledUrl = ({ headers: { host = '' } }: IncomingMessage, secure: boolean): string =>
  `${secure ? 'https' : 'http'}://${host}`;

/** The token is a secret: nothing that is logged or kept may hold it. */
const withoutToken = (url: string): string => url.replace(/(\/webhooks\/[^/?]+)\/[^/?]*/, '$1');

function send(response: ServerResponse, received: Received): void {
  if (response.destroyed) return;
  const { status, headers, body }: Answer = received.answer;
  const event = onlyEvent(received);
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  if (typeof body === 'object') response.setHeader('content-type', 'application/json');
  response.setHeader('cache-control', 'no-store');
  if (status !== 204) response.setHeader('content-length', Buffer.byteLength(text ?? ''));
  if (event !== undefined) response.setHeader('everhook-event', workflowId(event));
  for (const name in received.limitHeaders) response.setHeader(name, received.limitHeaders[name]!);
  for (const name in headers) response.setHeader(name, headers[name]!);
  response.statusCode = status;
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
