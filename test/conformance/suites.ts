import { alertmanagerSuite } from './alertmanager.ts';
import type { ConformanceSuite } from './conformance.ts';
import { datadogSuite } from './datadog.ts';
import { githubSuite } from './github.ts';
import { grafanaSuite } from './grafana.ts';
import { pagerdutySuite } from './pagerduty.ts';
import { sentrySuite } from './sentry.ts';
import { stripeSuite } from './stripe.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [
  stripeSuite,
  githubSuite,
  alertmanagerSuite,
  grafanaSuite,
  pagerdutySuite,
  datadogSuite,
  sentrySuite,
];
