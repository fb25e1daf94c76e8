import type {
  APIApplicationCommandAutocompleteInteraction,
  APIApplicationCommandInteraction,
  APIMessageComponentInteraction,
  APIModalSubmitInteraction,
  APIWebhookEventBase,
  APIWebhookEventBody,
  ApplicationWebhookType,
} from 'discord-api-types/v10';
import type { WebhookEvent } from '../event.ts';
import type { Named, RowType } from './named-type.ts';

type Body<Type extends string> = Extract<APIWebhookEventBody, { type: Type }>;

/** A webhook event of which Discord's types know the name alone. */
export interface DiscordNotice<Type extends string> {
  readonly version: number;
  readonly application_id: string;
  readonly type: 1;
  readonly event: { readonly type: Type; readonly timestamp: string; readonly data?: unknown };
}

type Notice =
  | 'LOBBY_MESSAGE_CREATE'
  | 'LOBBY_MESSAGE_UPDATE'
  | 'LOBBY_MESSAGE_DELETE'
  | 'GAME_DIRECT_MESSAGE_CREATE'
  | 'GAME_DIRECT_MESSAGE_UPDATE'
  | 'GAME_DIRECT_MESSAGE_DELETE';

/** Discord's webhook events under their own names, and what users do: `command.deploy`, `component.approve`. */
export type DiscordEvents = {
  [Type in `${APIWebhookEventBody['type']}`]: APIWebhookEventBase<ApplicationWebhookType.Event, Body<Type>>;
} & { [Type in Notice]: DiscordNotice<Type> } & {
  [Type in Named<'command'>]: APIApplicationCommandInteraction;
} & { [Type in Named<'component'>]: APIMessageComponentInteraction } & {
  [Type in Named<'modal'>]: APIModalSubmitInteraction;
} & { [Type in Named<'autocomplete'>]: APIApplicationCommandAutocompleteInteraction };

/** A Discord event as a workflow takes it: `DiscordEvent<'APPLICATION_AUTHORIZED'>`. Its token is sealed. */
export type DiscordEvent<Type extends keyof DiscordEvents = keyof DiscordEvents> = {
  [T in Type]: WebhookEvent<RowType<DiscordEvents, T>, DiscordEvents[T]>;
}[Type];
