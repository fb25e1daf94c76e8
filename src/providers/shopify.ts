import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { WebhookEvent } from '../event.ts';
import { at, expectShape, isoTime, parseJson, requireHeader, scalarText, textsOnly, utf8 } from './json.ts';
import { developmentSecret, hmacProof, type HmacProof } from './proof.ts';
import type { Delivery, DeliveryHeaders, Provider } from './provider.ts';
import { shopifySamples } from './shopify-samples.ts';
import type { ShopifyEvents } from './shopify-types.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';

/** A Shopify event as a workflow takes it: `ShopifyEvent<'orders/create'>`. */
export type ShopifyEvent<Type extends keyof ShopifyEvents = keyof ShopifyEvents> = {
  [T in Type]: WebhookEvent<T, ShopifyEvents[T]>;
}[Type];

export interface ShopifyOptions {
  /**
   * Which header is the event's id. `webhook`, the default: `X-Shopify-Webhook-Id`, one delivery to one subscription,
   * kept on retries. `event`: `X-Shopify-Event-Id`, what a merchant did, equal over all subscriptions and topics that
   * tell of it; a delivery without that header falls back to its webhook id.
   */
  readonly id?: 'webhook' | 'event';
}

/** What stands in front of the names of the headers: of webhooks, and of the newer Events. */
type Prefix = 'x-shopify-' | 'shopify-';

const signatureName = 'hmac-sha256';
const readNames = [
  'topic',
  'action',
  'webhook-id',
  'event-id',
  'shop-domain',
  'resource-id',
  'api-version',
  'triggered-at',
  'name',
  'handle',
];

/**
 * Shopify: webhooks, and the newer Events, whose headers have the same names without `X-`. The signature is a base64
 * HMAC of the body by the app's client secret, and covers nothing else: not the topic, the shop, the id or the time.
 * shopify.dev/docs/apps/build/webhooks/verify-deliveries, shopify.dev/docs/apps/build/events/verify-deliveries
 */
export const shopify = ({ id: idFrom = 'webhook' }: ShopifyOptions = {}): Provider<
  ShopifyEvents,
  HmacProof
> => ({
  name: 'shopify',
  proof: hmacProof,

  verify({ headers, body }, { secrets }) {
    const header = prefixOf(headers) + signatureName;
    const given = singleHeader(headers, header);
    if (!/^[A-Za-z0-9+/]{43}=$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not the base64 of 32 bytes`);
    }
    requireMatch([given], secrets, (secret) => hmac(secret, [body], { encoding: 'base64' }));
  },

  read(delivery) {
    const { headers, body } = delivery;
    const prefix = prefixOf(headers);
    const payload = parseJson(utf8(body));
    expectShape(z.looseObject({}), payload);
    const occurredAt = isoTime(headers.get(`${prefix}triggered-at`));
    return {
      events: [
        {
          id: idOf(headers, prefix, idFrom),
          types: [typeOf(headers, prefix)],
          ...keyOf(delivery, prefix, payload),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
          // The id and the topic are in headers, which nobody signs.
          echo: sha256(body),
          labels: textsOnly({
            shop: headers.get(`${prefix}shop-domain`),
            event: headers.get(`${prefix}event-id`),
            version: headers.get(`${prefix}api-version`),
            subscription: headers.get(`${prefix}name`) ?? headers.get(`${prefix}handle`),
          }),
        },
      ],
    };
  },

  sign({ body, type, id = randomUUID() }, { secrets }, moment) {
    return {
      'content-type': 'application/json',
      'user-agent': 'Shopify-Captain-Hook',
      'x-shopify-topic': type,
      [`x-shopify-${signatureName}`]: hmac(secrets[0], [body], { encoding: 'base64' }),
      'x-shopify-shop-domain': 'everhook-sample.myshopify.com',
      'x-shopify-api-version': '2026-10',
      'x-shopify-webhook-id': id,
      'x-shopify-event-id': id,
      'x-shopify-triggered-at': moment.toISOString(),
    };
  },

  keepHeaders: (['x-shopify-', 'shopify-'] as const).flatMap((prefix) =>
    [signatureName, ...readNames].map((name) => prefix + name),
  ),
  // Five seconds in all, one of them to connect: shopify.dev/docs/apps/build/webhooks/verify-deliveries
  answerWithinMs: 5000,
  samples: shopifySamples,
  develop: () => developmentSecret(),
});

/** One set of headers is read, never a mix: that whose signature is there; of both the newer, as Shopify's library does. */
const prefixOf = (headers: DeliveryHeaders): Prefix =>
  headers.get(`shopify-${signatureName}`) === undefined ? 'x-shopify-' : 'shopify-';

function idOf(headers: DeliveryHeaders, prefix: Prefix, idFrom: 'webhook' | 'event'): string {
  const event = idFrom === 'event' && headers.get(`${prefix}event-id`) !== undefined;
  return requireHeader(headers, prefix + (event ? 'event-id' : 'webhook-id'), 'event_id_missing');
}

/** `orders/create`; of the Events, where topic and action are two headers, `Product/update`. */
function typeOf(headers: DeliveryHeaders, prefix: Prefix): string {
  const topic = requireHeader(headers, `${prefix}topic`, 'payload_unreadable');
  if (prefix === 'x-shopify-' || headers.get('shopify-action') === undefined) return topic;
  return `${topic}/${requireHeader(headers, 'shopify-action', 'payload_unreadable')}`;
}

/** The shop and what it is about: ids are unique in Shopify, but not all bodies have one. */
function keyOf({ headers }: Delivery, prefix: Prefix, payload: unknown): { key?: string } {
  const shop = headers.get(`${prefix}shop-domain`);
  const resource =
    scalarText(at(payload, ['id'])) ??
    scalarText(at(payload, ['admin_graphql_api_id'])) ??
    headers.get(`${prefix}resource-id`);
  const parts = [shop, resource].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? {} : { key: parts.join(':') };
}
