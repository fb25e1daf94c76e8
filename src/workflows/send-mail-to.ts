import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { limits } from './limits.ts';

const { sendMail } = proxyActivities<Activities>(limits.mail);

/** What became of a mail: `refused` for good, by the server or for its address; or no way to send any. */
export type MailResult = 'sent' | 'no_address' | 'refused' | 'not_configured';

/**
 * Sends a mail if there is an address. That a server refuses it for good is a result, not a failure:
 * what else the run does stands. Throws when mail could not be sent within its bounds.
 */
export async function sendMailTo(
  address: string | undefined,
  mail: Omit<Parameters<Activities['sendMail']>[0], 'to'>,
): Promise<MailResult> {
  if (address === undefined) return 'no_address';
  try {
    const { outcome } = await sendMail.executeWithOptions({ summary: `mail: ${mail.step}` }, [
      { ...mail, to: address },
    ]);
    return outcome;
  } catch (error) {
    if (isRefusal(error)) return 'refused';
    throw error;
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  (error.cause.type === 'MailRefused' || error.cause.type === 'AddressInvalid');
