import { WebhookError } from '../errors.ts';
import type { Question, Reply } from '../providers/provider.ts';
import { boundedBytes, messageOf } from './fetched.ts';
import { createTokens } from './tokens.ts';

export interface AskOptions {
  /** Default the process's. */
  readonly fetch?: typeof fetch;
  /** How long a delivery waits for an answer, its token included, in milliseconds. */
  readonly waitMs?: number;
  /** How long a token may take, in milliseconds. A delivery that could not wait finds it when it comes again. */
  readonly tokenMs?: number;
}

/** Asks until `waitMs` have passed, and no longer than leaves time to accept the delivery before its deadline. */
export type AskInTime = (question: Question, deadline: Date) => Promise<Reply>;

const limitBytes = 65_536;
/** What is left of a deadline for the commit, in milliseconds. */
const commitMs = 300;

/**
 * Asks a provider's API in the name of an OAuth client, whose token it keeps. Whoever has it do so has chosen the URL:
 * nothing here does, and no redirect is followed.
 */
export function createAsk({
  fetch = globalThis.fetch,
  waitMs = 1200,
  tokenMs = 10_000,
}: AskOptions = {}): AskInTime {
  const send = async ({ url, ...request }: Omit<Question, 'client'>, signal: AbortSignal): Promise<Reply> => {
    const { status, body } = await fetch(url, { ...request, redirect: 'manual', signal });
    const bytes = await boundedBytes(body, limitBytes);
    if (bytes === undefined) throw new Error(`${new URL(url).host} answered more than 64 KiB`);
    return { status, text: bytes.toString() };
  };
  const tokenOf = createTokens((request) => send(request, AbortSignal.timeout(tokenMs)));

  const answer = async ({ client, ...request }: Question, signal: AbortSignal): Promise<Reply> => {
    const sendWith = (token: string) =>
      send({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }, signal);
    const token = await tokenOf(client);
    const reply = await sendWith(token);
    // It was taken back before its time: another one may do, and if not, that is the answer.
    return reply.status === 401 ? await sendWith(await tokenOf(client, { refused: token })) : reply;
  };

  return async (question, deadline) => {
    const leftMs = Math.max(1, Math.min(waitMs, deadline.getTime() - Date.now() - commitMs));
    const signal = AbortSignal.timeout(leftMs);
    try {
      // The token is fetched for others, too, and goes on without this one.
      return await Promise.race([answer(question, signal), aborted(signal)]);
    } catch (cause) {
      const note = signal.aborted
        ? `no answer of ${new URL(question.url).host} within ${leftMs} ms`
        : messageOf(cause);
      throw new WebhookError('not_durable', { reason: 'provider_unavailable', note, cause });
    }
  };
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
