import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { WebhookEvent } from '../../src/event.ts';
import { quieten } from '../support/temporal.ts';
import { captureEvent, paymentEvent, stripeEvent } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runWorkflow, shown } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

const fulfill = (event: WebhookEvent, activities = fakeActivities()) =>
  runWorkflow(temporal, 'fulfillPayment', event, activities);

const succeeded = (changes: object = {}, envelope: object = {}) =>
  stripeEvent('payment_intent.succeeded', { id: 'pi_1', ...changes }, envelope);
const asProviderSays = { reRead: true, status: 'succeeded', amountMinor: 1900, currency: 'eur' } as const;

test('what the provider says now goes before what the event said', async () => {
  const activities = fakeActivities();
  activities.readPayment.mockResolvedValue({ ...asProviderSays, receiptAddress: 'new@example.com' });
  const event = succeeded({ amount_received: 2000, currency: 'usd', receipt_email: 'old@example.com' });
  const { result, details } = await fulfill(event, activities);
  expect(result).toEqual({ entryId: 'entry-1', alreadyPosted: false, reRead: true, receipt: 'sent' });
  expect(activities.postPayment).toHaveBeenCalledExactlyOnceWith({
    event: { source: 'stripe', id: event.id },
    provider: 'stripe',
    account: '',
    paymentId: 'pi_1',
    amountMinor: 1900,
    currency: 'EUR',
  });
  expect(activities.sendMail).toHaveBeenCalledExactlyOnceWith({
    event: { source: 'stripe', id: event.id },
    step: 'receipt',
    to: 'new@example.com',
    subject: 'Your receipt',
    text: 'Thank you. We have received your payment pi_1: 19.00 EUR.\n',
  });
  expect(details).toBe('pi_1: 1900 EUR (minor units), re-read; ledger entry entry-1; receipt: sent');
});

test('without an API key the signed event is used, and the run says so', async () => {
  const activities = fakeActivities();
  const event = succeeded({ amount_received: 500, currency: 'jpy', receipt_email: 'jenny@example.com' });
  const { result, details } = await fulfill(event, activities);
  expect(result.reRead).toBe(false);
  expect(details).toContain('pi_1: 500 JPY (minor units), not re-read');
  expect(activities.sendMail.mock.calls[0]?.[0]).toMatchObject({
    text: expect.stringContaining('500 JPY') as string,
  });
});

test("a connected account's payment is asked for and posted under that account", async () => {
  const activities = fakeActivities();
  const event = succeeded({}, { account: 'acct_1' });
  await fulfill(event, activities);
  expect(activities.readPayment).toHaveBeenCalledWith({
    source: 'stripe',
    account: 'acct_1',
    paymentId: 'pi_1',
  });
  expect(activities.postPayment.mock.calls[0]?.[0]).toMatchObject({ provider: 'stripe', account: 'acct_1' });
});

test('a payment that the provider does not call succeeded is not posted', async () => {
  const activities = fakeActivities();
  activities.readPayment.mockResolvedValue({ ...asProviderSays, status: 'processing', receiptAddress: null });
  expect(await failureOf(fulfill(succeeded(), activities))).toMatchObject({
    type: 'PaymentNotSucceeded',
    message: 'pi_1 is processing at the provider, not succeeded',
  });
  expect(activities.postPayment).not.toHaveBeenCalled();
});

test('a generic payment is posted under its source', async () => {
  const activities = fakeActivities();
  const data = { payment_id: 'pay_1', amount: 4200, currency: 'eur', customer_email: 'jenny@example.com' };
  const { result } = await fulfill(paymentEvent('payment.succeeded', data), activities);
  expect(result).toMatchObject({ reRead: false, receipt: 'sent' });
  expect(activities.readPayment).not.toHaveBeenCalled();
  expect(activities.postPayment.mock.calls[0]?.[0]).toMatchObject({
    provider: 'payment',
    account: 'payment',
    paymentId: 'pay_1',
    amountMinor: 4200,
    currency: 'EUR',
  });
});

