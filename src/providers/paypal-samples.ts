import { randomBytes } from 'node:crypto';
import type { PaypalEvents, PaypalLink, PaypalMoney, PaypalWebhook } from './paypal-events.ts';

type Sample<Type extends keyof PaypalEvents> = () => PaypalEvents[Type];

/** Bodies as PayPal sends them (shortened), each with fresh ids. */
export const paypalSamples = {
  'PAYMENT.CAPTURE.COMPLETED': () =>
    event('capture', 'PAYMENT.CAPTURE.COMPLETED', 'Payment completed for $ 30.00 USD', {
      ...capture(),
      status: 'COMPLETED',
      seller_receivable_breakdown: {
        gross_amount: usd('30.00'),
        paypal_fee: usd('1.54'),
        net_amount: usd('28.46'),
      },
    }),
  'PAYMENT.CAPTURE.PENDING': () =>
    event('capture', 'PAYMENT.CAPTURE.PENDING', 'Payment pending for $ 30.00 USD', {
      ...capture(),
      status: 'PENDING',
      status_details: { reason: 'PENDING_REVIEW' },
    }),
  'PAYMENT.CAPTURE.DENIED': () =>
    event('capture', 'PAYMENT.CAPTURE.DENIED', 'Payment denied for $ 30.00 USD', {
      ...capture(),
      status: 'DECLINED',
    }),
  'PAYMENT.CAPTURE.REFUNDED': () => {
    const id = transactionId();
    return event('refund', 'PAYMENT.CAPTURE.REFUNDED', 'A $ 30.00 USD capture payment was refunded', {
      id,
      status: 'COMPLETED',
      amount: usd('30.00'),
      seller_payable_breakdown: { gross_amount: usd('30.00'), total_refunded_amount: usd('30.00') },
      ...times(),
      links: [link(`v2/payments/refunds/${id}`), link(`v2/payments/captures/${transactionId()}`, 'up')],
    });
  },
  'PAYMENT.SALE.COMPLETED': () => {
    const id = transactionId();
    return event('sale', 'PAYMENT.SALE.COMPLETED', 'Payment completed for $ 20.00 USD', {
      id,
      state: 'completed',
      amount: { total: '20.00', currency: 'USD' },
      payment_mode: 'INSTANT_TRANSFER',
      protection_eligibility: 'ELIGIBLE',
      parent_payment: `PAY-${text(24)}`,
      transaction_fee: { value: '0.88', currency: 'USD' },
      ...times(),
      links: [link(`v1/payments/sale/${id}`)],
    });
  },
  'CHECKOUT.ORDER.APPROVED': () => {
    const id = transactionId();
    return event('checkout-order', 'CHECKOUT.ORDER.APPROVED', 'An order has been approved by buyer', {
      id,
      status: 'APPROVED',
      intent: 'CAPTURE',
      payer: { payer_id: text(13), email_address: 'jenny.rosen@example.com' },
      purchase_units: [{ reference_id: 'default', amount: usd('30.00') }],
      ...times(),
      links: [link(`v2/checkout/orders/${id}`), link(`v2/checkout/orders/${id}/capture`, 'capture', 'POST')],
    });
  },
  'CUSTOMER.DISPUTE.CREATED': () =>
    event('dispute', 'CUSTOMER.DISPUTE.CREATED', 'A new dispute opened with Case # PP-D-4012', {
      ...dispute(),
      status: 'WAITING_FOR_SELLER_RESPONSE',
      dispute_life_cycle_stage: 'INQUIRY',
    }),
  'CUSTOMER.DISPUTE.RESOLVED': () =>
    event('dispute', 'CUSTOMER.DISPUTE.RESOLVED', 'A dispute was resolved with Case # PP-D-4012', {
      ...dispute(),
      status: 'RESOLVED',
      dispute_life_cycle_stage: 'CHARGEBACK',
      dispute_outcome: { outcome_code: 'RESOLVED_BUYER_FAVOUR' },
    }),
  'BILLING.SUBSCRIPTION.ACTIVATED': () =>
    event('subscription', 'BILLING.SUBSCRIPTION.ACTIVATED', 'Subscription activated', {
      ...subscription(),
      status: 'ACTIVE',
      billing_info: { outstanding_balance: usd('0.00'), next_billing_time: new Date().toISOString() },
    }),
  'BILLING.SUBSCRIPTION.CANCELLED': () =>
    event('subscription', 'BILLING.SUBSCRIPTION.CANCELLED', 'Subscription cancelled', {
      ...subscription(),
      status: 'CANCELLED',
    }),
  'INVOICING.INVOICE.PAID': () =>
    event('invoices', 'INVOICING.INVOICE.PAID', 'An invoice was paid', {
      invoice: {
        id: `INV2-${text(4)}-${text(4)}-${text(4)}-${text(4)}`,
        status: 'PAID',
        detail: { invoice_number: '0001', currency_code: 'USD' },
        amount: usd('74.21'),
        due_amount: usd('0.00'),
      },
    }),
  'PAYMENT.PAYOUTS-ITEM.SUCCEEDED': () => {
    const [item, batch] = [text(13), text(13)];
    return event('payouts_item', 'PAYMENT.PAYOUTS-ITEM.SUCCEEDED', 'A payout item has succeeded', {
      payout_item_id: item,
      payout_batch_id: batch,
      transaction_id: transactionId(),
      transaction_status: 'SUCCESS',
      time_processed: now(),
      payout_item: {
        recipient_type: 'EMAIL',
        amount: { currency: 'USD', value: '1.00' },
        receiver: 'jenny.rosen@example.com',
        sender_item_id: 'item-1',
      },
      links: [link(`v1/payments/payouts-item/${item}`), link(`v1/payments/payouts/${batch}`, 'batch')],
    });
  },
} satisfies { readonly [Type in keyof PaypalEvents]?: Sample<Type> };

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const text = (length: number) =>
  Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]!).join('');
