import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Feed } from '../define.ts';
import type { PaymentEvent } from '../providers/payment.ts';
import type { StripeEvent } from '../providers/stripe.ts';
import { follow, type Followed } from './follow.ts';
import { limits } from './limits.ts';
import { addressOf, isUnreadable, paymentOf, type ToldPayment } from './payment-of.ts';
import { refOf } from './ref-of.ts';
import { sendMailTo } from './send-mail-to.ts';

const { readPayment } = proxyActivities<Activities>({ ...limits.provider, summary: 'ask for the payment' });
const { findPayment } = proxyActivities<Activities>({ ...limits.ledger, summary: 'look into the ledger' });

/** Days after the failure on which the customer is reminded. */
const reminderDays = [1, 3, 7] as const;
/** Days after the failure when it is given up; the last reminder needs its time. */
const lastDay = 14;
const dayMs = 86_400_000;

/** How a failed payment ended. */
export interface Recovery {
  readonly outcome: 'paid' | 'unpaid' | 'canceled' | 'no_address' | 'refused' | 'not_configured';
  readonly reminders: number;
}

/** An event that tells of a payment that failed. */
export type PaymentFailed = StripeEvent<'payment_intent.payment_failed'> | PaymentEvent<'payment.failed'>;

/**
 * Reminds of a payment that failed, over days, until it is paid, canceled or given up. One run for each payment: what
 * fails again meanwhile goes to the latest address, and begins no second row of reminders.
 */
export async function recoverPayment(feed: Feed<PaymentFailed>): Promise<Recovery> {
  const events = follow(feed);
  const first = await events.next();
  if (first === undefined) throw new Error('a feed that waits for ever has ended');
  const recovery = await remind(events, first).catch(async (error: unknown) => {
    // It would be no better the next time, and nothing of this payment could follow it.
    if (isUnreadable(error)) await events.done();
    throw error;
  });
  await events.done();
  return recovery;
}

async function remind(events: Followed<PaymentFailed>, first: PaymentFailed): Promise<Recovery> {
  let event = first;
  let payment = paymentOf(event);
  const { paymentId } = payment;
  const failedAt = Date.now();
  let reminders = 0;
  const end = (outcome: Recovery['outcome']): Recovery => {
    setCurrentDetails(`${paymentId}: ${outcome} after ${reminders} reminders`);
    return { outcome, reminders };
  };
  const until = async (day: number, summary: string) => {
    for (;;) {
      const again = await events.next({ timeout: failedAt + day * dayMs - Date.now(), summary });
      if (again === undefined) return;
      event = again;
      payment = paymentOf(again);
    }
  };
  if (addressOf(payment.address) === undefined) return end('no_address');

  for (const day of reminderDays) {
    const step = `reminder-${reminders + 1}`;
    setCurrentDetails(`${paymentId}: open, ${step} on day ${day}`);
    await until(day, `until ${step}`);
    const state = await stateOf(event.source, payment);
    // A debit that is under way takes days, and is no reason to write.
    if (state === 'processing') continue;
    if (state !== 'open') return end(state);
    const result = await sendMailTo(addressOf(payment.address), {
      event: refOf(first),
      step,
      subject: 'Your payment did not go through',
      text: `Your payment ${paymentId} did not go through. Please try again, or use another way to pay.\n`,
    });
    if (result !== 'sent') return end(result);
    reminders++;
  }
  setCurrentDetails(`${paymentId}: open, given up on day ${lastDay}`);
  await until(lastDay, 'until it is given up');
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
