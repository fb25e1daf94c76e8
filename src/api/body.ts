import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebhookError } from '../errors.ts';

/** How many bytes of bodies may be in memory at once, over all requests. */
export interface ByteBudget {
  readonly limitBytes: number;
  usedBytes: number;
}

export interface BodyLimits {
  readonly limitBytes: number;
  /** How long the sender may take for its body, in milliseconds. */
  readonly timeoutMs: number;
  readonly budget: ByteBudget;
}

/**
 * Reads the raw bytes of a request, whatever their content type. The bytes count against the budget
 * until `release` is called. Throws WebhookError: `encoding_unsupported`, `body_too_large`,
 * `overloaded`, `request_timeout`, `body_already_parsed`, `payload_unreadable` (cut off).
 */
export async function readBody(
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
  { limitBytes, timeoutMs, budget }: BodyLimits,
): Promise<{ body: Buffer; release: () => void }> {
  requireUnread(request);
  requireUncompressed(request.headers['content-encoding']);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  if (budget.usedBytes + announced > budget.limitBytes) throw overloaded(budget);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();

  let held = 0;
  const hold = (bytes: number) => {
    held += bytes;
    budget.usedBytes += bytes;
  };
  const release = () => {
    budget.usedBytes -= held;
    held = 0;
  };
  try {
    return { body: await collect(request, { limitBytes, timeoutMs, budget, hold }), release };
  } catch (error) {
    release();
    throw error;
  }
}

function collect(
  request: IncomingMessage,
  { limitBytes, timeoutMs, budget, hold }: BodyLimits & { hold: (bytes: number) => void },
): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onCut);
      finish();
    };
    const fail = (error: WebhookError) => settle(() => reject(error));
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) return fail(tooLarge(limitBytes));
      if (budget.usedBytes + chunk.length > budget.limitBytes) return fail(overloaded(budget));
      hold(chunk.length);
      chunks.push(chunk);
    };
    const onEnd = () =>
      settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
    const onCut = () => fail(new WebhookError('payload_unreadable', { reason: 'body_incomplete' }));
    const timer = setTimeout(
      () => fail(new WebhookError('request_timeout', { reason: 'request_timeout' })),
      timeoutMs,
    );
    request.on('data', onData).once('end', onEnd).once('error', onCut).once('close', onCut);
  });
}

/** Middleware in front has eaten the bytes that the signature is over; no later step can mend that. */
function requireUnread(request: IncomingMessage & { body?: unknown }): void {
  if (request.body === undefined && !request.readableDidRead) return;
  throw new WebhookError('body_already_parsed', {
    reason: 'body_already_parsed',
    note: 'a body parser runs before Everhook: mount Everhook above express.json() and its like',
  });
}

/** Refuses what says that it is encoded: signatures are over the bytes that were sent. */
export function requireUncompressed(encoding: string | undefined): void {
  if (encoding === undefined) return;
  throw new WebhookError('encoding_unsupported', { reason: 'content_encoding', note: encoding.slice(0, 64) });
}

/**
 * Swallows what is left of a refused body for up to half a second and 8 MiB, so that a sender in the
 * middle of it gets to read the answer instead of a reset connection. True when all of it was read.
 */
export async function swallowRest(request: IncomingMessage): Promise<boolean> {
  if (request.complete || request.destroyed) return request.complete;
  if (request.headers.expect !== undefined) return false;
  return await new Promise<boolean>((resolve) => {
    let bytes = 0;
    const settle = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', settle).off('close', settle);
      resolve(request.complete);
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > 8 * 1024 * 1024) settle();
    };
    const timer = setTimeout(settle, 500);
    request.on('data', onData).once('end', settle).once('close', settle).resume();
  });
}

/** A body of more bytes than its source takes. */
export const tooLarge = (limitBytes: number): WebhookError =>
  new WebhookError('body_too_large', { reason: 'body_over_limit', note: `over ${limitBytes} bytes` });

const overloaded = (budget: ByteBudget) =>
  new WebhookError('overloaded', {
    reason: 'bytes_in_flight',
    note: `${budget.usedBytes} bytes in flight, ${budget.limitBytes} allowed`,
  });
