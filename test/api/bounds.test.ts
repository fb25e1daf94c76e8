import { expect, test } from 'vitest';
import { bounded } from '../../src/api/bounds.ts';

const read = { id: 'e1', types: ['x'], payload: {} } as const;

test.each(['+033658-09-27T01:46:40.000Z', '-000001-01-01T00:00:00.000Z', '0000-01-01T00:00:00.000Z'])(
  'an event of the year of %s has no time of its own: that of its arrival serves',
  (occurredAt) => {
    expect(bounded({ ...read, occurredAt })).toEqual(read);
  },
);

test.each(['0001-01-01T00:00:00.000Z', '2026-01-02T03:04:05.000Z', '9999-12-31T23:59:59.999Z'])(
  'the time %s is kept',
  (occurredAt) => {
    expect(bounded({ ...read, occurredAt })).toEqual({ ...read, occurredAt });
  },
);

test('an empty key is none', () => {
  expect(bounded({ id: 'a', types: ['b'], key: '', payload: {} })).not.toHaveProperty('key');
});
