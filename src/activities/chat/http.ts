import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { retryAfterSeconds } from '../retry-after.ts';
import type { ChatRequest } from './chat.ts';

const timeoutMs = 10_000;

/** How often a 404 may pass: 30 s with the retries of `limits.discord`. */
const unknownAttempts = 5;

/**
 * Sends an answer. Too many requests and errors of the chat's own pass, after the pause that it asks for; what else is
 * no 2xx stays so, redirects too. With `unknownPasses` a 404 passes for the first five attempts: Discord, at times, knows an
 * interaction's token some seconds after it has taken our first answer (discord/discord-api-docs issue 7220).
 */
export async function sendAnswer(
  { method, url, body }: ChatRequest,
  { unknownPasses }: { unknownPasses: boolean },
): Promise<'sent'> {
  const { status, headers } = await call(url, { method, body: JSON.stringify(body) });
  if (status >= 200 && status < 300) return 'sent';
  const message = `${url.host}: ${status}`;
  if (status === 429 || (status === 503 && headers.has('retry-after'))) {
    throw ApplicationFailure.create({
      message,
      type: 'ChatBusy',
      nextRetryDelay: `${retryAfterSeconds(headers.get('retry-after'))} seconds`,
    });
  }
  const unknownYet = unknownPasses && status === 404 && activityInfo().attempt <= unknownAttempts;
  throw status >= 500 || unknownYet
    ? ApplicationFailure.retryable(message, 'ChatUnavailable')
    : ApplicationFailure.nonRetryable(message, 'ChatRefused');
}

/** What comes back is not read: the status says all. Its errors name the host, never the URL. */
async function call(url: URL, request: { method: string; body: string }): Promise<Response> {
  const cancelled = cancellationSignal();
  try {
    const response = await fetch(url, {
      ...request,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      redirect: 'manual',
      signal: AbortSignal.any([cancelled, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return response;
  } catch (error) {
    cancelled.throwIfAborted();
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    throw ApplicationFailure.retryable(`${url.host}: ${cause?.code ?? name}`, 'ChatUnavailable');
  }
}
