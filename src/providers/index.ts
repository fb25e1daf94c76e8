/** The providers that come with Everhook, and what one needs to write another. */
export { alertmanager } from './alertmanager.ts';
export { datadog } from './datadog.ts';
export { github } from './github.ts';
export { grafana } from './grafana.ts';
export { hmac } from './hmac.ts';
export { pagerduty } from './pagerduty.ts';
export { payment } from './payment.ts';
export { sentry } from './sentry.ts';
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
export type {
  AlertmanagerEvent,
  AlertmanagerEvents,
  AlertmanagerNotification,
  AlertmanagerOptions,
} from './alertmanager.ts';
export type { Alert, AlertNotification, Repeats } from './alerts.ts';
export type {
  DatadogEvent,
  DatadogEvents,
  DatadogNotification,
  DatadogOptions,
  DatadogProof,
} from './datadog.ts';
export type {
  GrafanaEvent,
  GrafanaEvents,
  GrafanaNotification,
  GrafanaOptions,
  GrafanaProof,
} from './grafana.ts';
export type { PagerdutyEvent, PagerdutyEvents, PagerdutyIncident, PagerdutyOptions } from './pagerduty.ts';
export type { SentryEvent, SentryEvents, SentryIssue } from './sentry.ts';
export type { GithubEvent, GithubEvents } from './github.ts';
export type { HmacEvents, HmacOptions, Location } from './hmac.ts';
export type { PaymentEvent, PaymentEvents } from './payment.ts';
export type { AccessProof } from './access.ts';
export type { HmacProof } from './proof.ts';
export type * from './provider.ts';
export type { StripeEvent, StripeEvents } from './stripe.ts';
