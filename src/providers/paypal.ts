import { randomUUID, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { certificatesIn, createChainJudge, type JudgeChain } from './certificate-chain.ts';
import { requireFresh } from './freshness.ts';
import { at, expectShape, isoTime, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import {
  certificatePlaces,
  lookUp,
  paypalEnvironments,
  placeOf,
  requirePaypalHosts,
  simulatorId,
  type PaypalEnvironment,
} from './paypal-certificate.ts';
import { developmentPaypal } from './paypal-development.ts';
import type { PaypalEvents } from './paypal-events.ts';
import {
  apiBase,
  credential,
  paypalApis,
  postbackOf,
  requirePostback,
  type Postback,
} from './paypal-postback.ts';
import { paypalSamples } from './paypal-samples.ts';
import {
  signedText,
  transmissionAlgorithm,
  transmissionHeaders,
  transmissionOf,
} from './paypal-transmission.ts';
import { seconds } from './proof.ts';
import type { Provider } from './provider.ts';
import { signatureInvalid } from './signature.ts';

export type { PaypalEvent, PaypalEvents } from './paypal-events.ts';

export interface PaypalOptions {
  /**
   * Takes the events of PayPal's simulator as well, in the sandbox alone. Whoever has a developer account can have it
   * send them to any address. Default false.
   */
  readonly simulator?: boolean;
  /** Hosts of PayPal's where certificates may lie besides the environment's own: `['api-m.paypal.com']`. */
  readonly certificateHosts?: readonly string[];
}

/** What proves PayPal's deliveries to one webhook. */
export interface PaypalProof {
  /** The webhook's id, and that of the webhook before it. */
  readonly webhookIds: readonly [string, ...string[]];
  readonly environment: PaypalEnvironment;
  readonly judgeChain: JudgeChain;
  /** How far the signed time may be from ours; undefined: any time is taken. */
  readonly toleranceSeconds: number | undefined;
  /** Undefined: PayPal is not asked. */
  readonly postback: Postback | undefined;
}

/**
 * PayPal: the webhooks of its REST APIs. Signed are the transmission's id and time, the webhook's id (which comes from
 * the configuration) and the CRC-32 of the body, with the key of a certificate that the delivery names. A CRC-32 is no
 * hash: who holds one delivery can make another body for it, so a transmission is taken once.
 * developer.paypal.com/api/rest/webhooks/rest; notifications.py of paypal/PayPal-Python-SDK. Throws ConfigError.
 */
export function paypal({ simulator = false, certificateHosts = [] }: PaypalOptions = {}): Provider<
  PaypalEvents,
  PaypalProof
> {
  requirePaypalHosts(certificateHosts);
  return {
    name: 'paypal',
    proof: paypalProof,

    async verify({ headers, body }, proof, { now, certificate, ask }) {
      const transmission = transmissionOf(headers);
      const places = certificatePlaces({ ...proof, simulator, moreHosts: certificateHosts });
      const { name, webhookIds } = placeOf(transmission.certificateUrl, places);
      const pem = await lookUp(transmission.certificateUrl, certificate);
      const key = proof.judgeChain(pem, { name, now });
      if (key.asymmetricKeyType !== 'rsa') throw signatureInvalid('certificate_untrusted', 'no RSA key');
      const signedFor = webhookIds.find((webhookId) =>
        verify('sha256', signedText(transmission, webhookId, body), key, transmission.signature),
      );
      if (signedFor === undefined) throw signatureInvalid('signature_mismatch');
      const { toleranceSeconds, postback } = proof;
      if (toleranceSeconds !== undefined) {
        requireFresh(Date.parse(transmission.time) / 1000, now, { toleranceSeconds });
      }
      // PayPal cannot judge the simulator's: developer.paypal.com/api/rest/webhooks/simulator
      if (postback === undefined || ask === undefined || signedFor === simulatorId) return;
      await requirePostback({ transmission, webhookId: signedFor, body }, postback, ask);
    },

    read({ headers, body }) {
      const payload = parseJson(utf8(body));
      const { event_type: type } = expectShape(envelope, payload);
      const key = keyOf(payload);
      const occurredAt = isoTime(at(payload, ['create_time']));
      const transmission = headers.get(transmissionHeaders.id);
      return {
        events: [
          {
            id: requireId(at(payload, ['id']), '/id'),
            types: [type],
            ...(key !== undefined && { key }),
            ...(occurredAt !== undefined && { occurredAt }),
            payload,
            // Addresses at PayPal's API, where else the event is to be had; they are not what it says.
            sameness: { ...(payload as object), links: undefined },
            // The body is signed by its CRC-32 alone, so its id may be anybody's; the transmission's is PayPal's.
            ...(transmission !== undefined && { once: transmission }),
            labels: labels(payload),
          },
        ],
      };
    },

    sign({ body }, { privateKey, webhookIds, environment }, moment) {
      if (privateKey === undefined) {
        throw new ConfigError('only PayPal can sign for a webhook of its own: development makes up another');
      }
      const transmission = { id: randomUUID(), time: moment.toISOString().replace(/\.\d{3}Z$/, 'Z') };
      const signature = sign('sha256', signedText(transmission, webhookIds[0], body), privateKey);
      const { host } = paypalEnvironments[environment];
      return {
        'content-type': 'application/json',
        [transmissionHeaders.id]: transmission.id,
        [transmissionHeaders.time]: transmission.time,
        [transmissionHeaders.signature]: signature.toString('base64'),
        [transmissionHeaders.certificateUrl]: `https://${host}/v1/notifications/certs/CERT-everhook`,
        [transmissionHeaders.algorithm]: transmissionAlgorithm,
      };
    },

    keepHeaders: Object.values(transmissionHeaders),
    samples: paypalSamples,
    develop: developmentPaypal,
  };
}

/** A whole bundle may be given: Node's own has 144. */
const mostRoots = 1000;

const webhookId = z.string().regex(/^[\w-]{1,128}$/, 'must be the id that PayPal shows for the webhook');

const idsOf = (names: {
  WEBHOOK_ID: string;
  WEBHOOK_ID_PREVIOUS?: string | undefined;
}): PaypalProof['webhookIds'] =>
  names.WEBHOOK_ID_PREVIOUS === undefined
    ? [names.WEBHOOK_ID]
    : [names.WEBHOOK_ID, names.WEBHOOK_ID_PREVIOUS];

const paypalProof: z.ZodType<PaypalProof> = z
  .object({
    WEBHOOK_ID: webhookId,
    WEBHOOK_ID_PREVIOUS: webhookId.optional(),
    ENVIRONMENT: z.enum(['live', 'sandbox'], { error: 'must be live or sandbox' }).default('live'),
    TRUSTED_ROOTS: z
      .string()
      .transform((pem, context) => {
        try {
          return certificatesIn(pem, { most: mostRoots });
        } catch (error) {
          context.addIssue(`must be certificates as PEM: ${(error as Error).message}`);
          return z.NEVER;
        }
      })
      .optional(),
    WEBHOOK_TOLERANCE_SECONDS: seconds.optional(),
    CLIENT_ID: credential.optional(),
    CLIENT_SECRET: credential.optional(),
    API_BASE: apiBase.optional(),
  })
  .refine((names) => names.ENVIRONMENT !== 'live' || !idsOf(names).includes(simulatorId), {
    path: ['WEBHOOK_ID'],
    message: `${simulatorId} is the simulator's, with which anybody may send: not for live`,
  })
  .refine((names) => names.CLIENT_ID !== undefined || names.CLIENT_SECRET === undefined, {
    path: ['CLIENT_ID'],
    message: 'is not set, and CLIENT_SECRET is: the postback needs both',
  })
  .refine((names) => names.CLIENT_SECRET !== undefined || names.CLIENT_ID === undefined, {
    path: ['CLIENT_SECRET'],
    message: 'is not set, and CLIENT_ID is: the postback needs both',
  })
  .transform((names): PaypalProof => ({
    webhookIds: idsOf(names),
    environment: names.ENVIRONMENT,
    judgeChain: createChainJudge(names.TRUSTED_ROOTS ?? []),
    toleranceSeconds: names.WEBHOOK_TOLERANCE_SECONDS,
    postback: postbackOf(names.API_BASE ?? paypalApis[names.ENVIRONMENT], names),
  }));

const envelope = z.object({ event_type: z.string().min(1) });

/** What an event is about: a dispute, the payment that older events are part of, or the resource itself. */
function keyOf(payload: unknown): string | undefined {
  const paths = [['dispute_id'], ['parent_payment'], ['id'], ['payout_item_id'], ['invoice', 'id']];
  return paths.map((path) => scalarText(at(payload, ['resource', ...path]))).find((key) => key);
}

function labels(payload: unknown): Record<string, string> {
  const resource = (...path: string[]) => at(payload, ['resource', ...path]);
  return textsOnly({
    resource: at(payload, ['resource_type']),
    order: resource('supplementary_data', 'related_ids', 'order_id'),
    invoice: resource('invoice_id'),
    custom: resource('custom_id'),
    merchant: resource('payee', 'merchant_id'),
  });
}
