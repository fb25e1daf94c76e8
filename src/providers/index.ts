/** The providers that come with Everhook, and what one needs to write another. */
export { github } from './github.ts';
export { hmac } from './hmac.ts';
export { payment } from './payment.ts';
export { shopify } from './shopify.ts';
export { stripe } from './stripe.ts';
export { twilio } from './twilio.ts';
export { accessHeaders, accessProof, verifyAccess } from './access.ts';
export { formField, formFields, isForm } from './form.ts';
export { requireFresh, timestampHeader } from './freshness.ts';
export { developmentSecret, hmacProof, timedHmacProof } from './proof.ts';
export {
  at,
  expectShape,
  isoTime,
  parseJson,
  requireHeader,
  requireId,
  scalarText,
  textsOnly,
  utf8,
} from './json.ts';
export {
  hmac as hmacText,
  requireMatch,
  sameText,
  sha256,
  signatureInvalid,
  singleHeader,
} from './signature.ts';
export { DeliveryHeaders } from './provider.ts';
export { WebhookError } from '../errors.ts';
export type { GithubEvent, GithubEvents } from './github.ts';
export type { HmacEvents, HmacOptions, Location } from './hmac.ts';
export type { PaymentEvent, PaymentEvents } from './payment.ts';
export type { AccessProof } from './access.ts';
export type { HmacProof } from './proof.ts';
export type * from './provider.ts';
export type { ShopifyEvent, ShopifyOptions } from './shopify.ts';
export type * from './shopify-types.ts';
export type { StripeEvent, StripeEvents } from './stripe.ts';
export type { TwilioEvent } from './twilio.ts';
export type * from './twilio-types.ts';
