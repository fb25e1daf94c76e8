import { ApplicationFailure } from '@temporalio/common';
import type { EventRef } from '../../event.ts';
import { effectKey } from '../effect-key.ts';

/** A message over a command's response_url. docs.slack.dev/interactivity/handling-user-interaction#message_responses */
export interface SlackResponse {
  readonly event: EventRef;
  /** As the payload has it: sealed. */
  readonly responseUrl: string;
  readonly message: {
    /** `ephemeral`: for the user alone. */
    readonly response_type: 'ephemeral' | 'in_channel';
    readonly text: string;
  };
}

/** What a deferred answer becomes. docs.discord.com/developers/interactions/receiving-and-responding#followup-messages */
export interface DiscordResponse {
  readonly event: EventRef;
  readonly applicationId: string;
  /** As the payload has it: sealed. */
  readonly token: string;
  readonly message: {
    readonly content: string;
    /** Whom it may ping; `parse: []` is nobody, whatever the text says. */
    readonly allowed_mentions: { readonly parse: readonly ('users' | 'roles' | 'everyone')[] };
  };
}

/** What became of an answer; `written` to a file, where development has no account. */
export type ChatOutcome = 'sent' | 'written';

/** An answer ready to go. Its URL is a credential. */
export interface ChatRequest {
  /** The effect's key, the same at every attempt. */
  readonly effect: string;
  readonly method: 'POST' | 'PATCH';
  readonly url: URL;
  readonly body: object;
}

/** Where the answers to one source go. */
export interface ChatPlace {
  /** The one origin that may be called. */
  readonly origin: string;
  readonly send: (request: ChatRequest) => Promise<ChatOutcome>;
}

export interface ChatParts {
  readonly reveal: (sealed: string) => string;
  readonly slackOf: (source: string) => ChatPlace;
  readonly discordOf: (source: string) => ChatPlace;
}

/**
 * Answers in chats. What answers is opened here, goes to the chat's own host and nowhere else, and is in no result and no
 * failure. Fails for good as `ChatAddressRefused` or `ChatRefused`.
 */
export const chat = ({ reveal, slackOf, discordOf }: ChatParts) => ({
  /** Slack knows no key for it: an attempt whose answer was lost makes a second message, and Slack takes five. */
  async respondInSlack({ event, responseUrl, message }: SlackResponse): Promise<{ outcome: ChatOutcome }> {
    const { origin, send } = slackOf(event.source);
    const url = requireUrlOf(origin, reveal(responseUrl));
    return {
      outcome: await send({ effect: effectKey(event, 'answer'), method: 'POST', url, body: message }),
    };
  },

  /** Edits the answer that was deferred: again, it is the same answer. */
  async respondInDiscord({
    event,
    applicationId,
    token,
    message,
  }: DiscordResponse): Promise<{ outcome: ChatOutcome }> {
    const { origin, send } = discordOf(event.source);
    if (!/^\d{1,20}$/.test(applicationId)) throw addressRefused('the application id is no snowflake');
    const path = `/api/v10/webhooks/${applicationId}/${encodeURIComponent(reveal(token))}/messages/@original`;
    const url = requireUrlOf(origin, origin + path);
    return {
      outcome: await send({ effect: effectKey(event, 'answer'), method: 'PATCH', url, body: message }),
    };
  },
});

/** The URL stays out of the message: it is a credential. */
function requireUrlOf(origin: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.origin !== origin || url.username !== '' || url.password !== '') {
    throw addressRefused(`the answer's address is not at ${origin}`);
  }
  return url;
}

const addressRefused = (message: string) => ApplicationFailure.nonRetryable(message, 'ChatAddressRefused');
