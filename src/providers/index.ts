/** The providers that come with Everhook, and what one needs to write another. */
export { github } from './github.ts';
export { hmac } from './hmac.ts';
export { payment } from './payment.ts';
export { paypal } from './paypal.ts';
export { stripe } from './stripe.ts';
export { accessHeaders, accessProof, verifyAccess } from './access.ts';
export { formField, formFields, isForm } from './form.ts';
export { requireFresh, timestampHeader } from './freshness.ts';
export { hmacProof, timedHmacProof } from './proof.ts';
export { expectShape, parseJson, utf8 } from './json.ts';
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
export type { PaypalOptions, PaypalProof } from './paypal.ts';
export type * from './paypal-events.ts';
export type { AccessProof } from './access.ts';
export type { HmacProof } from './proof.ts';
export type * from './provider.ts';
export type { StripeEvent, StripeEvents } from './stripe.ts';
