/** Read by the type checker, run by nobody: what rows of Slack and Discord must refuse, and what they must infer. */
import { source, type Routes } from '../../src/define.ts';
import type { WebhookEvent } from '../../src/event.ts';
import { discord, slack, type DiscordEvent, type SlackEvent } from '../../src/providers/index.ts';

const sources = { slack: source(slack()), discord: source(discord()) };
interface Workflows {
  answer(event: SlackEvent<'command'>): Promise<void>;
  approve(event: SlackEvent<'block_actions.approve'>): Promise<void>;
  greet(event: SlackEvent<'app_mention'>): Promise<void>;
  followUp(event: DiscordEvent<'command.deploy'>): Promise<void>;
  install(event: DiscordEvent<'APPLICATION_AUTHORIZED'>): Promise<void>;
  record(event: WebhookEvent): Promise<void>;
}
type Check = Routes<typeof sources, Workflows>;
type IsAny<T> = 0 extends 1 & T ? true : false;
const no = <T extends false>(value?: T): T | undefined => value;

export const accepted = {
  slack: {
    command: 'answer',
    'command./deploy': 'answer',
    'block_actions.approve': 'approve',
    app_mention: 'greet',
    message: {
      workflow: 'record',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload>>();
        no<IsAny<typeof event.payload.event>>();
        return event.payload.event.channel;
      },
    },
    'view_submission.ticket': {
      workflow: 'record',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload.view.state>>();
        return event.payload.view.id;
      },
    },
    app_rate_limited: 'record',
    '*': 'record',
  },
  discord: {
    'command.deploy': {
      workflow: 'followUp',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload>>();
        return event.payload.data.name;
      },
    },
    APPLICATION_AUTHORIZED: {
      workflow: 'install',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload>>();
        return event.payload.event.data.user.id;
      },
    },
    LOBBY_MESSAGE_CREATE: 'record',
    'component.approve': 'record',
  },
} as const satisfies Check;

export const misspelt = {
  // @ts-expect-error Slack has no such event
  slack: { app_mentions: 'record' },
} as const satisfies Check;

export const otherPayload = {
  // @ts-expect-error a click is no command
  slack: { 'block_actions.approve': 'answer' },
} as const satisfies Check;

export const otherProduct = {
  // @ts-expect-error an interaction is no webhook event
  discord: { command: 'install' },
} as const satisfies Check;

export const unknownEvent = {
  // @ts-expect-error Discord has no such event
  discord: { APPLICATION_AUTHORISED: 'record' },
} as const satisfies Check;
