import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebhookEvent } from '../../src/event.ts';
import { createTimeSkipping, quieten } from '../support/temporal.ts';
import { paymentEvent, stripeEvent } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runFed, shown } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await createTimeSkipping();
});
afterAll(() => temporal.teardown());

const dayMs = 86_400_000;
const recover = (event: WebhookEvent, activities = fakeActivities()) =>
  runFed(temporal, 'recoverPayment', [event], activities);
const failed = (changes: object = {}) =>
  stripeEvent('payment_intent.payment_failed', { id: 'pi_1', ...changes });
const reading = { reRead: true, amountMinor: 0, currency: 'usd', receiptAddress: null } as const;

test('three reminders after 1, 3 and 7 days, and the end after 14', async () => {
  const activities = fakeActivities();
  const sent: [step: string, day: number][] = [];
  const start = await temporal.currentTimeMs();
  activities.sendMail.mockImplementation(async ({ step }) => {
    sent.push([step, Math.round(((await temporal.currentTimeMs()) - start) / dayMs)]);
    return { outcome: 'sent' };
  });
  const { result, details, handle, left } = await recover(failed(), activities);
  expect(result).toEqual({ outcome: 'unpaid', reminders: 3 });
  expect(left).toEqual([]);
  expect(sent).toEqual([
    ['reminder-1', 1],
    ['reminder-2', 3],
    ['reminder-3', 7],
  ]);
  const { closeTime } = await handle.describe();
  expect(Math.round(((closeTime?.getTime() ?? 0) - start) / dayMs)).toBe(14);
  expect(details).toBe('pi_1: unpaid after 3 reminders');
});

test('the reminder goes to the address of the event, under its own step', async () => {
  const activities = fakeActivities();
  const event = failed({ receipt_email: 'jenny@example.com' });
  await recover(event, activities);
  expect(activities.sendMail.mock.calls[0]?.[0]).toEqual({
    event: { source: 'stripe', id: event.id },
    step: 'reminder-1',
    to: 'jenny@example.com',
    subject: 'Your payment did not go through',
    text: 'Your payment pi_1 did not go through. Please try again, or use another way to pay.\n',
  });
});

test.each([0, 1, 2, 3])('paid according to the ledger at look %i: no mail after it', async (looks) => {
  const activities = fakeActivities();
  for (let look = 0; look < looks; look++) activities.findPayment.mockResolvedValueOnce(null);
  activities.findPayment.mockResolvedValue({ entryId: 'entry-1' });
  const { result } = await recover(failed(), activities);
  expect(result).toEqual({ outcome: 'paid', reminders: looks });
  expect(activities.sendMail).toHaveBeenCalledTimes(looks);
});

test.each(['succeeded', 'canceled'])('the provider says %s: no mail after it', async (status) => {
  const activities = fakeActivities();
  activities.readPayment.mockResolvedValueOnce({ ...reading, status: 'requires_payment_method' });
  activities.readPayment.mockResolvedValue({ ...reading, status });
  const { result } = await recover(failed(), activities);
  expect(result).toEqual({ outcome: status === 'succeeded' ? 'paid' : 'canceled', reminders: 1 });
});

test('nobody is reminded while the payment is under way', async () => {
  const activities = fakeActivities();
  activities.readPayment.mockResolvedValue({ ...reading, status: 'processing' });
  const { result } = await recover(failed(), activities);
  expect(result).toEqual({ outcome: 'unpaid', reminders: 0 });
  expect(activities.sendMail).not.toHaveBeenCalled();
});

test('the ledger is asked for the payment that every event of it names', async () => {
  const activities = fakeActivities();
  await recover(
    paymentEvent('payment.failed', { payment_id: 'pay_1', customer_email: 'a@example.com' }),
    activities,
  );
  expect(activities.findPayment).toHaveBeenCalledWith({
    provider: 'payment',
    account: 'payment',
    paymentId: 'pay_1',
  });
  expect(activities.readPayment).not.toHaveBeenCalled();
});

test.each([
  failed({ receipt_email: null, last_payment_error: null }),
  paymentEvent('payment.failed'),
  paymentEvent('payment.failed', { customer_email: ' ' }),
])('without an address it ends at once and says so', async (event) => {
  const activities = fakeActivities();
  const { result, left } = await recover(event, activities);
  expect(result).toEqual({ outcome: 'no_address', reminders: 0 });
  expect(left).toEqual([]);
  expect(activities.findPayment).not.toHaveBeenCalled();
});

test('an address that is refused is not written to again', async () => {
  const activities = fakeActivities();
  activities.sendMail.mockRejectedValue(ApplicationFailure.nonRetryable('no', 'MailRefused'));
  expect((await recover(failed(), activities)).result).toEqual({ outcome: 'refused', reminders: 0 });
  expect(activities.sendMail).toHaveBeenCalledTimes(1);
});

test('a mail server that is away for an hour delays a reminder', async () => {
  const activities = fakeActivities();
  for (let attempt = 0; attempt < 6; attempt++) {
    activities.sendMail.mockRejectedValueOnce(ApplicationFailure.retryable('away', 'MailUnavailable'));
  }
  expect((await recover(failed(), activities)).result).toEqual({ outcome: 'unpaid', reminders: 3 });
});

test('a mail server that stays away fails the run within bounds', async () => {
  const activities = fakeActivities();
  activities.sendMail.mockRejectedValue(ApplicationFailure.retryable('away', 'MailUnavailable'));
  expect(await failureOf(recover(failed(), activities))).toMatchObject({ type: 'MailUnavailable' });
  expect(activities.sendMail.mock.calls.length).toBeLessThanOrEqual(25);
});

test('what fails again meanwhile is not reminded of twice, and the latest address counts', async () => {
  const activities = fakeActivities();
  const events = ['old@example.com', 'new@example.com'].map((receipt_email) => failed({ receipt_email }));
  const [first, second] = events as [WebhookEvent, WebhookEvent];
  const { result, left } = await runFed(temporal, 'recoverPayment', [first, second], activities);
  expect(result).toEqual({ outcome: 'unpaid', reminders: 3 });
  expect(left).toEqual([]);
  expect(activities.sendMail.mock.calls.map(([{ to, step, event }]) => [to, step, event.id])).toEqual([
    ['new@example.com', 'reminder-1', first.id],
    ['new@example.com', 'reminder-2', first.id],
    ['new@example.com', 'reminder-3', first.id],
  ]);
});

test('an event that names no payment fails its run once, and is not waited for again', async () => {
  const run = recover(paymentEvent('payment.failed', { payment_id: 5 }));
  expect(await failureOf(run)).toMatchObject({ type: 'PaymentUnreadable' });
  await expect(run).rejects.toMatchObject({ left: [] });
});

test('timers and activities say what they are for, and name nobody', async () => {
  const { handle } = await recover(failed({ receipt_email: 'jenny@example.com' }));
  const all = await shown(temporal.client, handle.workflowId);
  const lines = all.filter((line) => line !== 'the next event of the key');
  expect(lines.slice(0, 4)).toEqual([
    'until reminder-1',
    'look into the ledger',
    'ask for the payment',
    'mail: reminder-1',
  ]);
  expect(lines).toContain('until it is given up');
  expect(lines.join()).not.toContain('@');
});
