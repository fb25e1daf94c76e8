import { setCurrentDetails } from '@temporalio/workflow';
import type { StripeEvent } from '../providers/stripe.ts';
import { addressOf } from './payment-of.ts';
import { refOf } from './ref-of.ts';
import { sendMailTo, type MailResult } from './send-mail-to.ts';

/** Welcomes a new customer by mail; says so where there is no address. */
export async function welcomeCustomer(event: StripeEvent<'customer.created'>): Promise<{ mail: MailResult }> {
  // Typed as always there; without it there is nobody to write to, and the run says so.
  const { id, email } = event.payload.data?.object ?? {};
  const mail = await sendMailTo(addressOf(email), {
    event: refOf(event),
    step: 'welcome',
    subject: 'Welcome',
    text: 'Welcome! It is good to have you with us.\n',
  });
  setCurrentDetails(`customer ${id ?? 'unknown'}: mail ${mail}`);
  return { mail };
}