const transactionId = () => text(17);
const now = () => new Date().toISOString().replace(/\.\d{3}Z$/, 'Z');
const times = () => ({ create_time: now(), update_time: now() });
const usd = (value: string): PaypalMoney => ({ currency_code: 'USD', value });
const link = (path: string, rel = 'self', method = 'GET'): PaypalLink => ({
  href: `https://api.sandbox.paypal.com/${path}`,
  rel,
  method,
});

function capture() {
  const id = transactionId();
  return {
    id,
    amount: usd('30.00'),
    final_capture: true,
    seller_protection: { status: 'ELIGIBLE', dispute_categories: ['ITEM_NOT_RECEIVED'] },
    payee: { merchant_id: text(13) },
    supplementary_data: { related_ids: { order_id: transactionId() } },
    ...times(),
    links: [link(`v2/payments/captures/${id}`), link(`v2/payments/captures/${id}/refund`, 'refund', 'POST')],
  };
}

function dispute() {
  const id = `PP-D-${Number.parseInt(randomBytes(4).toString('hex'), 16)}`;
  return {
    dispute_id: id,
    reason: 'MERCHANDISE_OR_SERVICE_NOT_RECEIVED',
    dispute_amount: usd('30.00'),
    disputed_transactions: [
      { seller_transaction_id: transactionId(), buyer_transaction_id: transactionId() },
    ],
    ...times(),
    links: [link(`v1/customer/disputes/${id}`)],
  };
}

function subscription() {
  const id = `I-${text(12)}`;
  return {
    id,
    plan_id: `P-${text(24)}`,
    quantity: '1',
    start_time: now(),
    status_update_time: now(),
    subscriber: { payer_id: text(13), email_address: 'jenny.rosen@example.com' },
    ...times(),
    links: [link(`v1/billing/subscriptions/${id}`)],
  };
}

function event<Resource>(
  resource_type: string,
  event_type: string,
  summary: string,
  resource: Resource,
): PaypalWebhook<Resource> {
  const id = `WH-${text(17)}-${text(17)}`;
  const self = `v1/notifications/webhooks-events/${id}`;
  return {
    id,
    event_version: '1.0',
    create_time: new Date().toISOString(),
    resource_type,
    resource_version: '2.0',
    event_type,
    summary,
    resource,
    links: [link(self), link(`${self}/resend`, 'resend', 'POST')],
  };
}
