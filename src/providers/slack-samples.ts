import { randomBytes, randomInt } from 'node:crypto';

/** Bodies as Slack sends them, shortened: JSON of the Events API, and forms, as text. Each with fresh ids and times. */
export const slackSamples = {
  message: () =>
    callback('message', {
      user,
      text: 'Is the build green again?',
      channel,
      channel_type: 'channel',
      client_msg_id: `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-8${hex(2).slice(1)}-${hex(6)}`,
      blocks: [],
    }),
  app_mention: () => callback('app_mention', { user, text: '<@U0LAN0Z89> deploy', channel }),
  reaction_added: () =>
    callback('reaction_added', {
      user,
      reaction: 'thumbsup',
      item: { type: 'message', channel, ts: ts() },
      item_user: 'U0LAN0Z89',
    }),
  member_joined_channel: () =>
    callback('member_joined_channel', { user, channel, channel_type: 'C', team, inviter: 'U0LAN0Z89' }),
  channel_created: () =>
    callback('channel_created', {
      channel: { id: `C${id()}`, name: 'incident-7', created: seconds(), creator: user, is_channel: true },
    }),
  team_join: () =>
    callback('team_join', {
      user: { id: user, team_id: team, name: 'jenny', is_bot: false, deleted: false },
    }),
  app_home_opened: () => callback('app_home_opened', { user, channel: 'D0LAN2Q65', tab: 'home' }),
  file_shared: () =>
    callback('file_shared', {
      file_id: `F${id()}`,
      user_id: user,
      file: { id: `F${id()}` },
      channel_id: channel,
    }),
  app_rate_limited: () => ({
    token: 'Jhj5dZrVaK7ZwHHjRyZWjbDl',
    type: 'app_rate_limited',
    // A workspace is told once in a minute: with the same one it would be the same event.
    team_id: `T${id()}`,
    minute_rate_limited: Math.floor(seconds() / 60) * 60,
    api_app_id: app,
  }),
  command: () => command(),
  'command./deploy': () => command(),
  'block_actions.approve': () =>
    interaction('block_actions', {
      container: { type: 'message', message_ts: ts(), channel_id: channel, is_ephemeral: false },
      channel: { id: channel, name: 'deploys' },
      message: { type: 'message', user: 'U0LAN0Z89', ts: ts(), text: 'Deploy to production?' },
      state: { values: {} },
      response_url: `https://hooks.slack.com/actions/${team}/${digits(13)}/${id()}`,
      actions: [
        {
          type: 'button',
          block_id: 'deploy',
          action_id: 'approve',
          text: { type: 'plain_text', text: 'Approve', emoji: true },
          value: 'production',
          action_ts: ts(),
        },
      ],
    }),
  'view_submission.ticket': () => interaction('view_submission', { view: view('ticket'), response_urls: [] }),
  'view_closed.ticket': () => {
    const { trigger_id: _none, ...closed } = common('view_closed');
    return form({ payload: JSON.stringify({ ...closed, view: view('ticket'), is_cleared: false }) });
  },
  'shortcut.open_ticket': () => interaction('shortcut', { callback_id: 'open_ticket', action_ts: ts() }),
  'message_action.file_bug': () =>
    interaction('message_action', {
      callback_id: 'file_bug',
      action_ts: ts(),
      message_ts: ts(),
      channel: { id: channel, name: 'deploys' },
      message: { type: 'message', user, ts: ts(), text: 'It fails on Safari.' },
      response_url: `https://hooks.slack.com/app/${team}/${digits(13)}/${id()}`,
    }),
};

const team = 'T061EG9R6';
const app = 'A0KRD7HC3';
const channel = 'C0LAN2Q65';
const user = 'U061F7AUR';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const id = (): string => hex(5).toUpperCase();
const digits = (count: number): string => Array.from({ length: count }, () => randomInt(1, 10)).join('');
const seconds = (): number => Math.floor(Date.now() / 1000);
/** Slack's own kind of time, which is unique in a channel. */
const ts = (): string => `${seconds()}.${String(randomInt(1_000_000)).padStart(6, '0')}`;
const trigger = (): string => `${digits(13)}.${digits(11)}.${hex(16)}`;

const callback = (type: string, event: object) => ({
  token: 'Jhj5dZrVaK7ZwHHjRyZWjbDl',
  team_id: team,
  api_app_id: app,
  event: withTimes(type, event),
  type: 'event_callback',
  event_id: `Ev${id()}`,
  event_time: seconds(),
  authorizations: [
    { enterprise_id: null, team_id: team, user_id: 'U0LAN0Z89', is_bot: true, is_enterprise_install: false },
  ],
  is_ext_shared_channel: false,
});

/** A message is known by its time; others have a time alone. */
function withTimes(type: string, event: object): object {
  const time = ts();
  const isMessage = type === 'message' || type === 'app_mention';
  return { type, ...event, ...(isMessage && { ts: time }), event_ts: time };
}

const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

const command = (): string =>
  form({
    token: 'gIkuvaNzQIHg97ATvDxqgjtO',
    team_id: team,
    team_domain: 'example',
    channel_id: channel,
    channel_name: 'deploys',
    user_id: user,
    user_name: 'jenny',
    command: '/deploy',
    text: 'production now',
    api_app_id: app,
    is_enterprise_install: 'false',
    response_url: `https://hooks.slack.com/commands/${team}/${digits(13)}/${id()}`,
    trigger_id: trigger(),
  });

const common = (type: string) => ({
  type,
  user: { id: user, username: 'jenny', name: 'jenny', team_id: team },
  api_app_id: app,
  token: 'Shh_its_a_seekrit',
  trigger_id: trigger(),
  team: { id: team, domain: 'example' },
  enterprise: null,
  is_enterprise_install: false,
});

const interaction = (type: string, others: object): string =>
  form({ payload: JSON.stringify({ ...common(type), ...others }) });

const view = (callback_id: string) => ({
  id: `V${id()}`,
  team_id: team,
  type: 'modal',
  callback_id,
  private_metadata: '',
  state: { values: { title: { input: { type: 'plain_text_input', value: 'It fails on Safari' } } } },
  hash: `${seconds()}.${hex(4)}`,
  title: { type: 'plain_text', text: 'New ticket', emoji: true },
  root_view_id: `V${id()}`,
  app_id: app,
  bot_id: 'B0LAN0Z89',
});
