import { randomBytes, randomInt } from 'node:crypto';

/** Bodies as Discord sends them, shortened, each with a fresh id (or, where there is none, a fresh time). */
export const discordSamples = {
  command: () => command(),
  'command.deploy': () => command(),
  'component.approve': () =>
    interaction(3, {
      data: { component_type: 2, custom_id: 'approve', id: 2 },
      message: { id: snowflake(), type: 0, channel_id: channel, content: 'Deploy to production?' },
    }),
  'modal.ticket': () =>
    interaction(5, {
      data: {
        custom_id: 'ticket',
        components: [
          { type: 18, id: 1, component: { type: 4, id: 2, custom_id: 'title', value: 'It fails on Safari' } },
        ],
      },
    }),
  'autocomplete.deploy': () =>
    interaction(4, {
      data: {
        id: '867540412345098280',
        name: 'deploy',
        type: 1,
        options: [{ name: 'target', type: 3, value: 'prod', focused: true }],
      },
    }),
  APPLICATION_AUTHORIZED: () =>
    notice('APPLICATION_AUTHORIZED', {
      integration_type: 0,
      scopes: ['applications.commands'],
      user,
      guild: { id: guild, name: 'Example', owner_id: user.id },
    }),
  APPLICATION_DEAUTHORIZED: () => notice('APPLICATION_DEAUTHORIZED', { user }),
  ENTITLEMENT_CREATE: () => notice('ENTITLEMENT_CREATE', entitlement()),
  ENTITLEMENT_UPDATE: () =>
    notice('ENTITLEMENT_UPDATE', { ...entitlement(), ends_at: '2099-01-01T00:00:00.000000+00:00' }),
  ENTITLEMENT_DELETE: () => notice('ENTITLEMENT_DELETE', { ...entitlement(), deleted: true }),
};

const application = '775799577604522054';
const guild = '290926798626357999';
const channel = '645027906669510667';
const user = {
  id: '53908232506183680',
  username: 'mason',
  avatar: 'a_d5efa99b3eeaa7dd43acca82f5692432',
  discriminator: '0',
  public_flags: 131_141,
  global_name: 'Mason',
};

/** An id of this moment: milliseconds since 2015, then 22 bits. */
const snowflake = (): string =>
  String((BigInt(Date.now() - 1_420_070_400_000) << 22n) | BigInt(randomInt(2 ** 22)));

const interaction = (type: number, others: object) => {
  const id = snowflake();
  return {
    version: 1,
    type,
    token: Buffer.from(`interaction:${id}:${randomBytes(60).toString('hex')}`).toString('base64url'),
    member: {
      user,
      roles: ['539082325061836999'],
      premium_since: null,
      permissions: '2147483647',
      pending: false,
      nick: null,
      mute: false,
      joined_at: '2017-03-13T19:19:14.040000+00:00',
      deaf: false,
    },
    id,
    guild_id: guild,
    app_permissions: '442368',
    guild_locale: 'en-US',
    locale: 'en-US',
    channel_id: channel,
    channel: { id: channel, type: 0 },
    application_id: application,
    attachment_size_limit: 524_288_000,
    authorizing_integration_owners: { 0: guild },
    context: 0,
    entitlements: [],
    ...others,
  };
};

const command = () =>
  interaction(2, {
    data: {
      type: 1,
      name: 'deploy',
      id: '867540412345098280',
      options: [{ type: 3, name: 'target', value: 'production' }],
    },
  });

/** Its time has microseconds, and no zone. */
const notice = (type: string, data: object) => ({
  version: 1,
  application_id: application,
  type: 1,
  event: {
    type,
    timestamp: new Date().toISOString().replace('Z', String(randomInt(1000)).padStart(3, '0')),
    data,
  },
});

const entitlement = () => ({
  id: snowflake(),
  sku_id: '1019475255913222144',
  application_id: application,
  user_id: user.id,
  promotion_id: null,
  type: 4,
  deleted: false,
  consumed: false,
  gift_code_flags: 0,
});
