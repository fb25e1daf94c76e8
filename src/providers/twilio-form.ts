import { WebhookError } from '../errors.ts';
import { isoTime, textsOnly } from './json.ts';
import type { ReadEvent } from './provider.ts';
import { sha256 } from './signature.ts';
import type { TwilioForm } from './twilio-types.ts';

type Fields = readonly (readonly [name: string, value: string])[];

/**
 * What of a form is signed: names with their values, sorted by UTF-16 code units, nothing between; of a repeated name
 * each value once, sorted. As `getExpectedTwilioSignature` of the npm package twilio 6.2.0 has it.
 */
export function signedFields(fields: Fields): string {
  const values = valuesOf(fields);
  return [...values.keys()]
    .toSorted(byCodeUnits)
    .flatMap((name) => [...values.get(name)!].toSorted(byCodeUnits).map((value) => name + value))
    .join('');
}

/**
 * The event of a form. Twilio names neither a type nor an id, so both are made of the fields that say what has
 * happened; where the same could happen twice, a hash of all fields is added. Throws WebhookError.
 */
export function readForm(fields: Fields): ReadEvent {
  if (fields.length === 0) {
    throw new WebhookError('event_id_missing', { reason: 'field_missing', note: 'an empty form' });
  }
  const payload = payloadOf(fields);
  const field: Field = (name) => {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (typeof value !== 'object') return value === '' ? undefined : value;
    throw new WebhookError('payload_unreadable', { reason: 'field_repeated', note: name });
  };
  const { types, about, id } = subjectOf(field);
  const occurredAt = isoTime(field('Timestamp'));
  const first = asFirstSent(fields);
  return {
    id: [...(id ?? [about ?? types[0], sha256(signedFields(first)).slice(0, 32)])].join(':'),
    types,
    ...(about !== undefined && { key: about }),
    ...(occurredAt !== undefined && { occurredAt }),
    payload,
    sameness: payloadOf(first),
    labels: textsOnly({
      account: field('AccountSid'),
      service: field('MessagingServiceSid'),
      call: field('CallSid'),
      parent: field('ParentCallSid'),
      direction: field('Direction'),
      error: field('ErrorCode'),
    }),
  };
}

/** A field's one value; undefined where there is none. */
type Field = (name: string) => string | undefined;

interface Subject {
  readonly types: readonly [string, ...string[]];
  /** The sid of what the event is about. */
  readonly about: string | undefined;
  /** What tells the event from others; undefined where nothing less than all fields does. */
  readonly id: readonly string[] | undefined;
}

/** Looks for what is most special first: recordings and conferences name the call that they belong to as well. */
function subjectOf(field: Field): Subject {
  const recording = field('RecordingSid');
  const recordingStatus = field('RecordingStatus');
  if (recording !== undefined && recordingStatus !== undefined) {
    return {
      types: [`recording.${recordingStatus}`, 'recording'],
      about: recording,
      id: [recording, recordingStatus],
    };
  }
  return conferenceOf(field) ?? messageOf(field) ?? callOf(field) ?? namedOf(field);
}

/** www.twilio.com/docs/voice/twiml/conference: `SequenceNumber` counts the events of a conference. */
function conferenceOf(field: Field): Subject | undefined {
  const conference = field('ConferenceSid');
  const happened = field('StatusCallbackEvent');
  if (conference === undefined || happened === undefined) return undefined;
  const sequence = field('SequenceNumber');
  return {
    types: [`conference.${happened}`, 'conference'],
    about: conference,
    id: sequence === undefined ? undefined : [conference, happened, sequence],
  };
}

/** A message passes through each status once. One that came in has `SmsStatus=received`. */
function messageOf(field: Field): Subject | undefined {
  const message = field('MessageSid') ?? field('SmsSid') ?? field('SmsMessageSid');
  const status = field('MessageStatus') ?? field('SmsStatus');
  if (message === undefined || status === undefined) return undefined;
  return {
    types:
      status === 'received' || status === 'receiving'
        ? [`message.${status}`, 'message']
        : [`message.status.${status}`, 'message.status', 'message'],
    about: message,
    id: [message, status],
  };
}

/**
 * Progress has a `SequenceNumber`. A call that waits for TwiML has none, and asks again and again under one status
 * while its caller types digits.
 */
function callOf(field: Field): Subject | undefined {
  const call = field('CallSid');
  if (call === undefined) return undefined;
  const status = field('CallStatus');
  const sequence = field('SequenceNumber');
  return {
    types: status === undefined ? ['call'] : [`call.${status}`, 'call'],
    about: call,
    id: status === undefined || sequence === undefined ? undefined : [call, status, sequence],
  };
}

/** Conversations and TaskRouter name their type; the Debugger's alerts have a sid of their own. */
function namedOf(field: Field): Subject {
  const type = field('EventType');
  const about = field('ConversationSid') ?? field('TaskSid') ?? field('Sid');
  if (type !== undefined) return { types: [type], about, id: undefined };
  const alert = field('Sid');
  const level = field('Level');
  if (alert !== undefined && level !== undefined && field('PayloadType') !== undefined) {
    return { types: [`debugger.${level.toLowerCase()}`, 'debugger'], about: alert, id: [alert] };
  }
  return { types: ['other'], about, id: undefined };
}

/** A fallback URL gets the request once more, with what went wrong at the first. */
const asFirstSent = (fields: Fields): Fields =>
  fields.some(([name]) => name === 'ErrorUrl')
    ? fields.filter(([name]) => name !== 'ErrorUrl' && name !== 'ErrorCode')
    : fields;

const payloadOf = (fields: Fields): TwilioForm =>
  Object.fromEntries(
    [...valuesOf(fields)].map(([name, values]) => {
      const [value, ...others] = values;
      return [name, others.length === 0 ? value : [...values]];
    }),
  );

function valuesOf(fields: Fields): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of fields) {
    const known = values.get(name);
    if (known) known.add(value);
    else values.set(name, new Set([value]));
  }
  return values;
}

const byCodeUnits = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
