import { TestWorkflowEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { quieten } from '../support/temporal.ts';
import { stripeEvent } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { runWorkflow } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

const welcome = (customer: object, activities = fakeActivities()) => {
  const event = stripeEvent('customer.created', { id: 'cus_1', ...customer });
  return runWorkflow(temporal, 'welcomeCustomer', event, activities);
};

test('a customer with an address is welcomed', async () => {
  const activities = fakeActivities();
  const { result, details } = await welcome({ email: 'jenny@example.com' }, activities);
  expect(result).toEqual({ mail: 'sent' });
  expect(details).toBe('customer cus_1: mail sent');
  expect(activities.sendMail).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ step: 'welcome', to: 'jenny@example.com' }),
  );
});

test.each([null, '', undefined, 7])('the address %j is none, and the run says so', async (email) => {
  const activities = fakeActivities();
  const { result, details } = await welcome({ email }, activities);
  expect(result).toEqual({ mail: 'no_address' });
  expect(details).toBe('customer cus_1: mail no_address');
  expect(activities.sendMail).not.toHaveBeenCalled();
});

test('a refused address is a result, not a failure', async () => {
  const activities = fakeActivities();
  activities.sendMail.mockRejectedValue(ApplicationFailure.nonRetryable('no', 'MailRefused'));
  expect((await welcome({ email: 'gone@example.com' }, activities)).result).toEqual({ mail: 'refused' });
});

test.each([{ data: {} }, { data: null }, {}])(
  'the payload %j has nobody to welcome, and the run ends',
  async (payload) => {
    const event = { ...stripeEvent('customer.created', {}), payload };
    const { result, details } = await runWorkflow(temporal, 'welcomeCustomer', event, fakeActivities());
    expect(result).toEqual({ mail: 'no_address' });
    expect(details).toBe('customer unknown: mail no_address');
  },
);
