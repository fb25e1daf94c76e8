/** The providers that come with Everhook, and what one needs to write another. */
export { basic } from './basic.ts';
export { bearer } from './bearer.ts';
export { bitbucket } from './bitbucket.ts';
export { configured } from './configured.ts';
export { ed25519 } from './generic-ed25519.ts';
export { forgejo } from './forgejo.ts';
export { gitea } from './gitea.ts';
export { github } from './github.ts';
export { hmac } from './hmac.ts';
export { path } from './path.ts';
export { payment } from './payment.ts';
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
export type { BitbucketEvent, BitbucketEvents } from './bitbucket-events.ts';
export type { GiteaEvent, GiteaEvents } from './gitea-events.ts';
export type { GithubEvent, GithubEvents } from './github.ts';
export type { BasicOptions } from './basic.ts';
export type { BearerOptions } from './bearer.ts';
export type { Ed25519Options } from './generic-ed25519.ts';
export type { GenericOptions, Location, SchemaEvents } from './generic.ts';
export type { HmacOptions } from './hmac.ts';
export type { PathOptions } from './path.ts';
export type { PaymentEvent, PaymentEvents } from './payment.ts';
export type { AccessProof } from './access.ts';
export type { HmacProof } from './proof.ts';
export type * from './provider.ts';
export type { StripeEvent, StripeEvents } from './stripe.ts';
