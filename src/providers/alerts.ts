import { z } from 'zod';
import { ConfigError, WebhookError } from '../errors.ts';
import { at, expectShape, parseJson, scalarText, textsOnly, utf8 } from './json.ts';
import type { Delivery, ReadEvent, Reading } from './provider.ts';
import { sha256 } from './signature.ts';

/** One alert of a notification. */
export interface Alert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  /** The year 1 while it fires. */
  readonly endsAt: string;
  readonly generatorURL: string;
  /** Of its labels. */
  readonly fingerprint: string;
}

/** What Alertmanager tells of a group of alerts; Grafana's alerting, made from it, tells the same and more. */
export interface AlertNotification<
  Status extends string = 'firing' | 'resolved',
  Each extends Alert = Alert,
> {
  readonly receiver: string;
  /** `resolved` when all of its alerts are. */
  readonly status: Status;
  readonly alerts: readonly Each[];
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly externalURL: string;
  readonly version: string;
  readonly groupKey: string;
  /** How many alerts were left out. */
  readonly truncatedAlerts: number;
}

/**
 * What becomes of a notification that says what one before has said. `'same'`: it is the same event, whenever it
 * comes. `{ everySeconds }`: it is the same event within so many seconds, and another after them.
 */
export type Repeats = 'same' | { readonly everySeconds: number };

export interface AlertOptions {
  readonly repeats: Repeats;
  /** `'custom'`: bodies are what a template of the user's makes, so any JSON object will do. */
  readonly payload: 'default' | 'custom';
}

/** Throws ConfigError when `repeats` is no stretch of time. */
export function requireRepeats(provider: string, repeats: Repeats): Repeats {
  if (repeats === 'same' || (Number.isSafeInteger(repeats.everySeconds) && repeats.everySeconds > 0))
    return repeats;
  throw new ConfigError(`${provider}: repeats is 'same' or { everySeconds }, a whole number of 1 or more`);
}

/**
 * Reads a notification. It has no id, so one is made: of who is told (receiver, group, organisation) and of the state
 * that it tells (status, and of each alert the fingerprint, `startsAt`, status and, once resolved, `endsAt`). What
 * else changes, such as a measured value in an annotation, makes no other event. The order of the alerts does not count.
 *
 * A repeat says the same, byte for byte, and so does an alert that fires again under its old `startsAt`. So does the
 * retry of a request whose answer was lost. Only the clock tells the first two from the third, and `read` has no
 * memory: it runs again when the journal reads a body back, and must say the same then. So `{ everySeconds }` counts
 * whole stretches from the newest time in the notification until it was received, and the id ends in their number.
 * Two that are received further apart than a stretch are always two events: nothing is swallowed. Two that are closer
 * are one, unless a boundary lies between them: then a retry is a second event. What tells of something new comes soon
 * after its newest time, at the beginning of the first stretch, and its retries with it, far from a boundary.
 */
export function readAlerts({ body, receivedAt }: Delivery, { repeats, payload }: AlertOptions): Reading {
  const value = parseJson(utf8(body));
  const { type, state, newest } =
    payload === 'custom' ? anything(value, body) : stateOf(expectShape(notification, value), value);
  const id = `${type}-${sha256(JSON.stringify(state))}${stretch(newest, receivedAt, repeats)}`;
  const key = scalarText(at(value, ['groupKey']));
  const event: ReadEvent = {
    id,
    types: [type],
    ...(key && { key: fitting(key) }),
    // No occurredAt: a notification has no time of its own, and an alert's startsAt would put one that fires again
    // before its end. They come one after another, so the time of arrival orders them.
    payload: value,
    // What makes the id is what makes it the same: annotations hold measured values, which change.
    sameness: state,
    labels: labels(value),
  };
  return { events: [event] };
}

const alert = z.looseObject({
  status: z.string().min(1),
  startsAt: z.string(),
  endsAt: z.string().optional(),
  fingerprint: z.string().min(1),
});

const notification = z.looseObject({
  receiver: z.string(),
  groupKey: z.string().min(1),
  status: z.string().min(1).max(64),
  alerts: z.array(alert),
});

interface State {
  readonly type: string;
  /** What makes the id, and nothing that a retry changes. */
  readonly state: unknown;
  /** In milliseconds since 1970; 0 where there is none. */
  readonly newest: number;
}

function stateOf(
  { receiver, groupKey, status, alerts }: z.infer<typeof notification>,
  value: unknown,
): State {
  const told = alerts.map((one) => ({
    ...one,
    // While it fires there is no end, or one that is only expected.
    endsAt: one.status === 'resolved' ? (one.endsAt ?? '') : '',
  }));
  const each = told
    .map((one) => [one.fingerprint, one.startsAt, one.status, one.endsAt].join(' '))
    .toSorted();
  const scope = [receiver, groupKey, scalarText(at(value, ['orgId'])) ?? ''];
  const left = scalarText(at(value, ['truncatedAlerts'])) ?? '0';
  const times = told.flatMap(({ startsAt, endsAt }) => [Date.parse(startsAt), Date.parse(endsAt)]);
  return {
    type: status,
    state: [...scope, status, each, left],
    newest: Math.max(0, ...times.filter((time) => !Number.isNaN(time))),
  };
}

/** Of a body that a template made, nothing is known but its bytes and, perhaps, a status. */
function anything(value: unknown, body: Buffer): State {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WebhookError('payload_unreadable', { reason: 'field_malformed', note: 'not an object' });
  }
  const status = at(value, ['status']);
  const type = typeof status === 'string' && /^[\w.-]{1,64}$/.test(status) ? status : 'notification';
  return { type, state: sha256(body), newest: 0 };
}

/** The number of the stretch; 0 also when the sender's clock is ahead, so that a retry does not fall into another. */
function stretch(newest: number, receivedAt: Date, repeats: Repeats): string {
  if (repeats === 'same') return '';
  const passed = receivedAt.getTime() - newest;
  return `-${Math.max(0, Math.floor(passed / (repeats.everySeconds * 1000)))}`;
}

const keyBytes = 512;

/** A group's key holds its labels, so it may be longer than a key may be; refused, an alert would be lost. */
const fitting = (key: string): string => (Buffer.byteLength(key) <= keyBytes ? key : `group-${sha256(key)}`);

const labels = (value: unknown): Record<string, string> =>
  textsOnly({
    receiver: at(value, ['receiver']),
    organization: scalarText(at(value, ['orgId'])),
    alertname: at(value, ['commonLabels', 'alertname']),
    severity: at(value, ['commonLabels', 'severity']),
  });
