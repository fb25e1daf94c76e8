import { ApplicationFailure } from '@temporalio/common';
import { createTransport } from 'nodemailer';
import type { Transport } from './mail.ts';

const timeouts = {
  dnsTimeout: 5000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
};

/** Hands mail to the server that the URL names, a connection for each. */
export function smtp(url: string, from: string): Transport {
  const transporter = createTransport({ ...timeouts, url, disableFileAccess: true, disableUrlAccess: true });
  return async (message) => {
    try {
      await transporter.sendMail({ from, ...message });
    } catch (error) {
      throw mailFailure(error);
    }
  };
}

/**
 * A 5xx about the mail itself is final; one about our login is not the mail's fault, and 4xx and a
 * broken connection pass. What the server said stays out: it likes to quote the address.
 */
function mailFailure(error: unknown): ApplicationFailure {
  const { code = 'unknown error', responseCode } = error as { code?: string; responseCode?: number };
  const message = `the mail server: ${[responseCode, code].filter(Boolean).join(' ')}`;
  const final =
    (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode !== undefined && responseCode >= 500;
  return final
    ? ApplicationFailure.nonRetryable(message, 'MailRefused')
    : ApplicationFailure.retryable(message, 'MailUnavailable');
}
