import { expect, test } from 'vitest';
import { hideCredentials, openBody, revealCredential, sealBody } from '../../src/encryption/credentials.ts';
import { noKeys, type Keys } from '../../src/encryption/keys.ts';
import { openText, SealError, sealText } from '../../src/encryption/seal.ts';
import { key } from './support.ts';

const keys: Keys = { current: key('one'), previous: undefined };
const at = (payload: unknown, ...path: (string | number)[]): string =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], payload) as string;

test('what the pointers name is sealed, whatever is around stays, and the payload given is as it was', () => {
  const payload = { id: 'e1', token: 's3cret', data: { url: 'https://example.com/x', text: 'hello' } };
  const before = structuredClone(payload);
  const hidden = hideCredentials(payload, ['/token', '/data/url'], keys);
  expect(payload).toEqual(before);
  expect(hidden).toMatchObject({ id: 'e1', data: { text: 'hello' } });
  expect(JSON.stringify(hidden)).not.toMatch(/s3cret|example\.com/);
  expect(revealCredential(at(hidden, 'token'), keys)).toBe('s3cret');
  expect(revealCredential(at(hidden, 'data', 'url'), keys)).toBe('https://example.com/x');
});

test('pointers go through lists and escapes', () => {
  const payload = { list: [{ 'a/b': 'first' }, { 'a/b': 'second' }] };
  const hidden = hideCredentials(payload, ['/list/1/a~1b'], keys);
  expect(at(hidden, 'list', 0, 'a/b')).toBe('first');
  expect(revealCredential(at(hidden, 'list', 1, 'a/b'), keys)).toBe('second');
  expect(Array.isArray(at(hidden, 'list'))).toBe(true);
});

test.each([
  ['a number', 12, '12'],
  ['an object', { inner: 'x' }, '{"inner":"x"}'],
  ['a list', ['x'], '["x"]'],
  ['an empty text', '', ''],
  ['false', false, 'false'],
])('%s is sealed too', (_what, value, text) => {
  const hidden = hideCredentials({ token: value }, ['/token'], keys);
  expect(revealCredential(at(hidden, 'token'), keys)).toBe(text);
});

test.each([
  ['there is none', {}],
  ['it is null', { token: null }],
  ['the way to it is no object', { token: 'x', data: 'text' }],
])('where %s, nothing is made up', (_when, payload) => {
  expect(hideCredentials(payload, ['/data/token', ...('data' in payload ? [] : ['/token'])], keys)).toEqual(
    payload,
  );
});

test('what stands on the prototype is no credential', () => {
  expect(hideCredentials({}, ['/constructor', '/toString'], keys)).toEqual({});
});

test('without a key nothing is let through', () => {
  expect(() => hideCredentials({ token: 'x' }, ['/token'], noKeys)).toThrow(SealError);
  expect(() => sealBody(Buffer.from('x'), noKeys)).toThrow(SealError);
});

test('a credential, a body and a payload do not open as one another', () => {
  const hidden = at(hideCredentials({ token: 'x' }, ['/token'], keys), 'token');
  expect(() => openText(hidden, { keys, context: 'delivery-body' })).toThrow(SealError);
  const other = sealText('x', { keys, context: 'temporal-payload' });
  expect(() => revealCredential(other, keys)).toThrow(SealError);
  const body = sealBody(Buffer.from('x'), keys);
  expect(() => revealCredential(`everhook-sealed:${body.toString('base64url')}`, keys)).toThrow(SealError);
  expect(openBody(body, keys).toString()).toBe('x');
});

test('what was never sealed is not taken for a credential', () => {
  expect(() => revealCredential('in the clear', keys)).toThrow(SealError);
});
