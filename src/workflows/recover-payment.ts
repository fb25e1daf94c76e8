import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { PaymentEvent } from '../providers/payment.ts';
import type { StripeEvent } from '../providers/stripe.ts';
import { limits } from './limits.ts';
import { addressOf, paymentOf, type ToldPayment } from './payment-of.ts';
import { refOf } from './ref-of.ts';
import { sendMailTo } from './send-mail-to.ts';

const { readPayment } = proxyActivities<Activities>({ ...limits.provider, summary: 'ask for the payment' });
const { findPayment } = proxyActivities<Activities>({ ...limits.ledger, summary: 'look into the ledger' });

/** Days after the failure on which the customer is reminded. */
const reminderDays = [1, 3, 7] as const;
/** Days after the failure when it is given up; the last reminder needs its time. */
const lastDay = 14;

/** How a failed payment ended. */
export interface Recovery {
  readonly outcome: 'paid' | 'unpaid' | 'canceled' | 'no_address' | 'refused' | 'not_configured';
  readonly reminders: number;
}

/** Reminds of a payment that failed, over days, until it is paid, canceled or given up. */
export async function recoverPayment(
  event: StripeEvent<'payment_intent.payment_failed'> | PaymentEvent<'payment.failed'>,
): Promise<Recovery> {
  const payment = paymentOf(event);
  const { paymentId } = payment;
  let reminders = 0;
  const end = (outcome: Recovery['outcome']): Recovery => {
    setCurrentDetails(`${paymentId}: ${outcome} after ${reminders} reminders`);
    return { outcome, reminders };
  };
  if (addressOf(payment.address) === undefined) return end('no_address');

  let day = 0;
  for (const reminderDay of reminderDays) {
    const step = `reminder-${reminders + 1}`;
    setCurrentDetails(`${paymentId}: open, ${step} on day ${reminderDay}`);
    await sleep(`${reminderDay - day} days`, { summary: `until ${step}` });
    day = reminderDay;
    const state = await stateOf(event.source, payment);
    // A debit that is under way takes days, and is no reason to write.
    if (state === 'processing') continue;
    if (state !== 'open') return end(state);
    const result = await sendMailTo(addressOf(payment.address), {
      event: refOf(event),
      step,
      subject: 'Your payment did not go through',
      text: `Your payment ${paymentId} did not go through. Please try again, or use another way to pay.\n`,
    });
    if (result !== 'sent') return end(result);
    reminders++;
  }
  setCurrentDetails(`${paymentId}: open, given up on day ${lastDay}`);
  await sleep(`${lastDay - day} days`, { summary: 'until it is given up' });
  const state = await stateOf(event.source, payment);
  return end(state === 'open' || state === 'processing' ? 'unpaid' : state);
}

/** The ledger knows what was paid in whatever way; the provider may know it earlier. */
async function stateOf(
  source: string,
  { provider, account, paymentId }: ToldPayment,
): Promise<'paid' | 'canceled' | 'processing' | 'open'> {
  if (await findPayment({ provider, account, paymentId })) return 'paid';
  if (provider !== 'stripe') return 'open';
  const reading = await readPayment({ source, account, paymentId });
  if (!reading.reRead) return 'open';
  const { status } = reading;
  if (status === 'succeeded') return 'paid';
  return status === 'canceled' || status === 'processing' ? status : 'open';
}
