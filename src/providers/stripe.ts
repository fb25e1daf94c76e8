import type Stripe from 'stripe';
import { z } from 'zod';
import type { WebhookEvent } from '../event.ts';
import { requireFresh } from './freshness.ts';
import { at, expectShape, isoTime, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret, timedHmacProof, type HmacProof } from './proof.ts';
import type { Provider } from './provider.ts';
import { hmac, requireMatch, signatureInvalid, singleHeader } from './signature.ts';
import { stripeSamples } from './stripe-samples.ts';

type Snapshot = Stripe.Event;
type Thin = Stripe.V2.Core.EventNotification;

/** Stripe's own map of types: snapshot events, and thin ones (`v1.…`, `v2.…`). */
export type StripeEvents = {
  [Type in Snapshot['type']]: Extract<Snapshot, { type: Type }>;
} & {
  [Type in Thin['type']]: Extract<Thin, { type: Type }>;
};

/** A Stripe event as a workflow takes it: `StripeEvent<'payment_intent.succeeded'>`. */
export type StripeEvent<Type extends keyof StripeEvents = keyof StripeEvents> = {
  [T in Type]: WebhookEvent<T, StripeEvents[T]>;
}[Type];

const header = 'stripe-signature';
const defaultToleranceSeconds = 300;

/**
 * Stripe: snapshot and thin events. `STRIPE_WEBHOOK_SECRET` is the endpoint's own, `whsec_` included.
 * The scheme is that of stripe-node's Webhooks.ts: an HMAC of `t.body`, age bounded, the future not.
 */
export const stripe = (): Provider<StripeEvents, HmacProof> => ({
  name: 'stripe',
  proof: timedHmacProof,

  verify({ headers, body }, { secrets, toleranceSeconds = defaultToleranceSeconds }, { now }) {
    const { time, signatures } = parseSignature(singleHeader(headers, header));
    requireMatch(signatures, secrets, (secret) => hmac(secret, [`${time}.`, body]));
    requireFresh(Number(time), now, { toleranceSeconds, future: 'unbounded' });
  },

  read({ body }) {
    const payload = parseJson(utf8(body));
    const { type } = expectShape(envelope, payload);
    const key = scalarText(at(payload, ['data', 'object', 'id']) ?? at(payload, ['related_object', 'id']));
    const occurredAt = isoTime(at(payload, ['created']));
    return {
      events: [
        {
          id: requireId(at(payload, ['id']), '/id'),
          types: [type],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // Stripe counts its own open deliveries in pending_webhooks, so retries differ there.
          sameness: { ...(payload as object), pending_webhooks: undefined },
          labels: labels(payload),
        },
      ],
    };
  },

  sign({ body }, { secrets }, at) {
    const time = Math.floor(at.getTime() / 1000);
    return {
      'content-type': 'application/json; charset=utf-8',
      [header]: `t=${time},v1=${hmac(secrets[0], [`${time}.`, body])}`,
    };
  },

  keepHeaders: [header],
  signedTime: true,
  samples: stripeSamples,
  develop: () => developmentSecret('whsec_'),
});

/** `t=…,v1=…,v1=…`; other schemes, such as the `v0` of test events, are nothing to us. */
function parseSignature(value: string): { time: string; signatures: string[] } {
  const pairs = value.split(',').map((pair) => pair.trim());
  const valuesOf = (name: string) =>
    pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  const times = valuesOf('t');
  const signatures = valuesOf('v1');
  const [time, secondTime] = times;
  if (time === undefined) throw signatureInvalid('timestamp_missing', 'no t=');
  if (secondTime !== undefined) throw signatureInvalid('signature_repeated', 'more than one t=');
  if (!/^\d{1,12}$/.test(time))
    throw signatureInvalid('signature_malformed', 't= is not a number of seconds');
  if (signatures.length === 0) throw signatureInvalid('signature_missing', 'no v1=');
  if (!signatures.some((signature) => /^[0-9a-f]{64}$/.test(signature))) {
    throw signatureInvalid('signature_malformed', 'v1= is not 64 lower-case hex digits');
  }
  return { time, signatures };
}

const envelope = z.object({ type: z.string().min(1) });

function labels(payload: unknown): Record<string, string> {
  const object = ['data', 'object'];
  return textsOnly({
    account: at(payload, ['account']),
    customer: at(payload, [...object, 'customer']),
    invoice: at(payload, [...object, 'invoice']),
    payment: at(payload, [...object, 'payment_intent']),
  });
}
