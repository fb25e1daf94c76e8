/** The fields of a form, as texts; of a field with several values, all of them. */
export interface TwilioForm {
  readonly AccountSid?: string;
  readonly ApiVersion?: string;
  readonly [field: string]: string | readonly string[] | undefined;
}

/** A message that came in, or what became of one that went out. Phone numbers are personal data. */
export interface TwilioMessage extends TwilioForm {
  readonly MessageSid?: string;
  readonly MessagingServiceSid?: string;
  readonly From?: string;
  readonly To?: string;
  readonly Body?: string;
  /** How many `MediaUrl0`, `MediaUrl1`… there are. */
  readonly NumMedia?: string;
  readonly SmsStatus?: string;
  readonly MessageStatus?: string;
  readonly ErrorCode?: string;
}

/** A call that waits for TwiML, or its progress. */
export interface TwilioCall extends TwilioForm {
  readonly CallSid?: string;
  readonly ParentCallSid?: string;
  readonly CallStatus?: string;
  readonly From?: string;
  readonly To?: string;
  readonly Direction?: string;
  /** `call-progress-events` where it tells of progress. */
  readonly CallbackSource?: string;
  readonly SequenceNumber?: string;
  /** RFC 2822. */
  readonly Timestamp?: string;
  /** Seconds. */
  readonly CallDuration?: string;
  readonly Digits?: string;
}

export interface TwilioRecording extends TwilioForm {
  readonly RecordingSid?: string;
  readonly RecordingStatus?: string;
  readonly RecordingUrl?: string;
  readonly RecordingDuration?: string;
  readonly CallSid?: string;
}

export interface TwilioConference extends TwilioForm {
  readonly ConferenceSid?: string;
  readonly StatusCallbackEvent?: string;
  readonly SequenceNumber?: string;
  readonly FriendlyName?: string;
  readonly CallSid?: string;
}

/** One event of Event Streams (CloudEvents 1.0). */
export interface TwilioCloudEvent {
  readonly specversion?: string;
  readonly type: string;
  readonly source?: string;
  readonly id: string;
  readonly time?: string;
  readonly dataschema?: string;
  readonly data?: unknown;
}

type MessageStatus =
  | 'accepted'
  | 'scheduled'
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'undelivered'
  | 'failed'
  | 'canceled'
  | 'read';

type CallStatus =
  | 'queued'
  | 'initiated'
  | 'ringing'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'failed'
  | 'no-answer'
  | 'canceled';

type RecordingStatus = 'in-progress' | 'completed' | 'absent' | 'failed';

type ConferenceEvent =
  | 'conference-start'
  | 'conference-end'
  | 'participant-join'
  | 'participant-leave'
  | 'participant-mute'
  | 'participant-unmute'
  | 'participant-hold'
  | 'participant-unhold';

type ConversationEvent =
  | `onConversation${'Add' | 'Added' | 'Remove' | 'Removed' | 'StateUpdated' | 'Update' | 'Updated'}`
  | `onMessage${'Add' | 'Added' | 'Remove' | 'Removed' | 'Update' | 'Updated'}`
  | `onParticipant${'Add' | 'Added' | 'Remove' | 'Removed' | 'Update' | 'Updated'}`
  | 'onDeliveryUpdated'
  | `onUser${'Added' | 'Update' | 'Updated'}`;

/**
 * The types that Everhook gives to Twilio's requests, which name none themselves, wide (`message`) and specific
 * (`message.received`). `EventType`, where Twilio sends one, is the type as it is.
 */
export type TwilioEvents = {
  message: TwilioMessage;
  'message.received': TwilioMessage;
  'message.receiving': TwilioMessage;
  'message.status': TwilioMessage;
  call: TwilioCall;
  recording: TwilioRecording;
  conference: TwilioConference;
  debugger: TwilioForm;
  'debugger.error': TwilioForm;
  'debugger.warning': TwilioForm;
  /** A form that is none of the others, or JSON without a type. */
  other: unknown;
  /** Any event of Event Streams. */
  'com.twilio': TwilioCloudEvent;
  [type: `com.twilio.${string}`]: TwilioCloudEvent;
} & {
  [Type in `message.status.${MessageStatus}`]: TwilioMessage;
} & {
  [Type in `call.${CallStatus}`]: TwilioCall;
} & {
  [Type in `recording.${RecordingStatus}`]: TwilioRecording;
} & {
  [Type in `conference.${ConferenceEvent}`]: TwilioConference;
} & {
  [Type in ConversationEvent]: TwilioForm;
};