test.each([
  [{ id: 'pay_2', amount: 1, currency: 'eur' }, 'pay_2'],
  [{ id: 7, amount: 1, currency: 'eur' }, undefined],
  [{ amount: 0, currency: 'EUR' }, undefined],
])('the payment of %j is named by the next best id', async (data, paymentId) => {
  const activities = fakeActivities();
  const event = paymentEvent('payment.succeeded', data);
  await fulfill(event, activities);
  expect(activities.postPayment.mock.calls[0]?.[0].paymentId).toBe(paymentId ?? event.id);
});

test.each<[unknown, string]>([
  [undefined, 'amount'],
  [null, 'amount'],
  ['nonsense', 'amount'],
  [{ currency: 'eur' }, 'amount'],
  [{ amount: null, currency: 'eur' }, 'amount'],
  [{ amount: '4200', currency: 'eur' }, 'amount'],
  [{ amount: '9007199254740993', currency: 'eur' }, 'amount'],
  [{ amount: -1, currency: 'eur' }, 'amount'],
  [{ amount: 1.5, currency: 'eur' }, 'amount'],
  [{ amount: 1e300, currency: 'eur' }, 'amount'],
  [{ amount: 1 }, 'currency'],
  [{ amount: 1, currency: 'euro' }, 'currency'],
  [{ amount: 1, currency: 978 }, 'currency'],
  [{ payment_id: '', amount: 1, currency: 'eur' }, 'data.payment_id'],
  [{ payment_id: 7, amount: 1, currency: 'eur' }, 'data.payment_id'],
  [{ payment_id: 'a\nb', amount: 1, currency: 'eur' }, 'data.payment_id'],
])('data %j fails the run, which names the field %s', async (data, field) => {
  const activities = fakeActivities();
  expect(await failureOf(fulfill(paymentEvent('payment.succeeded', data), activities))).toMatchObject({
    type: 'PaymentUnreadable',
    nonRetryable: true,
    message: expect.stringContaining(`the event's ${field} is not`) as string,
  });
  expect(activities.postPayment).not.toHaveBeenCalled();
});

test("PayPal's capture is posted in minor units, and nobody is written to: it does not say who paid", async () => {
  const activities = fakeActivities();
  const event = captureEvent({ id: 'CAP-1', amount: { currency_code: 'USD', value: '30.00' } });
  const { result, details } = await fulfill(event, activities);
  expect(result).toMatchObject({ reRead: false, receipt: 'no_address' });
  expect(activities.readPayment).not.toHaveBeenCalled();
  expect(activities.postPayment).toHaveBeenCalledExactlyOnceWith({
    event: { source: 'paypal', id: event.id },
    provider: 'paypal',
    account: '',
    paymentId: 'CAP-1',
    amountMinor: 3000,
    currency: 'USD',
  });
  expect(details).toContain('CAP-1: 3000 USD (minor units), not re-read');
});

test('a capture of version 1 names its amount otherwise', async () => {
  const activities = fakeActivities();
  await fulfill(captureEvent({ id: 'CAP-1', amount: { currency: 'JPY', total: '500' } }), activities);
  expect(activities.postPayment.mock.calls[0]?.[0]).toMatchObject({ amountMinor: 500, currency: 'JPY' });
});

test.each<[unknown, string]>([
  [undefined, 'resource.id'],
  [{ amount: { currency_code: 'USD', value: '30.00' } }, 'resource.id'],
  [{ id: 'CAP-1' }, 'amount'],
  [{ id: 'CAP-1', amount: { value: '30.00' } }, 'amount'],
  [{ id: 'CAP-1', amount: { currency_code: 'USD', value: '30.005' } }, 'amount'],
  [{ id: 'CAP-1', amount: { currency_code: 'USD', value: 30 } }, 'amount'],
  [{ id: 'CAP-1', amount: { currency_code: 'USD', value: '-30.00' } }, 'amount'],
])('the capture %j fails the run, which names the field %s', async (resource, field) => {
  const activities = fakeActivities();
  expect(await failureOf(fulfill(captureEvent(resource), activities))).toMatchObject({
    type: 'PaymentUnreadable',
    message: expect.stringContaining(`the event's ${field} is not`) as string,
  });
  expect(activities.postPayment).not.toHaveBeenCalled();
});

