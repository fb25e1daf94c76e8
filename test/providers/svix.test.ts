import { Webhook } from 'svix';
import { describe, expect, test } from 'vitest';
import type { Captured } from '../../src/judge/captured.ts';
import { svix } from '../../src/providers/svix.ts';
import { signed, withHeader } from '../conformance/requests.ts';
import { judgeCaptured } from '../conformance/run.ts';
import { secret, standardContract } from './standard-contract.ts';

standardContract(svix(), 'svix-');

const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: secret };
const body = '{"type":"endpoint.disabled","data":{"endpointId":"ep_1"}}';
const sent = (id: string, at = now): Captured =>
  signed(svix(), environment, { body, type: 'endpoint.disabled', at, id });
const renamed = (request: Captured): Captured => ({
  ...request,
  headers: request.headers.map(([name, value]) => [name.replace('svix-', 'webhook-'), value] as const),
});
/** One request with the headers of both. */
const together = (one: Captured, other: Captured): Captured => ({
  ...one,
  headers: [...one.headers, ...other.headers.filter(([name]) => name !== 'content-type')],
});
const said = async (request: Captured) => {
  const judgement = await judgeCaptured(request, { name: 'svix', provider: svix(), environment, now });
  return judgement.accepted ? judgement.events[0]?.id : judgement.refusal.reason;
};

test("agrees with Svix's own library in both directions", async () => {
  const signature = new Webhook(secret).sign('msg_1', now, body);
  expect(await said(withHeader(sent('msg_1'), 'svix-signature', signature))).toBe('msg_1');
  const { headers } = sent('msg_1', new Date());
  expect(new Webhook(secret).verify(body, Object.fromEntries(headers))).toEqual(JSON.parse(body));
});

describe('its headers are one whole set', () => {
  test('webhook-* does as well as svix-*', async () => {
    expect(await said(renamed(sent('msg_1')))).toBe('msg_1');
  });

  test('of two whole sets svix-* is judged and read', async () => {
    expect(await said(together(sent('msg_1'), renamed(sent('msg_2'))))).toBe('msg_1');
    const forged = withHeader(sent('msg_1'), 'svix-id', 'msg_3');
    expect(await said(together(forged, renamed(sent('msg_2'))))).toBe('signature_mismatch');
  });

  test.each(['id', 'timestamp', 'signature'])(
    'never a mix: %s by webhook-*, the rest by svix-*',
    async (part) => {
      const mix = together(withHeader(sent('msg_1'), `svix-${part}`), {
        ...sent('msg_1'),
        headers: renamed(sent('msg_1')).headers.filter(([name]) => name === `webhook-${part}`),
      });
      expect(await said(mix)).toMatch(/^(?:signature|timestamp)_missing$/);
    },
  );

  test.each(['id', 'timestamp', 'signature'])(
    'a lone svix-%s beside a whole webhook-* is not looked at',
    async (part) => {
      const stray: Captured = { ...sent('msg_1'), headers: [[`svix-${part}`, 'stray']] };
      expect(await said(together(renamed(sent('msg_2')), stray))).toBe('msg_2');
    },
  );
});
