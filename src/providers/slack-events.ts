import type { SlackEvent as ApiEvent } from '@slack/types';
import type { WebhookEvent } from '../event.ts';
import type { Named, RowType } from './named-type.ts';

/** What the Events API sends: an event, and who it is for. */
export interface SlackEnvelope<Event = unknown> {
  readonly type: 'event_callback';
  readonly event_id: string;
  /** Unix seconds. */
  readonly event_time: number;
  /** Null where an app is installed for a whole organisation. */
  readonly team_id: string | null;
  readonly enterprise_id?: string | null;
  readonly api_app_id: string;
  readonly event: Event;
  readonly [field: string]: unknown;
}

/** A slash command: the fields of its form. What answers it is sealed (`ActivityContext.reveal`). */
export interface SlackCommand {
  /** With its slash: `/deploy`. */
  readonly command: string;
  readonly text?: string;
  readonly team_id: string;
  readonly channel_id: string;
  readonly user_id: string;
  /** Sealed. Takes five answers in 30 minutes. */
  readonly response_url: string;
  /** Sealed. Opens a modal, once, for 3 s. */
  readonly trigger_id: string;
  readonly [field: string]: string | undefined;
}

/** What all interactions have. What answers them is sealed. */
export interface SlackInteraction<Type extends string = string> {
  readonly type: Type;
  readonly user: { readonly id: string; readonly [field: string]: unknown };
  readonly team: { readonly id: string; readonly domain?: string } | null;
  readonly api_app_id?: string;
  /** Sealed. */
  readonly trigger_id?: string;
  readonly [field: string]: unknown;
}

/** A click or a choice in a message, a modal or a home tab. */
export interface SlackBlockActions extends SlackInteraction<'block_actions'> {
  readonly actions: readonly {
    readonly action_id: string;
    readonly block_id?: string;
    readonly type: string;
    readonly value?: string;
    readonly action_ts?: string;
    readonly [field: string]: unknown;
  }[];
  readonly channel?: { readonly id: string; readonly name?: string };
  /** Sealed. Not there where the click was in a modal or a home tab. */
  readonly response_url?: string;
}

/** A modal that was submitted or closed. */
export interface SlackView<Type extends string> extends SlackInteraction<Type> {
  readonly view: {
    readonly id: string;
    readonly callback_id: string;
    readonly private_metadata?: string;
    readonly state?: { readonly values: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
    readonly [field: string]: unknown;
  };
  /** A list, sealed as one text of JSON. */
  readonly response_urls?: string;
}

/** A shortcut from the menu of Slack, or of a message. */
export interface SlackShortcut<Type extends string> extends SlackInteraction<Type> {
  readonly callback_id: string;
  readonly action_ts?: string;
  /** Sealed. Of a message's shortcut alone. */
  readonly response_url?: string;
}

/** A menu that asks for its options; it is told that there are none. */
export interface SlackBlockSuggestion extends SlackInteraction<'block_suggestion'> {
  readonly action_id: string;
  readonly value: string;
}

/** Slack holds events back, because there were more than 30,000 in an hour. */
export interface SlackRateLimited {
  readonly type: 'app_rate_limited';
  readonly team_id: string;
  readonly api_app_id: string;
  /** Unix seconds, of the minute's start. */
  readonly minute_rate_limited: number;
  readonly [field: string]: unknown;
}

/** Slack's own map of events, and what users do: `command./deploy`, `block_actions.approve`. */
export type SlackEvents = {
  [Type in Exclude<ApiEvent['type'], 'app_rate_limited'>]: SlackEnvelope<Extract<ApiEvent, { type: Type }>>;
} & { app_rate_limited: SlackRateLimited } & { [Type in Named<'command'>]: SlackCommand } & {
  [Type in Named<'block_actions'>]: SlackBlockActions;
} & { [Type in Named<'view_submission'>]: SlackView<'view_submission'> } & {
  [Type in Named<'view_closed'>]: SlackView<'view_closed'>;
} & { [Type in Named<'shortcut'>]: SlackShortcut<'shortcut'> } & {
  [Type in Named<'message_action'>]: SlackShortcut<'message_action'>;
} & { [Type in Named<'block_suggestion'>]: SlackBlockSuggestion };

/** A Slack event as a workflow takes it: `SlackEvent<'app_mention'>`. */
export type SlackEvent<Type extends keyof SlackEvents = keyof SlackEvents> = {
  [T in Type]: WebhookEvent<RowType<SlackEvents, T>, SlackEvents[T]>;
}[Type];
