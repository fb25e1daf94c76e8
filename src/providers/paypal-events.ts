import type { WebhookEvent } from '../event.ts';

/** What every event of PayPal's has around its resource. developer.paypal.com/docs/api/webhooks/v1/#definition-event */
export interface PaypalWebhook<Resource = unknown> {
  readonly id: string;
  readonly event_type: string;
  readonly event_version?: string;
  readonly create_time: string;
  /** `capture`, `checkout-order`, `dispute`, `subscription`, … */
  readonly resource_type: string;
  readonly resource_version?: string;
  readonly summary?: string;
  readonly resource: Resource;
  readonly links?: readonly PaypalLink[];
}

/** The events that are used most, by name, and any other: its resource is for you to look at. */
export interface PaypalEvents {
  readonly 'PAYMENT.CAPTURE.COMPLETED': PaypalWebhook<PaypalCapture>;
  readonly 'PAYMENT.CAPTURE.PENDING': PaypalWebhook<PaypalCapture>;
  readonly 'PAYMENT.CAPTURE.DENIED': PaypalWebhook<PaypalCapture>;
  readonly 'PAYMENT.CAPTURE.REFUNDED': PaypalWebhook<PaypalRefund>;
  readonly 'PAYMENT.SALE.COMPLETED': PaypalWebhook<PaypalSale>;
  readonly 'CHECKOUT.ORDER.APPROVED': PaypalWebhook<PaypalOrder>;
  readonly 'CUSTOMER.DISPUTE.CREATED': PaypalWebhook<PaypalDispute>;
  readonly 'CUSTOMER.DISPUTE.RESOLVED': PaypalWebhook<PaypalDispute>;
  readonly 'BILLING.SUBSCRIPTION.ACTIVATED': PaypalWebhook<PaypalSubscription>;
  readonly 'BILLING.SUBSCRIPTION.CANCELLED': PaypalWebhook<PaypalSubscription>;
  readonly 'INVOICING.INVOICE.PAID': PaypalWebhook<PaypalInvoicePaid>;
  readonly 'PAYMENT.PAYOUTS-ITEM.SUCCEEDED': PaypalWebhook<PaypalPayoutItem>;
  readonly [type: string]: PaypalWebhook;
}

/** A PayPal event as a workflow takes it: `PaypalEvent<'PAYMENT.CAPTURE.COMPLETED'>`. */
export type PaypalEvent<Type extends keyof PaypalEvents & string = string> = {
  [T in Type]: WebhookEvent<T, PaypalEvents[T]>;
}[Type];

/** An amount in major units, as text: `{ currency_code: 'USD', value: '30.00' }`. */
export interface PaypalMoney {
  readonly currency_code: string;
  readonly value: string;
}

/** The same in version 1 of the APIs. */
export interface PaypalAmountV1 {
  readonly currency: string;
  readonly total: string;
}

export interface PaypalLink {
  readonly href: string;
  readonly rel: string;
  readonly method?: string;
}

interface Times {
  readonly create_time?: string;
  readonly update_time?: string;
}

/** Version 2; where the webhook asks for version 1, `amount` is PaypalAmountV1. */
export interface PaypalCapture extends Times {
  readonly id: string;
  readonly status?: string;
  readonly status_details?: { readonly reason?: string };
  readonly amount: PaypalMoney;
  readonly final_capture?: boolean;
  readonly invoice_id?: string;
  readonly custom_id?: string;
  readonly payee?: { readonly merchant_id?: string; readonly email_address?: string };
  readonly seller_receivable_breakdown?: {
    readonly gross_amount: PaypalMoney;
    readonly paypal_fee?: PaypalMoney;
    readonly net_amount?: PaypalMoney;
  };
  readonly supplementary_data?: {
    readonly related_ids?: { readonly order_id?: string; readonly authorization_id?: string };
  };
  readonly links?: readonly PaypalLink[];
}

export interface PaypalRefund extends Times {
  readonly id: string;
  readonly status?: string;
  readonly amount: PaypalMoney;
  readonly invoice_id?: string;
  readonly custom_id?: string;
  readonly note_to_payer?: string;
  readonly seller_payable_breakdown?: {
    readonly gross_amount: PaypalMoney;
    readonly total_refunded_amount?: PaypalMoney;
  };
  /** Of which the one called `up` is the capture. */
  readonly links?: readonly PaypalLink[];
}

export interface PaypalSale extends Times {
  readonly id: string;
  readonly state: string;
  readonly amount: PaypalAmountV1;
  readonly parent_payment?: string;
  readonly billing_agreement_id?: string;
  readonly links?: readonly PaypalLink[];
}

export interface PaypalOrder extends Times {
  readonly id: string;
  readonly status: string;
  readonly intent: string;
  readonly payer?: { readonly payer_id?: string; readonly email_address?: string };
  readonly purchase_units?: readonly {
    readonly reference_id?: string;
    readonly amount: PaypalMoney;
    readonly invoice_id?: string;
    readonly custom_id?: string;
  }[];
  readonly links?: readonly PaypalLink[];
}

export interface PaypalDispute extends Times {
  readonly dispute_id: string;
  readonly reason: string;
  readonly status: string;
  readonly dispute_amount: PaypalMoney;
  readonly dispute_life_cycle_stage?: string;
  readonly dispute_outcome?: { readonly outcome_code?: string };
  readonly disputed_transactions?: readonly {
    readonly seller_transaction_id?: string;
    readonly buyer_transaction_id?: string;
  }[];
  readonly seller_response_due_date?: string;
  readonly links?: readonly PaypalLink[];
}

export interface PaypalSubscription extends Times {
  /** `I-…` */
  readonly id: string;
  readonly plan_id: string;
  readonly status: string;
  readonly status_update_time?: string;
  readonly start_time?: string;
  readonly quantity?: string;
  readonly custom_id?: string;
  readonly subscriber?: { readonly payer_id?: string; readonly email_address?: string };
  readonly billing_info?: { readonly next_billing_time?: string; readonly outstanding_balance?: PaypalMoney };
  readonly links?: readonly PaypalLink[];
}

export interface PaypalInvoicePaid {
  readonly invoice: {
    /** `INV2-…` */
    readonly id: string;
    readonly status: string;
    readonly detail?: { readonly invoice_number?: string; readonly currency_code?: string };
    readonly amount?: PaypalMoney;
    readonly due_amount?: PaypalMoney;
  };
}

export interface PaypalPayoutItem {
  readonly payout_item_id: string;
  readonly payout_batch_id: string;
  readonly transaction_id?: string;
  readonly transaction_status: string;
  readonly time_processed?: string;
  readonly payout_item: {
    readonly amount: { readonly currency: string; readonly value: string };
    readonly recipient_type?: string;
    readonly receiver?: string;
    readonly sender_item_id?: string;
  };
  readonly links?: readonly PaypalLink[];
}
