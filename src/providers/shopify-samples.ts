import { randomInt } from 'node:crypto';

/** Bodies as Shopify sends them (API version 2026-10, shortened); ids of deliveries are in the headers. */
export const shopifySamples = {
  'orders/create': () => order({ financial_status: 'pending' }),
  'orders/paid': () => order({ financial_status: 'paid' }),
  'orders/fulfilled': () => order({ financial_status: 'paid', fulfillment_status: 'fulfilled' }),
  'orders/cancelled': () =>
    order({ financial_status: 'voided', cancelled_at: now(), cancel_reason: 'customer' }),
  'products/create': () => product(),
  'products/update': () => product(),
  'products/delete': () => ({ id: id() }),
  'customers/create': () => customer(),
  'fulfillments/create': () => ({
    id: id(),
    order_id: id(),
    status: 'pending',
    created_at: now(),
    service: null,
    updated_at: now(),
    tracking_company: 'UPS',
    shipment_status: null,
    location_id: null,
    tracking_number: '1z827wk74630',
    line_items: [lineItem()],
    name: '#9999.1',
  }),
  'refunds/create': () => ({
    id: id(),
    order_id: id(),
    created_at: now(),
    note: 'Things were damaged',
    user_id: id(),
    processed_at: now(),
    restock: false,
    refund_line_items: [{ id: id(), quantity: 1, restock_type: 'no_restock', subtotal: 199 }],
    transactions: [{ id: id(), kind: 'refund', status: 'success', amount: '199.00', currency: 'USD' }],
  }),
  'inventory_levels/update': () => ({
    inventory_item_id: id(),
    location_id: id(),
    available: 6,
    updated_at: now(),
    admin_graphql_api_id: `gid://shopify/InventoryLevel/${id()}?inventory_item_id=${id()}`,
  }),
  'app/uninstalled': () => ({
    id: id(),
    name: 'Sample shop',
    email: 'owner@example.com',
    domain: 'shop.example.com',
    country: 'US',
    myshopify_domain: 'everhook-sample.myshopify.com',
    plan_name: 'enterprise',
    created_at: null,
    updated_at: null,
  }),
};

const now = () => new Date().toISOString();
const id = () => 1_000_000_000 + randomInt(2 ** 40);

function order(changes: object) {
  const orderId = id();
  return {
    id: orderId,
    admin_graphql_api_id: `gid://shopify/Order/${orderId}`,
    name: '#9999',
    email: 'jon@example.com',
    created_at: now(),
    updated_at: now(),
    cancelled_at: null,
    cancel_reason: null,
    currency: 'USD',
    subtotal_price: '388.00',
    total_price: '398.00',
    fulfillment_status: null,
    test: true,
    customer: customer(),
    line_items: [lineItem()],
    ...changes,
  };
}

const lineItem = () => ({
  id: id(),
  product_id: id(),
  variant_id: id(),
  title: 'IPod Nano - 8GB',
  sku: 'IPOD2008PINK',
  quantity: 1,
  price: '199.00',
});

const customer = () => ({
  id: id(),
  email: 'jon@example.com',
  first_name: 'Jon',
  last_name: 'Snow',
  created_at: now(),
  updated_at: now(),
  verified_email: true,
  currency: 'USD',
});

const product = () => ({
  id: id(),
  title: 'T-Shirt',
  handle: 't-shirt',
  status: 'active',
  vendor: 'My Store',
  product_type: 'Shirts',
  created_at: now(),
  updated_at: now(),
  tags: 'cotton, comfortable',
  variants: [{ id: id(), title: 'Default Title', price: '29.99', sku: 'TSHIRT-001', taxable: true }],
});
