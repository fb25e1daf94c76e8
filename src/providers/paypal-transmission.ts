import { crc32 } from 'node:zlib';
import type { DeliveryHeaders } from './provider.ts';
import { signatureInvalid, singleHeader } from './signature.ts';

/** The headers that prove a delivery. */
export const transmissionHeaders = {
  id: 'paypal-transmission-id',
  time: 'paypal-transmission-time',
  signature: 'paypal-transmission-sig',
  certificateUrl: 'paypal-cert-url',
  algorithm: 'paypal-auth-algo',
} as const;

/** The one algorithm there is: RSA PKCS#1 v1.5 with SHA-256. */
export const transmissionAlgorithm = 'SHA256withRSA';

/** One attempt to deliver an event. */
export interface Transmission {
  readonly id: string;
  /** As text, for it is signed as text. */
  readonly time: string;
  readonly signature: Buffer;
  /** As sent: nobody may fetch it yet. */
  readonly certificateUrl: string;
}

/** Reads the headers. Throws WebhookError where one is missing, repeated or has another form. */
export function transmissionOf(headers: DeliveryHeaders): Transmission {
  const algorithm = singleHeader(headers, transmissionHeaders.algorithm);
  if (algorithm !== transmissionAlgorithm) {
    throw malformed(transmissionHeaders.algorithm, transmissionAlgorithm);
  }
  const id = singleHeader(headers, transmissionHeaders.id);
  // What is signed is joined by |, so no part of it may hold one.
  if (!/^[\w.:-]{1,128}$/.test(id)) throw malformed(transmissionHeaders.id, 'an id');
  const signature = singleHeader(headers, transmissionHeaders.signature);
  const bytes = Buffer.from(signature, 'base64');
  // Another text of the same bytes would be another header that is accepted.
  if (bytes.toString('base64') !== signature) throw malformed(transmissionHeaders.signature, 'base64');
  return {
    id,
    time: timeOf(headers),
    signature: bytes,
    certificateUrl: singleHeader(headers, transmissionHeaders.certificateUrl),
  };
}

function timeOf(headers: DeliveryHeaders): string {
  const name = transmissionHeaders.time;
  if (!headers.get(name)) throw signatureInvalid('timestamp_missing', `no ${name}`);
  const time = singleHeader(headers, name);
  const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(time);
  if (!isIso || Number.isNaN(Date.parse(time))) throw malformed(name, 'an ISO 8601 time');
  return time;
}

const malformed = (name: string, expected: string) =>
  signatureInvalid('signature_malformed', `${name} is not ${expected}`);

/** What is signed. The CRC-32 is unsigned, in decimal digits: as a signed number half of all bodies would fail. */
export const signedText = (
  { id, time }: Pick<Transmission, 'id' | 'time'>,
  webhookId: string,
  body: Buffer,
): Buffer => Buffer.from([id, time, webhookId, crc32(body)].join('|'));
