import { join } from 'node:path';
import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { chat, type ChatPlace } from './chat.ts';
import { chatFiles } from './file.ts';
import { sendAnswer } from './http.ts';

export type { ChatOutcome, DiscordResponse, SlackResponse } from './chat.ts';

export type ChatActivities = ReturnType<typeof chat>;

/** What is known of one kind of chat. */
interface ChatKind {
  /** The provider's name. */
  readonly provider: string;
  /** Where its answers go, and nowhere else. */
  readonly origin: string;
  /** The proof without which nobody can have asked: its name after `<SOURCE>_`. */
  readonly proof: string;
  readonly unknownPasses: boolean;
}

const slack: ChatKind = {
  provider: 'slack',
  origin: 'https://hooks.slack.com',
  proof: 'WEBHOOK_SECRET',
  unknownPasses: false,
};
const discord: ChatKind = {
  provider: 'discord',
  origin: 'https://discord.com',
  proof: 'PUBLIC_KEY',
  unknownPasses: true,
};

/**
 * The chat activities. Answers go to the chat's own host, or to `<SOURCE>_API_BASE`; in development to files, where a
 * source's proof is made up and so nobody waits for an answer. Throws ConfigError.
 */
export const createChat = (context: ActivityContext): ChatActivities =>
  chat({
    reveal: context.reveal,
    slackOf: placesOf(slack, context),
    discordOf: placesOf(discord, context),
  });

function placesOf(
  kind: ChatKind,
  { setting, isMadeUp, home, routes }: ActivityContext,
): (source: string) => ChatPlace {
  const post: ChatPlace['send'] = (request) => sendAnswer(request, kind);
  const places = new Map<string, ChatPlace>();
  for (const { source, provider } of routes) {
    if (provider !== kind.provider || places.has(source)) continue;
    const prefix = source.toUpperCase().replaceAll('-', '_');
    const base = readOrigin(`${prefix}_API_BASE`, setting);
    const madeUp = base === undefined && isMadeUp(`${prefix}_${kind.proof}`);
    places.set(source, {
      origin: base ?? kind.origin,
      send: madeUp ? chatFiles(join(home, 'chat')) : post,
    });
  }
  return (source) => places.get(source) ?? { origin: kind.origin, send: post };
}

/** Another origin for answers, for those who look like the chat. They hold credentials: plain HTTP is for this machine. */
function readOrigin(name: string, setting: ActivityContext['setting']): string | undefined {
  const value = setting(name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const loopback = url !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  const allowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback);
  if (url && allowed && url.href === `${url.origin}/`) return url.origin;
  throw new ConfigError(
    `${name} must be https://host[:port], without path and user; http:// is for this machine alone`,
  );
}
