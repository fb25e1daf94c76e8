import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { onTestFinished } from 'vitest';
import type { Accept } from '../../src/accept.ts';
import { answerClientErrors, watchAnswers } from '../../src/api/client-error.ts';
import type { Limiter } from '../../src/api/limiter.ts';
import type { Observation } from '../../src/api/observer.ts';
import type { ReadySource } from '../../src/api/receive.ts';
import { deliveriesFirst } from '../../src/api/listener.ts';
import { addRoutes } from '../../src/api/router.ts';
import { createWebhook } from '../../src/api/webhook.ts';
import { payment, stripe, type SigningProof } from '../../src/providers/index.ts';
import type { HmacProof } from '../../src/providers/proof.ts';

export const proof: SigningProof<HmacProof> = {
  secrets: ['secret of the test'],
  toleranceSeconds: undefined,
};

/** A stripe and a payment source with a row each; everything else is ignored. */
export const sources: Record<string, ReadySource> = {
  stripe: {
    name: 'stripe',
    provider: stripe(),
    proof,
    routes: { 'payment_intent.succeeded': 'fulfillPayment' },
    bodyLimitBytes: 100_000,
  },
  payment: {
    name: 'payment',
    provider: payment(),
    proof,
    routes: { 'payment.succeeded': { workflow: 'fulfillPayment', taskQueue: 'money', priority: 1 } },
    bodyLimitBytes: 100_000,
  },
};

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TestApp {
  readonly port: number;
  readonly observed: Observation[];
  readonly accepted: Parameters<Accept>[0][];
  /** Posts bytes, signed for the source unless headers say otherwise. */
  post(path: string, body: string | Buffer, headers?: Record<string, string | string[]>): Promise<Answered>;
  call(
    method: string,
    path: string,
    headers?: Record<string, string | string[]>,
    body?: string | Buffer,
  ): Promise<Answered>;
  /** Writes bytes to a socket and gives all that comes back until it closes. */
  raw(...chunks: string[]): Promise<string>;
}

export interface TestAppOptions {
  /** Besides a stripe and a payment source. */
  readonly sources?: Readonly<Record<string, ReadySource>>;
  readonly accept?: Accept;
  readonly development?: boolean;
  readonly trustProxy?: string | number | boolean;
  readonly budgetBytes?: number;
  readonly bodyTimeoutMs?: number;
  readonly refusalLimiter?: Limiter;
  /** Counts the proven deliveries of the source `payment`. */
  readonly paymentLimiter?: Limiter;
  readonly server?: Parameters<typeof createServer>[0];
  readonly before?: (app: Express) => void;
}

/** The router on a port of its own, with an `accept` that takes everything as new. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const observed: Observation[] = [];
  const accepted: Parameters<Accept>[0][] = [];
  const takeAll: Accept = ({ events }) =>
    Promise.resolve(events.map(({ plan }) => (plan.state === 'accepted' ? 'new' : 'ignored')));
  const observe = (observation: Observation) => void observed.push(observation);
  const { refusalLimiter, paymentLimiter } = options;
  const app = express().set('trust proxy', options.trustProxy ?? false);
  options.before?.(app);
  app.enable('case sensitive routing');
  const webhook = createWebhook({
    sources: {
      ...sources,
      ...options.sources,
      ...(paymentLimiter && { payment: { ...sources.payment!, limiter: paymentLimiter } }),
    },
    accept: (given) => {
      accepted.push(given);
      return (options.accept ?? takeAll)(given);
    },
    observe,
    development: options.development ?? true,
    publicUrl: 'https://hooks.example.com',
    budget: { limitBytes: options.budgetBytes ?? 1_000_000, usedBytes: 0 },
    bodyTimeoutMs: options.bodyTimeoutMs ?? 5000,
    refusalLimiter,
  });
  addRoutes(app, { webhook, phase: () => 'ready', temporalServes: () => Promise.resolve(true) });
  const fail = (error: unknown) => {
    throw error;
  };
  // As `everhook api` listens; an app of somebody else's has Express in front.
  const listener = options.before ? app : deliveriesFirst(webhook, app, fail);
  const server = createServer({ connectionsCheckingInterval: 100, ...options.server }, listener);
  answerClientErrors(server, observe, watchAnswers(server));
  const port = await listen(server);
  const call: TestApp['call'] = (method, path, headers = {}, body = '') =>
    exchange({ port, method, path, headers, body });
  return {
    port,
    observed,
    accepted,
    call,
    post: (path, body, headers) => call('POST', path, headers ?? signed(path, body), body),
    raw: (...chunks) => rawExchange(port, chunks),
  };
}

/** The headers with which the source in the path would have sent the body. */
export function signed(path: string, body: string | Buffer): Record<string, string> {
  const source = sources[path.split('/')[2] ?? ''];
  const bytes = Buffer.from(body);
  const request = { method: 'POST', url: `http://localhost${path}`, body: bytes, type: 'x' };
  return source?.provider.sign(request, proof, new Date()) ?? {};
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function exchange({
  port,
  method,
  path,
  headers,
  body,
}: {
  port: number;
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
  body: string | Buffer;
}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function rawExchange(port: number, chunks: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    for (const chunk of chunks) socket.write(chunk, 'latin1');
  });
}
