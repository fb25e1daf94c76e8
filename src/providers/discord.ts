import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import type { DiscordEvents } from './discord-events.ts';
import { discordSamples } from './discord-samples.ts';
import { ed25519Matches, ed25519Pair, ed25519PublicKey, ed25519Sign } from './ed25519.ts';
import { requireFresh, timestampHeader } from './freshness.ts';
import { at, expectShape, isoTime, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import { namedType } from './named-type.ts';
import { seconds } from './proof.ts';
import type { Answer, Outcome, Provider, ReadEvent } from './provider.ts';
import { sha256, signatureInvalid, singleHeader } from './signature.ts';

/** The application's public key, and the one before it while that still signs. */
export interface DiscordProof {
  readonly keys: readonly KeyObject[];
  /** How old a signed time may be; undefined: Discord names no bound, and there is none. */
  readonly toleranceSeconds: number | undefined;
}

const publicKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'must be 64 hex digits, as General Information shows it')
  .transform((hex) => ed25519PublicKey(Buffer.from(hex, 'hex')));

const proof: z.ZodType<DiscordProof> = z
  .object({
    PUBLIC_KEY: publicKey,
    PUBLIC_KEY_PREVIOUS: publicKey.optional(),
    WEBHOOK_TOLERANCE_SECONDS: seconds.optional(),
  })
  .transform((names): DiscordProof => ({
    keys: [names.PUBLIC_KEY, ...(names.PUBLIC_KEY_PREVIOUS ? [names.PUBLIC_KEY_PREVIOUS] : [])],
    toleranceSeconds: names.WEBHOOK_TOLERANCE_SECONDS,
  }));

const header = 'x-signature-ed25519';
const timeHeader = 'x-signature-timestamp';

/**
 * Discord: interactions and webhook events, which come with the same headers and may share one URL. `DISCORD_PUBLIC_KEY`
 * is the application's, hex. Signed, by Ed25519, is the time's text directly followed by the body; because nothing stands
 * between, the time must be digits, and a body begins with `{`. Discord sends wrong signatures on purpose, now and then,
 * and takes the URL away where one is not answered 401.
 * docs.discord.com/developers/interactions/overview, docs.discord.com/developers/events/webhook-events
 */
