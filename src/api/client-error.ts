import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { WebhookError } from '../errors.ts';
import type { Observe } from './observer.ts';
import { problemDocument, problemHeaders } from './problem.ts';

/** Answers what Node refuses before a request reaches Express, as problem documents. */
export function answerClientErrors(server: Server, observe: Observe): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => latest.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const response = latest.get(socket);
    const inFlight = response !== undefined && !response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || (inFlight && response.headersSent)) {
      socket.destroy();
      return;
    }
    const refusal = refusalOf(error.code);
    // A request that Express has is told of there, once its body ends short.
    if (!inFlight) {
      observe({
        kind: 'refused',
        source: 'unknown',
        code: refusal.code,
        reason: refusal.reason,
        note: error.code,
        seconds: 0,
        remoteAddress: (socket as Socket).remoteAddress,
      });
    }
    socket.end(rawAnswer(refusal));
  });
}

function refusalOf(code = ''): WebhookError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new WebhookError('headers_too_large', { reason: 'headers_too_large' });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new WebhookError('request_timeout', { reason: 'request_timeout' });
  }
  return new WebhookError('payload_unreadable', { reason: 'http_malformed' });
}

function rawAnswer({ code, status }: WebhookError): string {
  const body = problemDocument(code);
  const headers = {
    ...problemHeaders(code),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}