test('a Stripe event without an object fails its run', async () => {
  const event = succeeded();
  (event.payload as { data: unknown }).data = null;
  expect(await failureOf(fulfill(event))).toMatchObject({ type: 'PaymentUnreadable' });
});

test('a payment that another event has posted gets no second receipt', async () => {
  const activities = fakeActivities();
  activities.postPayment.mockResolvedValue({
    entryId: 'entry-1',
    alreadyPosted: true,
    postedBy: 'stripe:evt_0',
  });
  const { result, details } = await fulfill(succeeded(), activities);
  expect(result).toMatchObject({ alreadyPosted: true, receipt: 'left_to_the_other_event' });
  expect(details).toContain('ledger entry entry-1 of stripe:evt_0');
  expect(activities.sendMail).not.toHaveBeenCalled();
});

test('an attempt that was cut off after its commit does not cost the receipt', async () => {
  const activities = fakeActivities();
  const event = succeeded();
  activities.postPayment.mockResolvedValue({
    entryId: 'entry-1',
    alreadyPosted: true,
    postedBy: `stripe:${event.id}`,
  });
  expect((await fulfill(event, activities)).result).toMatchObject({ alreadyPosted: false, receipt: 'sent' });
});

test('a payment without an address is posted, and its receipt is not sent', async () => {
  const activities = fakeActivities();
  const { result } = await fulfill(succeeded({ receipt_email: null }), activities);
  expect(result.receipt).toBe('no_address');
  expect(activities.sendMail).not.toHaveBeenCalled();
});

test.each(['MailRefused', 'AddressInvalid'])(
  'a receipt that fails with %s does not undo the rest',
  async (type) => {
    const activities = fakeActivities();
    activities.sendMail.mockRejectedValue(ApplicationFailure.nonRetryable('no', type));
    const { result } = await fulfill(succeeded(), activities);
    expect(result).toMatchObject({ entryId: 'entry-1', receipt: 'refused' });
    expect(activities.sendMail).toHaveBeenCalledTimes(1);
  },
);

test('a receipt that cannot be sent where nothing is set up says so', async () => {
  const activities = fakeActivities();
  activities.sendMail.mockResolvedValue({ outcome: 'not_configured' });
  expect((await fulfill(succeeded(), activities)).result.receipt).toBe('not_configured');
});

test('a conflict in the ledger fails the run at once, and nothing is sent', async () => {
  const activities = fakeActivities();
  activities.postPayment.mockRejectedValue(ApplicationFailure.nonRetryable('both amounts', 'LedgerConflict'));
  expect(await failureOf(fulfill(succeeded(), activities))).toMatchObject({
    type: 'LedgerConflict',
    message: 'both amounts',
  });
  expect(activities.postPayment).toHaveBeenCalledTimes(1);
  expect(activities.sendMail).not.toHaveBeenCalled();
});

test('a fault that passes is tried again', async () => {
  const activities = fakeActivities();
  activities.postPayment.mockRejectedValueOnce(new Error('connection lost'));
  expect((await fulfill(succeeded(), activities)).result.entryId).toBe('entry-1');
  expect(activities.postPayment).toHaveBeenCalledTimes(2);
});

test('the run is readable without its input, and without anybody in it', async () => {
  const event = succeeded({ receipt_email: 'jenny.rosen@example.com' });
  const { handle, details } = await fulfill(event);
  const lines = await shown(temporal.client, handle.workflowId);
  expect(lines).toEqual(['read the payment again', 'post it to the ledger', 'mail: receipt']);
  expect([...lines, details].join()).not.toContain('@');
});
