import type { ConformanceSuite } from './conformance.ts';
import { githubSuite } from './github.ts';
import { gitlabSuite } from './gitlab.ts';
import { standardWebhooksSuite, svixSuite } from './standard-webhooks.ts';
import { stripeSuite } from './stripe.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [
  stripeSuite,
  githubSuite,
  gitlabSuite,
  standardWebhooksSuite,
  svixSuite,
];
