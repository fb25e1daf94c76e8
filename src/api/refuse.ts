import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebhookError } from '../errors.ts';
import type { Observation, Observe } from './observer.ts';
import { sendProblem } from './problem.ts';

/** What is told of a request that was refused before it belonged to a source. */
export const sourceless = (
  { code, reason, note }: WebhookError,
  remoteAddress: string | undefined,
): Observation => ({ kind: 'refused', source: 'unknown', code, reason, note, seconds: 0, remoteAddress });

/** Refuses such a request at once; the connection ends where a body follows that nobody reads. */
export function refuse(
  request: IncomingMessage & { readonly ip?: string | undefined },
  response: ServerResponse,
  observe: Observe,
  refusal: WebhookError,
): void {
  const { headers, ip = request.socket.remoteAddress } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  observe(sourceless(refusal, ip));
  sendProblem(response, refusal, hasBody);
}
