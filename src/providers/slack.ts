import { z } from 'zod';
import { WebhookError } from '../errors.ts';
import { formField, formFields, isForm } from './form.ts';
import { requireFresh, timestampHeader } from './freshness.ts';
import { at, expectShape, isoTime, parseJson, requireId, scalarText, textsOnly, utf8 } from './json.ts';
import { namedType } from './named-type.ts';
import { developmentSecret, timedHmacProof, type HmacProof } from './proof.ts';
import type { Answer, Outcome, Provider, ReadEvent, Reading } from './provider.ts';
import { hmac, requireMatch, sha256, signatureInvalid, singleHeader } from './signature.ts';
import type { SlackEvents } from './slack-events.ts';
import { slackSamples } from './slack-samples.ts';

const header = 'x-slack-signature';
const timeHeader = 'x-slack-request-timestamp';
const defaultToleranceSeconds = 300;

/**
 * Slack: the Events API (JSON), slash commands and interactivity (forms). `SLACK_WEBHOOK_SECRET` is the app's signing
 * secret; signed is `v0:<time>:<body>`, and the time is bounded on both sides, as in Slack's own recipe:
 * docs.slack.dev/authentication/verifying-requests-from-slack. Retries (`x-slack-retry-num`) are deliveries like others:
 * the first try may never have arrived. The `token` in bodies is deprecated, and proves nothing here.
 */
export const slack = (): Provider<SlackEvents, HmacProof> => ({
  name: 'slack',
  proof: timedHmacProof,

  verify({ headers, body }, { secrets, toleranceSeconds = defaultToleranceSeconds }, { now }) {
    // Slack does not sign the probe. Nothing of it is believed: it is answered, blanked, and starts nothing.
    if (isForm(headers) && isProbe(body)) return;
    const given = singleHeader(headers, header);
    if (!/^v0=[0-9a-f]{64}$/.test(given)) {
      throw signatureInvalid('signature_malformed', `${header} is not v0= and 64 lower-case hex digits`);
    }
    const time = timestampHeader(headers, timeHeader);
    requireMatch([given], secrets, (secret) => signature(secret, time, body));
    requireFresh(Number(time), now, { toleranceSeconds });
  },

  read({ headers, body }) {
    if (!isForm(headers)) return readJson(parseJson(utf8(body)));
    // Signed or not: who asks for the certificate asks for nothing else.
    if (isProbe(body)) return { handshake: { status: 200 } };
    return { events: [readForm(slackFields(body), body)] };
  },

  answer: answerTo,

  sign({ body }, { secrets }, moment) {
    const time = String(Math.floor(moment.getTime() / 1000));
    const looksLikeForm = /^[a-z_]+=/.test(body.toString('latin1', 0, 32));
    return {
      'content-type': looksLikeForm ? 'application/x-www-form-urlencoded' : 'application/json',
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      [timeHeader]: time,
      [header]: signature(secrets[0], time, body),
    };
  },

  // A forged probe is answered like a true one: it shall bring nothing into the journal but itself.
  blank: (body) => (isProbe(body) ? Buffer.from('ssl_check=1') : body),
  credentials: [
    '/response_url',
    '/response_urls',
    '/trigger_id',
    '/token',
    '/bot_access_token',
    '/interactivity/interactivity_pointer',
    '/interactivity/interactor/secret',
    '/event/bot_access_token',
    '/event/trigger_id',
  ],
  keepHeaders: [header, timeHeader, 'x-slack-retry-num', 'x-slack-retry-reason'],
  answerWithinMs: 3000,
  signedTime: true,
  samples: slackSamples,
  develop: () => developmentSecret(),
});

const signature = (secret: string, time: string, body: Buffer): string =>
  `v0=${hmac(secret, [`v0:${time}:`, body])}`;

/** What a probe may be long: it holds `ssl_check` and a token. Nobody may have more read before it is proven. */
const probeBytes = 4096;

/** `ssl_check=1`, with which Slack tries the certificate of a command's URL. Any bytes are looked at. */
function isProbe(body: Buffer): boolean {
  if (body.length > probeBytes || !body.includes('ssl_check')) return false;
  try {
    return formField(slackFields(body), 'ssl_check') === '1';
  } catch {
    return false;
  }
}

/**
 * The fields of a form. Their names are Slack's: what is called otherwise is something else in a form's clothes, a body of
 * JSON under another content type for one, which the signature does not cover.
 */
function slackFields(body: Buffer): readonly (readonly [name: string, value: string])[] {
  const fields = formFields(utf8(body));
  for (const [name] of fields) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      throw new WebhookError('payload_unreadable', { reason: 'not_form', note: "a field's name" });
    }
  }
  return fields;
}

const envelope = z.looseObject({ type: z.string().min(1) });
const challenge = z.looseObject({ challenge: z.string().min(1) });
const inner = z.looseObject({ event: z.looseObject({ type: z.string().min(1) }) });

