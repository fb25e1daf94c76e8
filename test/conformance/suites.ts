import type { ConformanceSuite } from './conformance.ts';
import { discordSuite } from './discord.ts';
import { githubSuite } from './github.ts';
import { slackSuite } from './slack.ts';
import { stripeSuite } from './stripe.ts';

/** Makes a suite; signing may take a moment. */
export type MakeSuite = () => ConformanceSuite | Promise<ConformanceSuite>;

/** Every provider's suite, in the order of the table. */
export const suites: readonly MakeSuite[] = [stripeSuite, githubSuite, slackSuite, discordSuite];
