import { TestWorkflowEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { WebhookEvent } from '../../src/event.ts';
import { quieten } from '../support/temporal.ts';
import { eventOf } from './events.ts';
import { fakeActivities } from './fake-activities.ts';
import { failureOf, runWorkflow, shown } from './run-workflow.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  quieten();
  temporal = await TestWorkflowEnvironment.createFromExistingServer({ address: inject('temporalAddress') });
});
afterAll(() => temporal.teardown());

const occurredAt = '2026-01-01T00:00:00.000Z';
const told = (source: string, type: string, payload: object, key = '33:5'): WebhookEvent => ({
  ...eventOf(source, type, payload),
  key,
  occurredAt,
});
const property = (propertyName: unknown, propertyValue: unknown): WebhookEvent =>
  told('hubspot', 'contact.propertyChange', { propertyName, propertyValue });
const upsert = (event: WebhookEvent, activities = fakeActivities()) =>
  runWorkflow(temporal, 'upsertContact', event, activities);

test('a new contact of HubSpot is written, with nothing known of it yet', async () => {
  const activities = fakeActivities();
  const event = told('hubspot', 'contact.creation', { objectId: 5 });
  const { result, details } = await upsert(event, activities);
  expect(activities.writeContact).toHaveBeenCalledExactlyOnceWith({
    event: { source: 'hubspot', id: event.id },
    externalId: '33:5',
    occurredAt,
    fields: {},
  });
  expect(result).toEqual({ contactId: 'contact-1', outcome: 'created', fields: [] });
  expect(details).toBe('hubspot contact 33:5: created');
});

test.each([
  ['email', 'jenny@example.com', { email: 'jenny@example.com' }],
  ['firstname', 'Jenny', { firstName: 'Jenny' }],
  ['lastname', '', { lastName: null }],
  ['phone', 4930, { phone: '4930' }],
  ['phone', null, { phone: null }],
  ['lifecyclestage', 'customer', {}],
  ['constructor', 'x', {}],
  [undefined, 'x', {}],
])('the property %s with %j is written as %j', async (name, value, fields) => {
  const activities = fakeActivities();
  await upsert(property(name, value), activities);
  expect(activities.writeContact.mock.calls[0]?.[0].fields).toEqual(fields);
});

test("a record of Salesforce's is written as far as it was told", async () => {
  const activities = fakeActivities();
  const payload = { Id: '0035g', Email: 'jenny@example.com', Phone: null, Birthdate: '1978-01-01' };
  const { details } = await upsert(told('salesforce', 'Contact', payload, '0035g'), activities);
  expect(activities.writeContact.mock.calls[0]?.[0]).toMatchObject({
    externalId: '0035g',
    fields: { email: 'jenny@example.com', phone: null },
  });
  expect(activities.writeContact.mock.calls[0]?.[0].fields).not.toHaveProperty('firstName');
  expect(details).toBe('salesforce contact 0035g: created, email, phone');
});

test('an outbound message with a name of its own tells of a contact as well', async () => {
  const activities = fakeActivities();
  await upsert(told('salesforce', 'Contact.welcome', { FirstName: 'Jenny' }, '0035g'), activities);
  expect(activities.writeContact.mock.calls[0]?.[0].fields).toEqual({ firstName: 'Jenny' });
});

test('where the source has no time, that of arrival counts', async () => {
  const activities = fakeActivities();
  const { occurredAt: _time, ...event } = property('email', 'a@example.com');
  await upsert(event, activities);
  expect(activities.writeContact.mock.calls[0]?.[0].occurredAt).toBe(event.receivedAt);
});

test.each([
  [['email'], 'updated'],
  [[], 'unchanged'],
] as const)('a contact that was there, with %j written, is %s', async (written, outcome) => {
  const activities = fakeActivities();
  activities.writeContact.mockResolvedValue({ contactId: 'contact-1', createdBy: 'hubspot:other', written });
  expect((await upsert(property('email', 'a@example.com'), activities)).result).toMatchObject({ outcome });
});

test('an event that does not say which contact fails its run', async () => {
  const { key: _key, ...event } = property('email', 'a@example.com');
  expect(await failureOf(upsert(event))).toMatchObject({ type: 'ContactUnreadable', nonRetryable: true });
});

test('what the database refuses fails the run at once, and a fault that passes is tried again', async () => {
  const activities = fakeActivities();
  activities.writeContact.mockRejectedValueOnce(new Error('connection lost'));
  expect((await upsert(property('email', 'a@example.com'), activities)).result.outcome).toBe('created');
  expect(activities.writeContact).toHaveBeenCalledTimes(2);
  activities.writeContact.mockRejectedValue(ApplicationFailure.nonRetryable('no', 'ContactsRefused'));
  expect(await failureOf(upsert(property('email', 'b@example.com'), activities))).toMatchObject({
    type: 'ContactsRefused',
  });
  expect(activities.writeContact).toHaveBeenCalledTimes(3);
});

test('the run is readable without its input, and without anybody in it', async () => {
  const { handle, details } = await upsert(property('email', 'jenny@example.com'));
  const lines = await shown(temporal.client, handle.workflowId);
  expect(lines).toEqual(['write the contact']);
  expect([...lines, details].join()).not.toContain('@');
});
