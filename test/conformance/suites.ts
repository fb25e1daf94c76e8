import type { ConformanceSuite } from './conformance.ts';
import { alertmanagerSuite } from './alertmanager.ts';
import { basicSuite } from './basic.ts';
import { bearerSuite } from './bearer.ts';
import { bitbucketSuite } from './bitbucket.ts';
import { configuredSuite } from './configured.ts';
import { datadogSuite } from './datadog.ts';
import { discordSuite } from './discord.ts';
import { ed25519Suite } from './ed25519.ts';
import { forgejoSuite, giteaSuite } from './gitea.ts';
import { githubSuite } from './github.ts';
import { gitlabSuite } from './gitlab.ts';
import { grafanaSuite } from './grafana.ts';
import { hmacSuite } from './hmac.ts';
import { hubspotSuite } from './hubspot.ts';
import { pagerdutySuite } from './pagerduty.ts';
import { pathSuite } from './path.ts';
import { paymentSuite } from './payment.ts';
import { paypalSuite } from './paypal.ts';
import { salesforceSuite } from './salesforce.ts';
import { sentrySuite } from './sentry.ts';
import { shopifySuite } from './shopify.ts';
import { slackSuite } from './slack.ts';
import { standardWebhooksSuite, svixSuite } from './standard-webhooks.ts';
import { stripeSuite } from './stripe.ts';
import { twilioSuite } from './twilio.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [
  stripeSuite,
  paypalSuite,
  githubSuite,
  gitlabSuite,
  slackSuite,
  discordSuite,
  salesforceSuite,
  hubspotSuite,
  alertmanagerSuite,
  grafanaSuite,
  pagerdutySuite,
  standardWebhooksSuite,
  svixSuite,
  datadogSuite,
  sentrySuite,
  shopifySuite,
  twilioSuite,
  giteaSuite,
  forgejoSuite,
  bitbucketSuite,
  paymentSuite,
  hmacSuite,
  ed25519Suite,
  bearerSuite,
  basicSuite,
  pathSuite,
  configuredSuite,
];