/** The Events API: an event, a question whether the URL is ours, or word that events are held back. */
function readJson(payload: unknown): Reading {
  const { type } = expectShape(envelope, payload);
  if (type === 'url_verification') {
    const { challenge: text } = expectShape(challenge, payload);
    return { handshake: { status: 200, headers: { 'content-type': 'text/plain' }, body: text } };
  }
  if (type === 'app_rate_limited') return { events: [readRateLimited(payload)] };
  const types: [string] = type === 'event_callback' ? [expectShape(inner, payload).event.type] : [type];
  const event = (...path: readonly string[]) => at(payload, ['event', ...path]);
  const channel = firstText(event('channel'), event('channel', 'id'), event('item', 'channel'));
  const team = firstText(at(payload, ['team_id']), at(payload, ['enterprise_id']));
  return {
    events: [
      {
        id: requireId(at(payload, ['event_id']), '/event_id'),
        types,
        ...about(team, channel, event('thread_ts')),
        ...occurred(event('event_ts') ?? at(payload, ['event_time'])),
        payload,
        labels: textsOnly({
          team,
          channel,
          user: firstText(event('user'), event('user', 'id')),
          app: at(payload, ['api_app_id']),
          subtype: event('subtype'),
        }),
      },
    ],
  };
}

/** It has no id: a workspace is told once in a minute. */
function readRateLimited(payload: unknown): ReadEvent {
  const team = requireId(at(payload, ['team_id']), '/team_id');
  const minute = requireId(at(payload, ['minute_rate_limited']), '/minute_rate_limited');
  return {
    id: `${team}:${minute}`,
    types: ['app_rate_limited'],
    key: team,
    ...occurred(minute),
    payload,
    labels: textsOnly({ team, app: at(payload, ['api_app_id']) }),
  };
}

/** A slash command, whose fields are the payload, or an interaction, which is JSON in the field `payload`. */
function readForm(fields: readonly (readonly [string, string])[], body: Buffer): ReadEvent {
  const interaction = formField(fields, 'payload');
  if (interaction !== undefined) return readInteraction(parseJson(interaction), body);
  for (const [name] of fields) formField(fields, name);
  const payload: Readonly<Record<string, string>> = Object.fromEntries(fields);
  const command = payload['command'];
  if (!command) throw new WebhookError('payload_unreadable', { reason: 'field_missing', note: '/command' });
  const team = firstText(payload['team_id'], payload['enterprise_id']);
  const channel = payload['channel_id'];
  return {
    id: formId(payload['trigger_id'], body),
    types: namedType('command', command),
    ...about(team, channel, payload['thread_ts']),
    payload,
    labels: textsOnly({ team, channel, user: payload['user_id'], app: payload['api_app_id'] }),
  };
}

function readInteraction(payload: unknown, body: Buffer): ReadEvent {
  const { type } = expectShape(envelope, payload);
  const of = (...path: readonly PropertyKey[]) => at(payload, path);
  const name = firstText(
    of('actions', 0, 'action_id'),
    of('action_id'),
    of('callback_id'),
    of('view', 'callback_id'),
  );
  const team = firstText(of('team', 'id'), of('enterprise', 'id'));
  const channel = firstText(of('channel', 'id'), of('container', 'channel_id'));
  return {
    id: formId(of('trigger_id'), body),
    types: namedType(type, name),
    ...about(team, channel, of('message', 'thread_ts') ?? of('container', 'thread_ts')),
    ...occurred(of('action_ts') ?? of('actions', 0, 'action_ts')),
    payload,
    labels: textsOnly({ team, channel, user: of('user', 'id'), app: of('api_app_id') }),
  };
}

/**
 * What a user does has no id of Slack's. The trigger is the nearest: Slack makes one for each thing done. It is a
 * credential, which opens a modal, and ids stand in the clear, so the id is its SHA-256. Where there is none
 * (`view_closed`, `block_suggestion`) it is the body's.
 */
const formId = (trigger: unknown, body: Buffer): string =>
  sha256(typeof trigger === 'string' && trigger !== '' ? trigger : body);

/** What it is about: workspace and channel, and the thread where there is one. */
function about(team: string | undefined, channel: string | undefined, thread: unknown): { key?: string } {
  if (team === undefined) return {};
  const parts = [team, channel, channel === undefined ? undefined : thread];
  return { key: parts.filter((part) => typeof part === 'string' && part !== '').join(':') };
}

/** Slack's times are Unix seconds, as a number or as text with a fraction. */
function occurred(value: unknown): { occurredAt?: string } {
  const text = scalarText(value) ?? '';
  const time = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? isoTime(Number(text)) : undefined;
  return time === undefined ? {} : { occurredAt: time };
}

const firstText = (...values: readonly unknown[]): string | undefined =>
  values.find((value): value is string => typeof value === 'string' && value !== '');

const suggestions = new Set(['block_suggestion', 'dialog_suggestion']);
const forms = new Set([
  'command',
  'block_actions',
  'view_submission',
  'view_closed',
  'shortcut',
  'message_action',
  'interactive_message',
  'dialog_submission',
  'dialog_cancellation',
]);

/**
 * Slack would show a user the body of an answer to a command, and a modal takes JSON for an order: theirs are empty. A
 * menu that asks for its options is told that there are none. The Events API looks at the status alone.
 */
function answerTo({ events, body }: Outcome): Answer {
  const [kind = ''] = events[0]?.type.split('.') ?? [];
  if (suggestions.has(kind)) return { status: 200, body: { options: [] } };
  return forms.has(kind) ? { status: 200 } : { status: 200, body };
}
