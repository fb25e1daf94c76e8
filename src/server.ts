import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { createAdminApp } from './admin/app.ts';
import type { CodecParts } from './admin/codec.ts';
import { answerClientErrors, watchAnswers } from './api/client-error.ts';
import type { Observe } from './api/observer.ts';
import { refuse } from './api/refuse.ts';
import { deliveriesFirst } from './api/listener.ts';
import { assembleApi, type Api } from './app.ts';
import type { Config } from './config.ts';
import { sendProblem } from './api/problem.ts';
import type { Gateway } from './define.ts';
import { WebhookError } from './errors.ts';
import { listen } from './listen.ts';
import type { Logger } from './log.ts';
import { encryptionCodec } from './temporal/codec.ts';

/** How long requests under way may still take when the process is told to stop, in milliseconds. */
const drainMs = 15_000;
/** How long a connection may then still say nothing, in milliseconds. */
const silentMs = 1000;
/** Node's own default, said: the most bytes of request headers. */
const maxHeaderBytes = 16_384;

/** A running API process. */
export interface ApiServer {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  readonly adminUrl: string;
  /** Takes no new connection, finishes what is under way (15 s at most), then closes. */
  stop(): Promise<void>;
}

/** Starts the API and its admin port. Throws ConfigError, before anything listens where it can. */
export async function startApi(gateway: Gateway, config: Config, log: Logger): Promise<ApiServer> {
  const api = await assembleApi(gateway, config, log);
  const app = express()
    .disable('x-powered-by')
    .set('trust proxy', config.trustProxy)
    .enable('case sensitive routing');
  api.addTo(app);
  app.use(noSuchPath(api.observe));
  app.use(unexpected(log));
  const listener = deliveriesFirst(api.webhook, app, (error, response) =>
    answerUnexpected(error, response, log),
  );
  const server = createHttpServer((request, response) => {
    if (api.phase === 'draining') response.setHeader('connection', 'close');
    if (hasHost(request)) listener(request, response);
    else refuse(request, response, api.observe, withoutHost());
  }, config);
  const underWay = watchAnswers(server);
  answerClientErrors(server, api.observe, underWay);
  const admin = createServer(
    { connectionsCheckingInterval: 1000 },
    createAdminApp({ registry: api.registry, codec: codecParts(config, api, log) }),
  );
  const connections = { server: connectionsOf(server), admin: connectionsOf(admin) };
  try {
    const url = urlOf(await listen(server, { name: 'PORT', host: config.host, port: config.port }));
    const adminUrl = urlOf(
      await listen(admin, { name: 'EVERHOOK_ADMIN_PORT', host: config.adminHost, port: config.adminPort }),
    );
    api.phase = 'ready';
    return {
      url,
      adminUrl,
      async stop() {
        api.phase = 'draining';
        // A sender that keeps its connection after the answer would hold up the end.
        for (const response of [...underWay.values()].flatMap((answers) => [...answers])) {
          if (!response.headersSent) response.setHeader('connection', 'close');
        }
        await drain(server, connections.server);
        await drain(admin, connections.admin);
        await api.close();
      },
    };
  } catch (error) {
    server.close();
    await api.close();
    throw error;
  }
}

function codecParts(
  { encryption, development, adminToken, uiOrigins }: Config,
  { externalStorage }: Api,
  log: Logger,
) {
  const { current, previous } = encryption;
  if (current === undefined && previous === undefined && externalStorage === undefined) return undefined;
  const codec = encryptionCodec(encryption);
  const access = { development, token: adminToken, uiOrigins };
  return { codec, externalStorage, access, log } satisfies CodecParts;
}

/** RFC 9112, 3.2: without Host, a request of HTTP/1.1 is a bad one. */
const hasHost = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.host !== undefined || httpVersion === '1.0';

const withoutHost = () => new WebhookError('payload_unreadable', { reason: 'http_malformed' });

const noSuchPath =
  (observe: Observe): RequestHandler =>
  (request, response) =>
    refuse(request, response, observe, new WebhookError('source_unknown', { reason: 'source_unknown' }));

/** The last resort: Express's own would print the stack into the answer. */
const unexpected =
  (log: Logger): ErrorRequestHandler =>
  (error, _request, response, _next) =>
    answerUnexpected(error, response, log);

function answerUnexpected(error: unknown, response: ServerResponse, log: Logger): void {
  log.error({ err: error }, 'request failed');
  sendProblem(response, new WebhookError('internal', { reason: 'unexpected_error' }), true);
}

function createHttpServer(app: RequestListener, { requestTimeoutSeconds }: Config): Server {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: 5000,
      // The body's own limit answers first; this one catches what never becomes a request.
      requestTimeout: requestTimeoutSeconds * 1000 + 5000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 1000,
      // Node's own answer would have no body; ours comes from `hasHost`.
      requireHostHeader: false,
    },
    app,
  );
  // No cap on their number, which Node would apply in silence: their bytes are bounded.
  server.maxHeadersCount = 0;
  return server;
}

const urlOf = ({ address, port, family }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

/** The server's open connections, now and later. */
function connectionsOf(server: Server): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket.once('close', () => connections.delete(socket)));
  });
  return connections;
}

async function drain(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  // Node takes a connection for busy on which nothing has come, and looks for its time limits no more.
  const closeSilent = () => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  };
  const timers = [setTimeout(closeSilent, silentMs), setTimeout(() => server.closeAllConnections(), drainMs)];
  await closed;
  for (const timer of timers) clearTimeout(timer);
}
