import { Stripe } from 'stripe';
import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import { payments } from './payments.ts';

export type { PaymentQuery, PaymentReading } from './payments.ts';

export type PaymentActivities = ReturnType<typeof payments>;

const users = ['fulfillPayment', 'recoverPayment'];
const timeoutMs = 10_000;

/**
 * The payment activities, with a client for each Stripe source that has `<SOURCE>_API_KEY`. Throws
 * ConfigError when one is missing in production.
 */
export function createPayments({ setting, development, routes }: ActivityContext): PaymentActivities {
  const stripeRoutes = routes.filter(({ provider }) => provider === 'stripe');
  const clients = new Map<string, Stripe>();
  for (const source of new Set(stripeRoutes.map((route) => route.source))) {
    const prefix = source.toUpperCase().replaceAll('-', '_');
    const key = setting(`${prefix}_API_KEY`);
    if (key !== undefined) {
      clients.set(source, createClient(key, apiBase(`${prefix}_API_BASE`, setting)));
      continue;
    }
    const rows = rowsOf(
      stripeRoutes.filter((route) => route.source === source),
      users,
    );
    if (development || rows.length === 0) continue;
    throw new ConfigError(
      `${prefix}_API_KEY is not set: payments are re-read before money is booked, for ${rows.join(', ')}`,
    );
  }
  return payments(clients);
}

const createClient = (key: string, base: ReturnType<typeof apiBase>): Stripe =>
  new Stripe(key, {
    ...base,
    timeout: timeoutMs,
    // Temporal repeats, visibly and for longer than a request could.
    maxNetworkRetries: 0,
    telemetry: false,
  });

/** Where Stripe's API is, for those who look like it. */
function apiBase(name: string, setting: ActivityContext['setting']) {
  const value = setting(name);
  if (value === undefined) return {};
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new ConfigError(`${name} must be http(s)://host[:port], without path and user`);
  }
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { protocol, host: url.hostname, port: url.port || (protocol === 'http' ? 80 : 443) } as const;
}
