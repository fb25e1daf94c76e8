import { randomBytes } from 'node:crypto';

const id = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`;

/** The shape that the specification recommends: type, timestamp, data. */
const body = (type: string, data: () => object) => () => ({
  type,
  timestamp: new Date().toISOString(),
  data: data(),
});

const user = () => ({ id: id('user'), email: 'jenny.rosen@example.com', name: 'Jenny Rosen' });
const order = () => ({ id: id('order'), currency: 'EUR', total: '42.00', status: 'open' });
const invoice = () => ({ id: id('in'), currency: 'EUR', amountDue: '42.00', customer: id('cus') });

/** Bodies of no sender in particular: the scheme fixes how they are signed, and recommends what they look like. */
export const standardSamples = {
  'contact.created': body('contact.created', () => ({ id: id('contact'), email: 'jenny.rosen@example.com' })),
  'contact.updated': body('contact.updated', () => ({ id: id('contact'), email: 'jenny@example.com' })),
  'user.created': body('user.created', user),
  'user.updated': body('user.updated', user),
  'user.deleted': body('user.deleted', () => ({ id: id('user') })),
  'order.created': body('order.created', order),
  'order.shipped': body('order.shipped', () => ({ ...order(), status: 'shipped', carrier: 'Example Post' })),
  'invoice.created': body('invoice.created', invoice),
  'invoice.paid': body('invoice.paid', () => ({ ...invoice(), paidAt: new Date().toISOString() })),
  'subscription.canceled': body('subscription.canceled', () => ({ id: id('sub'), reason: 'too_expensive' })),
};
