import type { ServerResponse } from 'node:http';
import { problems, type Code, type WebhookError } from '../errors.ts';

/** What a sender should wait before it tries again, in seconds; sent with every 503. */
const retryAfterSeconds = 5;

/** A refusal as RFC 9457 says it. The reason is not in it: that stays with the operators. */
export function problemDocument(code: Code): string {
  const { status, detail } = problems[code];
  const title = code[0]!.toUpperCase() + code.slice(1).replaceAll('_', ' ');
  return JSON.stringify({ type: `urn:everhook:problem:${code}`, title, status, code, detail });
}

/** The headers that go with it. */
export const problemHeaders = (code: Code): Record<string, string> => ({
  'content-type': 'application/problem+json',
  'cache-control': 'no-store',
  ...(problems[code].status === 503 && { 'retry-after': String(retryAfterSeconds) }),
  ...(code === 'method_not_allowed' && { allow: 'POST, PUT' }),
});

/** Answers a refused request; `close` ends the connection, whose body was not read to its end. */
export function sendProblem(
  response: ServerResponse,
  { code, status, headers }: WebhookError,
  close: boolean,
): void {
  if (response.headersSent || response.destroyed) return;
  const document = problemDocument(code);
  response.writeHead(status, {
    ...problemHeaders(code),
    'content-length': Buffer.byteLength(document),
    ...headers,
    ...(close && { connection: 'close' }),
  });
  response.end(document);
}
