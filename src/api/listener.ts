import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Express } from 'express';
import proxyAddress from 'proxy-addr';
import type { Sender, Webhook } from './webhook.ts';

/**
 * A server's listener: deliveries are answered at once, and Express takes what is left. On the way of a delivery
 * Express would cost more than all else together (docs/decisions/0011-deliveries-pass-by-express.md).
 * What an app that Everhook is mounted in sees is the same.
 */
export function deliveriesFirst(
  webhook: Webhook,
  app: Express,
  fail: (error: unknown, response: ServerResponse) => void,
): RequestListener {
  const trust = rememberTrust(app.get('trust proxy fn') as Trust);
  return (request, response) => {
    const answered = webhook(request, response, readSender(request, trust));
    if (answered === undefined) app(request, response);
    else answered.catch((error: unknown) => fail(error, response));
  };
}

/** How many answers about proxies are remembered. */
const proxies = 1000;

/** The same proxies ask for everybody: their addresses are not parsed each time. */
export function rememberTrust(trust: Trust): Trust {
  const known = new Map<string, boolean>();
  return (address, hop) => {
    // Of proxies behind proxies the sender may write what it likes.
    if (!isIP(address)) return trust(address, hop);
    const name = `${hop} ${address}`;
    let believed = known.get(name);
    if (believed === undefined) {
      if (known.size >= proxies) known.clear();
      known.set(name, (believed = trust(address, hop)));
    }
    return believed;
  };
}

/** Whether a proxy is believed: its address, and how many hops it is away from us. */
export type Trust = (address: string, hop: number) => boolean;

/** What Express would say of a request as `path`, `originalUrl`, `ip` and `secure`. */
export function readSender(request: IncomingMessage, trust: Trust): Sender {
  const { url = '' } = request;
  const end = url.search(/[?#]/);
  return {
    path: end < 0 ? url : url.slice(0, end),
    url,
    ip: proxyAddress(request, trust),
    secure: isSecure(request, trust),
  };
}

function isSecure({ socket, headers }: IncomingMessage, trust: Trust): boolean {
  if ('encrypted' in socket && socket.encrypted === true) return true;
  if (!trust(socket.remoteAddress ?? '', 0)) return false;
  // Each proxy adds its word at the end; the first is what the sender spoke.
  return headers['x-forwarded-proto']?.toString().split(',')[0]?.trim() === 'https';
}
