import type { IncomingMessage } from 'node:http';
import { createHash, timingSafeEqual } from 'node:crypto';
import { WebhookError, type Reason } from '../errors.ts';

/** Who may ask the admin port for what is not for everybody. */
export interface Access {
  readonly development: boolean;
  /** `EVERHOOK_ADMIN_TOKEN`, sent as `Authorization: Bearer <token>`. */
  readonly token: string | undefined;
  /** Pages of these origins may ask, `http://127.0.0.1:8233`; others never. */
  readonly uiOrigins: readonly string[];
}

/**
 * Passes when the request carries the token; where none is set, in development and when it comes from this
 * machine, under a name of this machine. Throws WebhookError `admin_unauthorized`, `admin_forbidden`.
 */
export function requireAccess(request: IncomingMessage, { development, token }: Access): void {
  if (token !== undefined) return requireToken(request, token);
  if (!development || !isLoopback(request.socket.remoteAddress)) {
    throw refused('admin_unauthorized', 'token_unset');
  }
  // A page whose name was made to point here (DNS rebinding) is of the same origin to the browser, and may
  // read the answer; it cannot change the name that the browser calls us by.
  const host = request.headers.host ?? '';
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(host)) {
    throw refused('admin_forbidden', 'host_unknown', host);
  }
}

/**
 * The origin of the page that asks, where it is one of ours; undefined where no page asks (a command line).
 * Throws WebhookError `admin_forbidden` for every other page, `null` included.
 */
export function requireOrigin({ headers }: IncomingMessage, { uiOrigins }: Access): string | undefined {
  const { origin } = headers;
  if (origin === undefined || uiOrigins.includes(origin)) return origin;
  throw refused('admin_forbidden', 'origin_unknown', origin);
}

function requireToken({ headers }: IncomingMessage, token: string): void {
  const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (given === undefined) throw refused('admin_unauthorized', 'token_missing');
  if (!timingSafeEqual(digest(given), digest(token))) throw refused('admin_unauthorized', 'token_mismatch');
}

/** Of equal length, so that the comparison tells nothing of the token's. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The addresses of this machine alone; IPv4 ones also as IPv6 writes them. */
const isLoopback = (address = ''): boolean =>
  address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);

const refused = <C extends 'admin_unauthorized' | 'admin_forbidden'>(
  code: C,
  reason: Reason<C>,
  note?: string,
) => new WebhookError(code, { reason, ...(note !== undefined && { note: note.slice(0, 128) }) });
