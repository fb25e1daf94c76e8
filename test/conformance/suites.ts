import { basicSuite } from './basic.ts';
import { bearerSuite } from './bearer.ts';
import { bitbucketSuite } from './bitbucket.ts';
import { configuredSuite } from './configured.ts';
import type { ConformanceSuite } from './conformance.ts';
import { ed25519Suite } from './ed25519.ts';
import { forgejoSuite, giteaSuite } from './gitea.ts';
import { githubSuite } from './github.ts';
import { hmacSuite } from './hmac.ts';
import { pathSuite } from './path.ts';
import { paymentSuite } from './payment.ts';
import { stripeSuite } from './stripe.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [
  stripeSuite,
  githubSuite,
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
