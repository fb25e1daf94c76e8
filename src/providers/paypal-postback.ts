import { z } from 'zod';
import { WebhookError } from '../errors.ts';
import { at, parseJson, utf8 } from './json.ts';
import type { PaypalEnvironment } from './paypal-certificate.ts';
import { transmissionAlgorithm, type Transmission } from './paypal-transmission.ts';
import type { Ask, OAuthClient } from './provider.ts';
import { signatureInvalid } from './signature.ts';

/** Where PayPal is asked for its own judgement, and by whom. */
export interface Postback {
  /** `https://api-m.paypal.com` */
  readonly api: string;
  readonly client: OAuthClient;
}

/** The one place of each environment: developer.paypal.com/api/rest/requests */
export const paypalApis = {
  live: 'https://api-m.paypal.com',
  sandbox: 'https://api-m.sandbox.paypal.com',
} as const satisfies Record<PaypalEnvironment, string>;

/** Another place that speaks PayPal's protocol: an origin, over http on this machine alone. */
export const apiBase = z
  .string()
  .refine(
    (value) =>
      URL.canParse(value) &&
      new URL(value).origin === value &&
      /^(https:|http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:|$))/.test(value),
    'must be an origin such as https://api-m.paypal.com; http is for this machine alone',
  );

/** An id or a secret of a REST app, as the dashboard shows it. */
export const credential = z
  .string()
  .regex(/^[\w.~+/=-]{1,512}$/, 'must be what the dashboard shows for the app, and nothing around it');

/** By what PayPal is asked, where both are set. */
export function postbackOf(
  api: string,
  {
    CLIENT_ID: id,
    CLIENT_SECRET: secret,
  }: { CLIENT_ID?: string | undefined; CLIENT_SECRET?: string | undefined },
): Postback | undefined {
  if (id === undefined || secret === undefined) return undefined;
  // developer.paypal.com/api/rest/authentication
  return { api, client: { tokenUrl: `${api}/v1/oauth2/token`, id, secret } };
}

/** A delivery that the local proof has passed. */
export interface Proven {
  readonly transmission: Transmission;
  /** The one that it is signed for. */
  readonly webhookId: string;
  readonly body: Buffer;
}

/**
 * Has PayPal judge a delivery. Throws WebhookError: `signature_mismatch` unless it says SUCCESS, `provider_unavailable`
 * where it does not say. developer.paypal.com/docs/api/webhooks/v1/#verify-webhook-signature_post
 */
export async function requirePostback(proven: Proven, { api, client }: Postback, ask: Ask): Promise<void> {
  const { status, text } = await ask({
    method: 'POST',
    url: `${api}/v1/notifications/verify-webhook-signature`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: questionOf(proven),
    client,
  });
  if (saysNothing(status)) {
    throw new WebhookError('not_durable', {
      reason: 'provider_unavailable',
      note: `asked for its judgement, PayPal answered ${status}`,
    });
  }
  if (status === 200 && isSuccess(text)) return;
  throw signatureInvalid(
    'signature_mismatch',
    `asked for its judgement, PayPal does not confirm it (${status})`,
  );
}

/** The body goes in byte by byte: written again, numbers and blanks would be others, and its CRC-32 with them. */
function questionOf({ transmission, webhookId, body }: Proven): Buffer {
  // One value, or it would reach beyond its field and answer for others.
  parseJson(utf8(body));
  const fields = JSON.stringify({
    auth_algo: transmissionAlgorithm,
    cert_url: transmission.certificateUrl,
    transmission_id: transmission.id,
    transmission_sig: transmission.signature.toString('base64'),
    transmission_time: transmission.time,
    webhook_id: webhookId,
  });
  return Buffer.concat([Buffer.from(`${fields.slice(0, -1)},"webhook_event":`), body, Buffer.from('}')]);
}

/** It is of PayPal's state or of ours (401, 403: the app's credentials), not of the delivery. */
const saysNothing = (status: number): boolean =>
  status >= 500 || (status >= 300 && status < 400) || [401, 403, 408, 425, 429].includes(status);

function isSuccess(text: string): boolean {
  try {
    return at(JSON.parse(text), ['verification_status']) === 'SUCCESS';
  } catch {
    return false;
  }
}
