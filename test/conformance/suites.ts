import type { ConformanceSuite } from './conformance.ts';
import { githubSuite } from './github.ts';
import { paypalSuite } from './paypal.ts';
import { stripeSuite } from './stripe.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [stripeSuite, paypalSuite, githubSuite];
