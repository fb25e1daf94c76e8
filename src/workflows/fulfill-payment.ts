import { ApplicationFailure, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { PaymentEvent } from '../providers/payment.ts';
import type { PaypalEvent } from '../providers/paypal-events.ts';
import type { StripeEvent } from '../providers/stripe.ts';
import { displayAmount } from './display-amount.ts';
import { limits } from './limits.ts';
import { addressOf, paymentOf, requireAmount, requireCurrency, type ToldPayment } from './payment-of.ts';
import { refOf } from './ref-of.ts';
import { sendMailTo, type MailResult } from './send-mail-to.ts';

const { readPayment } = proxyActivities<Activities>({
  ...limits.provider,
  summary: 'read the payment again',
});
const { postPayment } = proxyActivities<Activities>({ ...limits.ledger, summary: 'post it to the ledger' });

/** What became of a payment. */
export interface Fulfillment {
  readonly entryId: string;
  /** True when another event of the same payment had posted it, and sent the receipt. */
  readonly alreadyPosted: boolean;
  /** False when the signed event had to be believed, because there is no API key to ask with. */
  readonly reRead: boolean;
  readonly receipt: MailResult | 'left_to_the_other_event';
}

/** Books a payment that succeeded, once, and sends its receipt. */
export async function fulfillPayment(
  event:
    | StripeEvent<'payment_intent.succeeded'>
    | PaypalEvent<'PAYMENT.CAPTURE.COMPLETED'>
    | PaymentEvent<'payment.succeeded'>,
): Promise<Fulfillment> {
  const told = paymentOf(event);
  const { provider, account, paymentId } = told;
  const payment = await confirm(event.source, told);
  const how = payment.reRead ? 're-read' : 'not re-read';
  setCurrentDetails(`${paymentId}: ${payment.amountMinor} ${payment.currency} (minor units), ${how}`);

  const { amountMinor, currency, reRead } = payment;
  const posting = { event: refOf(event), provider, account, paymentId, amountMinor, currency };
  const { entryId, postedBy } = await postPayment(posting);
  // Not `alreadyPosted`: that is true as well where an attempt of our own was cut off after its commit.
  const alreadyPosted = postedBy !== `${event.source}:${event.id}`;
  const receipt = alreadyPosted
    ? 'left_to_the_other_event'
    : await sendMailTo(payment.address, {
        event: refOf(event),
        step: 'receipt',
        subject: 'Your receipt',
        text: `Thank you. We have received your payment ${paymentId}: ${displayAmount(amountMinor, currency, provider)}.\n`,
      });
  setCurrentDetails(
    `${paymentId}: ${amountMinor} ${currency} (minor units), ${how}; ledger entry ${entryId}` +
      `${alreadyPosted ? ` of ${postedBy}` : ''}; receipt: ${receipt}`,
  );
  return { entryId, alreadyPosted, reRead, receipt };
}

interface Confirmed {
  readonly amountMinor: number;
  readonly currency: string;
  readonly address: string | undefined;
  readonly reRead: boolean;
}

/** The provider's word where it can be had, else that of the signed event. */
async function confirm(source: string, told: ToldPayment): Promise<Confirmed> {
  const { account, paymentId } = told;
  // Only Stripe is asked; of any other sender we know no API, or have no client for it.
  const reading =
    told.provider === 'stripe'
      ? await readPayment({ source, account, paymentId })
      : ({ reRead: false } as const);
  if (!reading.reRead) {
    return {
      amountMinor: requireAmount(told.amount),
      currency: requireCurrency(told.currency),
      address: addressOf(told.address),
      reRead: false,
    };
  }
  if (reading.status !== 'succeeded') {
    throw ApplicationFailure.nonRetryable(
      `${paymentId} is ${reading.status} at the provider, not succeeded`,
      'PaymentNotSucceeded',
    );
  }
  return {
    amountMinor: requireAmount(reading.amountMinor),
    currency: requireCurrency(reading.currency),
    address: addressOf(reading.receiptAddress ?? told.address),
    reRead: true,
  };
}
