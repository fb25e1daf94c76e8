import { ConfigError, WebhookError } from '../errors.ts';
import type { CertificateLookup } from './provider.ts';
import { signatureInvalid } from './signature.ts';

/** Which of PayPal's two systems calls. */
export type PaypalEnvironment = 'live' | 'sandbox';

/** Certificates that may sign, and what they may sign for. */
export interface CertificatePlace {
  /** Where they lie. */
  readonly hosts: readonly string[];
  /** The name that they are for. */
  readonly name: string;
  readonly webhookIds: readonly string[];
}

/** The host of PayPal's API, and the name on its certificates: SSLUtil.java of paypal/PayPal-Java-SDK. */
export const paypalEnvironments = {
  live: { host: 'api.paypal.com', name: 'messageverificationcerts.paypal.com' },
  sandbox: { host: 'api.sandbox.paypal.com', name: 'messageverificationcerts.sandbox.paypal.com' },
} as const satisfies Record<PaypalEnvironment, object>;

/** What the simulator signs for in place of a webhook's id: developer.paypal.com/api/rest/webhooks/simulator */
export const simulatorId = 'WEBHOOK_ID';

export interface PlaceOptions {
  readonly environment: PaypalEnvironment;
  readonly webhookIds: readonly string[];
  readonly moreHosts: readonly string[];
  readonly simulator: boolean;
}

/**
 * Where certificates may lie. The simulator has been seen to sign as the live system does, for webhooks of the sandbox:
 * PayPal-PHP-SDK issue 720, PayPal-Python-SDK issue 157. It counts in the sandbox alone.
 */
export function certificatePlaces({
  environment,
  webhookIds,
  moreHosts,
  simulator,
}: PlaceOptions): CertificatePlace[] {
  const { host, name } = paypalEnvironments[environment];
  const simulated = simulator && environment === 'sandbox' ? [simulatorId] : [];
  const own = { hosts: [host, ...moreHosts], name, webhookIds: [...webhookIds, ...simulated] };
  if (simulated.length === 0) return [own];
  const { live } = paypalEnvironments;
  return [own, { hosts: [live.host], name: live.name, webhookIds: simulated }];
}

/** Throws ConfigError for a host that is none of PayPal's: its name may be fetched from at anybody's request. */
export function requirePaypalHosts(hosts: readonly string[]): void {
  for (const host of hosts) {
    if (/^([a-z0-9-]{1,63}\.){1,4}paypal\.com$/.test(host)) continue;
    throw new ConfigError(`paypal: certificateHosts takes names such as api-m.paypal.com, not ${host}`);
  }
}

// Nothing that a parser could read in another way: no user, port, escape, dots, query or fragment.
const form = /^https:\/\/([a-z0-9.-]{1,253})\/v1\/notifications\/certs(?:\/[\w-]+(?:\.[\w-]+)*){1,4}$/;
const limitCharacters = 512;

/** The place that a certificate's URL names, letter by letter. Throws WebhookError `certificate_untrusted`. */
export function placeOf(url: string, places: readonly CertificatePlace[]): CertificatePlace {
  const host = url.length > limitCharacters ? undefined : form.exec(url)?.[1];
  const place = places.find(({ hosts }) => host !== undefined && hosts.includes(host));
  if (place !== undefined) return place;
  const note =
    host === undefined ? "the certificate's URL has another form" : `the certificate lies at ${host}`;
  throw signatureInvalid('certificate_untrusted', note);
}

/** Has a certificate looked up. Throws WebhookError: that of the lookup, else `certificate_untrusted`. */
export async function lookUp(url: string, certificate: CertificateLookup | undefined): Promise<string> {
  if (certificate === undefined) {
    throw signatureInvalid('certificate_untrusted', 'there is nothing to look certificates up with');
  }
  try {
    return await certificate(new URL(url));
  } catch (error) {
    if (error instanceof WebhookError) throw error;
    throw signatureInvalid('certificate_untrusted', (error as Error).message.slice(0, 200));
  }
}
