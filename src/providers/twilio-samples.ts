import { randomBytes } from 'node:crypto';

/** Bodies as Twilio sends them, shortened: forms, as text, each with fresh sids. */
export const twilioSamples = {
  'message.received': () =>
    form({
      ToCountry: 'US',
      ToState: 'CA',
      NumMedia: '0',
      SmsStatus: 'received',
      Body: 'Hello, is my order on its way?',
      FromCountry: 'US',
      To: '+15005550006',
      NumSegments: '1',
      ...messageSids(),
      AccountSid: account,
      From: '+14158675309',
      ApiVersion: '2010-04-01',
    }),
  'message.status.queued': () => messageStatus('queued'),
  'message.status.sent': () => messageStatus('sent'),
  'message.status.delivered': () => messageStatus('delivered'),
  'message.status.undelivered': () => messageStatus('undelivered', { ErrorCode: '30003' }),
  'message.status.failed': () => messageStatus('failed', { ErrorCode: '30007' }),
  'call.ringing': () => form({ ...call(), CallStatus: 'ringing', Direction: 'inbound' }),
  'call.in-progress': () => progress('in-progress', 2),
  'call.completed': () => progress('completed', 3, { CallDuration: '49', Duration: '1' }),
  'call.no-answer': () => progress('no-answer', 2, { CallDuration: '0' }),
  'recording.completed': () => {
    const recording = sid('RE');
    return form({
      RecordingSource: 'DialVerb',
      RecordingSid: recording,
      RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${account}/Recordings/${recording}`,
      RecordingStatus: 'completed',
      RecordingChannels: '2',
      ErrorCode: '0',
      CallSid: sid('CA'),
      RecordingStartTime: new Date().toUTCString(),
      AccountSid: account,
      RecordingDuration: '12',
    });
  },
  'conference.participant-join': () =>
    form({
      ConferenceSid: sid('CF'),
      FriendlyName: 'Support',
      SequenceNumber: '1',
      Timestamp: rfc2822(),
      StatusCallbackEvent: 'participant-join',
      CallSid: sid('CA'),
      Muted: 'false',
      Hold: 'false',
      AccountSid: account,
    }),
};

const account = `AC${'0'.repeat(32)}`;
const sid = (prefix: string) => prefix + randomBytes(16).toString('hex');
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

/** `Thu, 26 Nov 2026 12:00:00 +0000`, as Twilio writes it. */
const rfc2822 = () => new Date().toUTCString().replace('GMT', '+0000');

function messageSids() {
  const message = sid('SM');
  return { SmsMessageSid: message, SmsSid: message, MessageSid: message };
}

function messageStatus(status: string, more: Readonly<Record<string, string>> = {}): string {
  const message = sid('SM');
  return form({
    SmsSid: message,
    SmsStatus: status,
    MessageStatus: status,
    To: '+14158675309',
    MessagingServiceSid: `MG${'0'.repeat(32)}`,
    MessageSid: message,
    AccountSid: account,
    From: '+15005550006',
    ApiVersion: '2010-04-01',
    ...more,
  });
}

const call = () => ({
  Called: '+15005550006',
  Caller: '+14158675309',
  CallSid: sid('CA'),
  To: '+15005550006',
  From: '+14158675309',
  AccountSid: account,
  ApiVersion: '2010-04-01',
});

const progress = (status: string, sequence: number, more: Readonly<Record<string, string>> = {}): string =>
  form({
    ...call(),
    CallStatus: status,
    Direction: 'outbound-api',
    Timestamp: rfc2822(),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(sequence),
    ...more,
  });
