import { expect, test } from 'vitest';
import { searchAttributes } from '../../src/temporal/search-attributes.ts';

const event = { id: 'evt_1', source: 'stripe', type: 'a.b', receivedAt: '', payload: {} };
const values = (over: object) =>
  Object.fromEntries(searchAttributes({ ...event, ...over }).map(({ key, value }) => [key.name, value]));

test('names source, type, id and, where there is one, key', () => {
  expect(values({})).toEqual({ WebhookSource: 'stripe', WebhookType: 'a.b', WebhookEventId: 'evt_1' });
  expect(values({ key: 'cus_1' })).toMatchObject({ WebhookKey: 'cus_1' });
});

test('the id is literal, not escaped', () => {
  expect(values({ id: 'a b~é' })['WebhookEventId']).toBe('a b~é');
});

test('values are cut to 255 bytes at whole characters', () => {
  expect(values({ id: 'x'.repeat(300) })['WebhookEventId']).toBe('x'.repeat(255));
  expect(values({ id: `x${'é'.repeat(200)}` })['WebhookEventId']).toBe(`x${'é'.repeat(127)}`);
  expect(values({ id: 'é'.repeat(200) })['WebhookEventId']).toBe('é'.repeat(127));
});
