import type { Stripe } from 'stripe';
import { stripeFailure } from './stripe-failure.ts';

/** Which payment to ask for. */
export interface PaymentQuery {
  /** The source whose key is used. */
  readonly source: string;
  /** The connected account; '' is the key's own. */
  readonly account: string;
  readonly paymentId: string;
}

/** A payment as its provider has it now, or that nobody could be asked. */
export type PaymentReading =
  | { readonly reRead: false }
  | {
      readonly reRead: true;
      /** The provider's word: `succeeded`, `processing`, `canceled`, … */
      readonly status: string;
      /** What has been received, in minor units. */
      readonly amountMinor: number;
      readonly currency: string;
      readonly receiptAddress: string | null;
    };

/** Reads payments by the providers' APIs. Takes a client for each source that has a key. */
export const payments = (clients: ReadonlyMap<string, Pick<Stripe, 'paymentIntents'>>) => ({
  /** The payment as it is now. Without a key for the source there is nobody to ask, and it says so. */
  async readPayment({ source, account, paymentId }: PaymentQuery): Promise<PaymentReading> {
    const client = clients.get(source);
    if (!client) return { reRead: false };
    const options = account === '' ? {} : { stripeAccount: account };
    try {
      const { status, amount_received, currency, receipt_email } = await client.paymentIntents.retrieve(
        paymentId,
        {},
        options,
      );
      const receiptAddress = receipt_email;
      return { reRead: true, status, amountMinor: amount_received, currency, receiptAddress };
    } catch (error) {
      throw stripeFailure(error);
    }
  },
});
