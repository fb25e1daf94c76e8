import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { WebhookError } from '../errors.ts';
import type { Observe } from './observer.ts';
import { problemDocument, problemHeaders } from './problem.ts';
import { sourceless } from './refuse.ts';

/** The answers under way, by their connections. */
export type UnderWay = ReadonlyMap<Duplex, ReadonlySet<ServerResponse>>;

/** Notes the answers of a server that are under way. */
export function watchAnswers(server: Server): UnderWay {
  const underWay = new Map<Duplex, Set<ServerResponse>>();
  server.on('request', ({ socket }, response) => {
    const known = underWay.get(socket);
    const answers = known ?? new Set();
    // Requests may stand in line on a connection, and of those that it never came to nothing is heard.
    if (known === undefined) {
      underWay.set(socket, answers);
      socket.once('close', () => underWay.delete(socket));
    }
    answers.add(response);
    response.once('close', () => answers.delete(response));
  });
  return underWay;
}

/** Answers what does not become a request, or what Node would answer in its own way, as problem documents. */
export function answerClientErrors(server: Server, observe: Observe, underWay: UnderWay): void {
  const tell = (refusal: WebhookError, socket: Duplex) =>
    observe(sourceless(refusal, (socket as Socket).remoteAddress));
  // `100-continue` is answered where the body is read; what else is expected may be ignored (RFC 9110, 10.1.1).
  for (const name of ['checkContinue', 'checkExpectation']) {
    server.on(name, (request, response) => server.emit('request', request, response));
  }
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    const refusal = new WebhookError('method_not_allowed', { reason: 'method_not_allowed', note: 'CONNECT' });
    tell(refusal, socket);
    socket.end(rawAnswer(refusal));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const open = [...(underWay.get(socket) ?? [])].filter(({ writableFinished }) => !writableFinished);
    if (error.code === 'ECONNRESET' || !socket.writable || open.some(({ headersSent }) => headersSent)) {
      socket.destroy();
      return;
    }
    const refusal = refusalOf(error.code);
    const cut = open.some(({ req }) => !req.complete);
    // A request whose body is cut short is told of where that is read.
    if (!cut) tell(refusal, socket);
    // What came whole before the junk gets its answer, and the connection ends with that.
    const last = open.at(-1);
    if (last === undefined || cut) socket.end(rawAnswer(refusal));
    else last.setHeader('connection', 'close');
  });
}

function refusalOf(note: string | undefined): WebhookError {
  if (note === 'HPE_HEADER_OVERFLOW') {
    return new WebhookError('headers_too_large', { reason: 'headers_too_large', note });
  }
  if (note === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new WebhookError('request_timeout', { reason: 'request_timeout', note });
  }
  return new WebhookError('payload_unreadable', {
    reason: 'http_malformed',
    ...(note !== undefined && { note }),
  });
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
