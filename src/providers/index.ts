/** The providers that come with Everhook, and what one needs to write another. */
export { alertmanager } from './alertmanager.ts';
export { basic } from './basic.ts';
export { bearer } from './bearer.ts';
export { bitbucket } from './bitbucket.ts';
export { configured } from './configured.ts';
export { datadog } from './datadog.ts';
export { discord } from './discord.ts';
export { ed25519 } from './generic-ed25519.ts';
export { forgejo } from './forgejo.ts';
export { gitea } from './gitea.ts';
export { github } from './github.ts';
export { gitlab } from './gitlab.ts';
export { grafana } from './grafana.ts';
export { hmac } from './hmac.ts';
export { hubspot } from './hubspot.ts';
export { pagerduty } from './pagerduty.ts';
export { path } from './path.ts';
export { payment } from './payment.ts';
export { paypal } from './paypal.ts';
export { salesforce } from './salesforce.ts';
export { sentry } from './sentry.ts';
export { shopify } from './shopify.ts';
export { slack } from './slack.ts';
export { standardWebhooks } from './standard-webhooks.ts';
export { stripe } from './stripe.ts';
export { svix } from './svix.ts';
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
export type * from './alertmanager.ts';
export type { Alert, AlertNotification, Repeats } from './alerts.ts';
export type { BasicOptions } from './basic.ts';
export type { BearerOptions } from './bearer.ts';
export type { BitbucketEvent, BitbucketEvents } from './bitbucket-events.ts';
export type * from './datadog.ts';
export type { DiscordProof } from './discord.ts';
export type { DiscordEvent, DiscordEvents } from './discord-events.ts';
export type { Ed25519Options } from './generic-ed25519.ts';
export type { GenericOptions, Location, SchemaEvents } from './generic.ts';
export type { GiteaEvent, GiteaEvents } from './gitea-events.ts';
export type { GithubEvent, GithubEvents } from './github.ts';
export type { GitlabProof } from './gitlab.ts';
export type * from './gitlab-events.ts';
export type * from './grafana.ts';
export type { HmacOptions } from './hmac.ts';
export type { HubspotEvent, HubspotEvents } from './hubspot.ts';
export type { PagerdutyEvent, PagerdutyEvents, PagerdutyIncident, PagerdutyOptions } from './pagerduty.ts';
export type { PathOptions } from './path.ts';
export type { PaymentEvent, PaymentEvents } from './payment.ts';
export type { PaypalOptions, PaypalProof } from './paypal.ts';
export type * from './paypal-events.ts';
export type { SalesforceEvent, SalesforceEvents, SalesforceOptions } from './salesforce.ts';
export type { SentryEvent, SentryEvents, SentryIssue } from './sentry.ts';
export type { ShopifyEvent, ShopifyOptions } from './shopify.ts';
export type * from './shopify-types.ts';
export type {
  SlackBlockActions,
  SlackCommand,
  SlackEnvelope,
  SlackEvent,
  SlackEvents,
  SlackInteraction,
  SlackShortcut,
  SlackView,
} from './slack-events.ts';
export type { StandardOptions, StandardProof } from './standard-webhooks.ts';
export type { StripeEvent, StripeEvents } from './stripe.ts';
export type { TwilioEvent } from './twilio.ts';
export type * from './twilio-types.ts';
export type { AccessProof } from './access.ts';
export type { HmacProof } from './proof.ts';
export type * from './provider.ts';
