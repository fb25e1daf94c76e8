import type { WebhookEvent } from '../../src/event.ts';
import { alertmanagerSamples } from '../../src/providers/alertmanager-samples.ts';
import { githubSamples } from '../../src/providers/github-samples.ts';
import { gitlabSamples } from '../../src/providers/gitlab-samples.ts';
import { paypalSamples } from '../../src/providers/paypal-samples.ts';
import { pagerdutySamples } from '../../src/providers/pagerduty-samples.ts';
import { stripeSamples } from '../../src/providers/stripe-samples.ts';

let count = 0;
const unique = () => `${process.pid}_${Date.now()}_${++count}`;

/** An event as a workflow takes it. */
export const eventOf = (source: string, type: string, payload: unknown): WebhookEvent => ({
  id: `evt_${unique()}`,
  source,
  type,
  receivedAt: '2026-01-02T03:04:05.678Z',
  payload,
});

type StripeSample = 'payment_intent.succeeded' | 'payment_intent.payment_failed' | 'customer.created';

/** A sample of Stripe's with some fields of its object, and of itself, replaced. */
export function stripeEvent(type: StripeSample, object: object = {}, envelope: object = {}): WebhookEvent {
  const sample = stripeSamples[type]() as { data: { object: object } };
  const data = { object: { ...sample.data.object, id: `pi_${unique()}`, ...object } };
  return eventOf('stripe', type, { ...sample, ...envelope, data });
}

/** A generic payment event with this for its data. */
export const paymentEvent = (type: 'payment.succeeded' | 'payment.failed', data?: unknown): WebhookEvent =>
  eventOf('payment', type, { id: 'evt', type, ...(data !== undefined && { data }) });

/** A push of GitHub's with some fields replaced. */
export const pushEvent = (changes: object = {}): WebhookEvent =>
  eventOf('github', 'push', { ...githubSamples.push(), ...changes });

/** The same of GitLab's. */
export const gitlabPushEvent = (changes: object = {}, type: 'push' | 'tag_push' = 'push'): WebhookEvent =>
  eventOf('gitlab', type, { ...gitlabSamples[type](), ...changes });

/** A capture of PayPal's with this for its resource. */
export const captureEvent = (resource: unknown): WebhookEvent =>
  eventOf('paypal', 'PAYMENT.CAPTURE.COMPLETED', {
    ...paypalSamples['PAYMENT.CAPTURE.COMPLETED'](),
    resource,
  });

/** A notification of Alertmanager's with some fields replaced. */
export const alertsEvent = (type: 'firing' | 'resolved', changes: object = {}): WebhookEvent =>
  eventOf('alertmanager', type, { ...alertmanagerSamples[type](), ...changes });

/** An event of PagerDuty's, which knows when it occurred. */
export const pagerdutyEvent = (
  type: 'incident.triggered' | 'incident.acknowledged' | 'incident.resolved',
  occurredAt: string,
): WebhookEvent => ({ ...eventOf('pagerduty', type, pagerdutySamples[type]()), occurredAt });
