/** A number; as text of the same digits where it is over 2^53. */
export type ShopifyId = number | string;

/** What most bodies have; beside it, the fields of the resource (shopify.dev/docs/api/webhooks). */
export interface ShopifyResource {
  readonly id?: ShopifyId | null;
  /** `gid://shopify/Order/820982911946154508` */
  readonly admin_graphql_api_id?: string;
  readonly [field: string]: unknown;
}

export interface ShopifyCustomer extends ShopifyResource {
  readonly email?: string | null;
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
}

export interface ShopifyLineItem extends ShopifyResource {
  readonly product_id?: ShopifyId | null;
  readonly variant_id?: ShopifyId | null;
  readonly title?: string;
  readonly sku?: string | null;
  readonly quantity?: number;
  /** In the shop's currency, as decimal text: `199.00`. */
  readonly price?: string;
}

export interface ShopifyOrder extends ShopifyResource {
  /** `#1001` */
  readonly name?: string;
  readonly email?: string | null;
  readonly currency?: string;
  readonly total_price?: string;
  readonly financial_status?: string | null;
  readonly fulfillment_status?: string | null;
  readonly cancelled_at?: string | null;
  readonly created_at?: string;
  readonly updated_at?: string;
  readonly customer?: ShopifyCustomer | null;
  readonly line_items?: readonly ShopifyLineItem[];
}

export interface ShopifyProduct extends ShopifyResource {
  readonly title?: string;
  readonly handle?: string;
  readonly status?: string;
  readonly vendor?: string;
  readonly updated_at?: string;
  readonly variants?: readonly ShopifyResource[];
}

export interface ShopifyRefund extends ShopifyResource {
  readonly order_id?: ShopifyId;
  readonly note?: string | null;
  readonly created_at?: string;
  readonly refund_line_items?: readonly ShopifyResource[];
  readonly transactions?: readonly ShopifyResource[];
}

export interface ShopifyFulfillment extends ShopifyResource {
  readonly order_id?: ShopifyId;
  readonly status?: string;
  readonly tracking_company?: string | null;
  readonly tracking_number?: string | null;
}

export interface ShopifyInventoryLevel extends ShopifyResource {
  readonly inventory_item_id?: ShopifyId;
  readonly location_id?: ShopifyId;
  readonly available?: number | null;
}

export interface ShopifyShop extends ShopifyResource {
  readonly name?: string;
  readonly domain?: string;
  readonly myshopify_domain?: string;
  readonly email?: string;
}

/** An Event of the newer kind: what has changed, or what the subscription's query says. */
export interface ShopifyChange extends ShopifyResource {
  readonly topic?: string;
  readonly action?: string;
  readonly handle?: string;
}

type OrderAction = 'cancelled' | 'create' | 'fulfilled' | 'paid' | 'partially_fulfilled' | 'updated';

/**
 * Shopify's topics by what their bodies are. Those that are not here are routed by `*`; their bodies are as unknown as
 * Shopify's own library leaves them.
 */
export type ShopifyEvents = {
  [Type in `orders/${OrderAction}`]: ShopifyOrder;
} & {
  [Type in `products/${'create' | 'update'}`]: ShopifyProduct;
} & {
  [Type in `customers/${'create' | 'update' | 'enable' | 'disable'}`]: ShopifyCustomer;
} & {
  [Type in `fulfillments/${'create' | 'update'}`]: ShopifyFulfillment;
} & {
  [Type in `inventory_levels/${'connect' | 'update' | 'disconnect'}`]: ShopifyInventoryLevel;
} & {
  [Type in 'app/uninstalled' | 'shop/update']: ShopifyShop;
} & {
  [Type in `${'Product' | 'Customer' | 'Order'}/${'create' | 'update' | 'delete'}`]: ShopifyChange;
} & {
  'refunds/create': ShopifyRefund;
} & {
  [Type in OtherTopic]: ShopifyResource;
};

type OtherTopic =
  | `app/scopes_update`
  | `app_subscriptions/${'update' | 'approaching_capped_amount'}`
  | `app_purchases_one_time/update`
  | `bulk_operations/finish`
  | `carts/${'create' | 'update'}`
  | `checkouts/${'create' | 'delete' | 'update'}`
  | `collections/${'create' | 'delete' | 'update'}`
  | `companies/${'create' | 'delete' | 'update'}`
  | `customer_groups/${'create' | 'delete' | 'update'}`
  | `customer_payment_methods/${'create' | 'revoke' | 'update'}`
  | `customers/${'data_request' | 'delete' | 'merge' | 'redact'}`
  | `customers_marketing_consent/update`
  | `discounts/${'create' | 'delete' | 'update'}`
  | `disputes/${'create' | 'update'}`
  | `draft_orders/${'create' | 'delete' | 'update'}`
  | `fulfillment_events/${'create' | 'delete'}`
  | `fulfillment_orders/${'cancelled' | 'hold_released' | 'moved' | 'order_routing_complete' | 'placed_on_hold'}`
  | `inventory_items/${'create' | 'delete' | 'update'}`
  | `locations/${'activate' | 'create' | 'deactivate' | 'delete' | 'update'}`
  | `order_transactions/create`
  | `orders/${'delete' | 'edited'}`
  | `product_listings/${'add' | 'remove' | 'update'}`
  | `products/delete`
  | `returns/${'approve' | 'cancel' | 'close' | 'decline' | 'reopen' | 'request' | 'update'}`
  | `selling_plan_groups/${'create' | 'delete' | 'update'}`
  | `shop/redact`
  | `subscription_billing_attempts/${'challenged' | 'failure' | 'success'}`
  | `subscription_contracts/${'activate' | 'cancel' | 'create' | 'expire' | 'fail' | 'pause' | 'update'}`
  | `tender_transactions/create`
  | `themes/${'create' | 'delete' | 'publish' | 'update'}`
  | `variants/${'in_stock' | 'out_of_stock'}`;
