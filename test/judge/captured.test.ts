import { expect, test } from 'vitest';
import { deliveryOf } from '../../src/judge/captured.ts';

const receivedAt = new Date('2026-11-20T12:00:00Z');
const of = (url: string, publicUrl?: string) => {
  const captured = {
    method: 'POST',
    url,
    headers: [['X-A', '1'] as const, ['x-a', '2'] as const],
    body: Buffer.alloc(0),
  };
  return deliveryOf(captured, { receivedAt, publicUrl });
};

test.each([
  ['/webhooks/a', undefined, { url: '/webhooks/a' }],
  ['/webhooks/a?b=c', 'https://h', { url: '/webhooks/a?b=c', publicUrl: 'https://h/webhooks/a?b=c' }],
  [
    'https://h/webhooks/a?b=%20',
    undefined,
    { url: '/webhooks/a?b=%20', publicUrl: 'https://h/webhooks/a?b=%20' },
  ],
  ['http://in/webhooks/a', 'https://h/x', { url: '/webhooks/a', publicUrl: 'https://h/x/webhooks/a' }],
  ['/webhooks/a/t%20k?b', undefined, { url: '/webhooks/a?b', pathToken: 't k' }],
  ['/webhooks/a/t%', undefined, { url: '/webhooks/a', pathToken: 't%' }],
])('%s, with %s in front', (url, publicUrl, expected) => {
  const { headers: _headers, body: _body, ...delivery } = of(url, publicUrl);
  expect(delivery).toEqual({ method: 'POST', receivedAt, ...expected });
});

test('headers that came twice are repeated', () => {
  expect(of('/webhooks/a').headers.repeated('X-A')).toBe(true);
  expect(of('/webhooks/a').headers.get('x-a')).toBe('1, 2');
});
