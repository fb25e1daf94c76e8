import { ApplicationFailure } from '@temporalio/common';
import type { EventRef } from '../../event.ts';
import { effectKey } from '../effect-key.ts';
import { requireAddress } from './address.ts';
import { messageId } from './message-id.ts';

/** A mail about an event. */
export interface Mail {
  readonly event: EventRef;
  /** Which of the event's mails: `receipt`, `reminder-1`. */
  readonly step: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What became of a mail; `not_configured` where there is no way to send any. */
export type MailOutcome = 'sent' | 'not_configured';

/** A mail ready to go. */
export interface Message {
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Takes a message away. */
export type Transport = (message: Message) => Promise<void>;

/** Sends mail. It cannot be sent exactly once, so each carries the same Message-ID at every attempt. */
export const mail = (transport: Transport | undefined) => ({
  /** Fails for good as `AddressInvalid` or `MailRefused`. */
  async sendMail({ event, step, to, subject, text }: Mail): Promise<{ outcome: MailOutcome }> {
    if (!transport) return { outcome: 'not_configured' };
    if (/\p{Cc}/u.test(subject)) {
      throw ApplicationFailure.nonRetryable('the subject has control characters', 'MailRefused');
    }
    await transport({ messageId: messageId(effectKey(event, step)), to: requireAddress(to), subject, text });
    return { outcome: 'sent' };
  },
});
