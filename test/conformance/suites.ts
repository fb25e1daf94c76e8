import type { ConformanceSuite } from './conformance.ts';
import { githubSuite } from './github.ts';
import { shopifySuite } from './shopify.ts';
import { stripeSuite } from './stripe.ts';
import { twilioSuite } from './twilio.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [stripeSuite, githubSuite, shopifySuite, twilioSuite];