export const discord = (): Provider<DiscordEvents, DiscordProof> => ({
  name: 'discord',
  proof,

  verify({ headers, body }, { keys, toleranceSeconds }, { now }) {
    const given = singleHeader(headers, header);
    if (!/^[0-9a-f]{128}$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not 128 lower-case hex digits`);
    }
    const time = timestampHeader(headers, timeHeader);
    const signed = Buffer.concat([Buffer.from(time), body]);
    if (!ed25519Matches(keys, signed, Buffer.from(given, 'hex')))
      throw signatureInvalid('signature_mismatch');
    if (toleranceSeconds !== undefined) requireFresh(Number(time), now, { toleranceSeconds });
  },

  read({ body }) {
    const payload = parseJson(utf8(body));
    const { type, event } = expectShape(envelope, payload);
    // Both products count from another end: 1 is an interaction's PING, and with an `event` a webhook's event.
    if (type === 0) return { handshake: nothing };
    if (event !== undefined) return { events: [readNotice(payload, event.type, body)] };
    if (type === 1) return { handshake: { status: 200, body: { type: 1 } } };
    return { events: [readInteraction(payload, type)] };
  },

  answer: answerTo,

  sign({ body }, { privateKey }, moment) {
    if (privateKey === undefined) {
      throw new ConfigError(
        'only Discord can sign for this PUBLIC_KEY: without one, a development start makes up a pair',
      );
    }
    const time = String(Math.floor(moment.getTime() / 1000));
    const signed = Buffer.concat([Buffer.from(time), body]);
    return {
      'content-type': 'application/json',
      'user-agent': 'Discord-Interactions/1.0 (+https://discord.com)',
      [timeHeader]: time,
      [header]: ed25519Sign(privateKey, signed).toString('hex'),
    };
  },

  // For 15 minutes it speaks in the application's name.
  credentials: ['/token'],
  keepHeaders: [header, timeHeader],
  answerWithinMs: 3000,
  signedTime: true,
  samples: discordSamples,

  develop() {
    const pair = ed25519Pair();
    return { PUBLIC_KEY: pair.publicKey.toString('hex'), PRIVATE_KEY: pair.privateKey };
  },
});

/** 204, and a Content-Type though there is no content: without one Discord does not take the URL. */
const nothing: Answer = { status: 204, headers: { 'content-type': 'application/json' } };

const envelope = z.looseObject({
  type: z.number(),
  event: z.looseObject({ type: z.string().min(1) }).optional(),
});

/**
 * A webhook event. It has no id, so its id is the SHA-256 of its signed bytes. Its time has microseconds: two events are
 * hardly the same bytes, while a retry that changed a byte would be another event (whether Discord does is unconfirmed).
 */
function readNotice(payload: unknown, type: string, body: Buffer): ReadEvent {
  const data = (...path: readonly string[]) => scalarText(at(payload, ['event', 'data', ...path]));
  const application = scalarText(at(payload, ['application_id']));
  const guild = data('guild', 'id') ?? data('guild_id');
  const key = type.startsWith('ENTITLEMENT_') ? data('id') : (guild ?? application);
  return {
    id: sha256(body),
    types: [type],
    ...(key !== undefined && { key }),
    ...occurred(utcTime(at(payload, ['event', 'timestamp']))),
    payload,
    labels: textsOnly({ application, guild, user: data('user', 'id') ?? data('user_id') }),
  };
}

const kinds: Readonly<Record<number, string>> = {
  2: 'command',
  3: 'component',
  4: 'autocomplete',
  5: 'modal',
};

function readInteraction(payload: unknown, type: number): ReadEvent {
  const id = requireId(at(payload, ['id']), '/id');
  const text = (...path: readonly string[]) => scalarText(at(payload, path));
  const [guild, channel] = [text('guild_id'), text('channel_id') ?? text('channel', 'id')];
  const application = text('application_id');
  const key = guild ?? channel ?? application;
  const kind = kinds[type];
  return {
    id,
    types:
      kind === undefined
        ? namedType('interaction', String(type))
        : namedType(kind, at(payload, ['data', 'name']) ?? at(payload, ['data', 'custom_id'])),
    ...(key !== undefined && { key }),
    ...occurred(snowflakeTime(id)),
    payload,
    labels: textsOnly({
      application,
      guild,
      channel,
      user: text('member', 'user', 'id') ?? text('user', 'id'),
    }),
  };
}

const occurred = (time: string | undefined): { occurredAt?: string } =>
  time === undefined ? {} : { occurredAt: time };

/** Discord's examples name no zone, and mean UTC. */
const utcTime = (value: unknown): string | undefined =>
  typeof value === 'string' ? isoTime(/(Z|[+-]\d{2}:?\d{2})$/i.test(value) ? value : `${value}Z`) : undefined;

/** When an id was made: milliseconds since 2015, in front of 22 bits. docs.discord.com/developers/reference#snowflakes */
function snowflakeTime(id: string): string | undefined {
  if (!/^\d{1,20}$/.test(id)) return undefined;
  return new Date(Number(BigInt(id) >> 22n) + 1_420_070_400_000).toISOString();
}

/**
 * What keeps an interaction open until a run answers: `DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE`, of a component
 * `DEFERRED_UPDATE_MESSAGE`, which shows nothing. Completion cannot be deferred: no choices. Webhook events want 204.
 * docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object
 */
function answerTo({ events }: Outcome): Answer {
  const [kind = ''] = events[0]?.type.split('.') ?? [];
  if (kind === 'autocomplete') return { status: 200, body: { type: 8, data: { choices: [] } } };
  if (kind === 'component') return { status: 200, body: { type: 6 } };
  return ['command', 'modal', 'interaction'].includes(kind) ? { status: 200, body: { type: 5 } } : nothing;
}
