import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../../src/errors.ts';
import { standardWebhooks } from '../../src/providers/standard-webhooks.ts';
import { DeliveryHeaders } from '../../src/providers/provider.ts';
import { signed, withHeader } from '../conformance/requests.ts';
import { judgeCaptured } from '../conformance/run.ts';
import { secret, standardContract } from './standard-contract.ts';

standardContract(standardWebhooks(), 'webhook-');

const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: secret };

test("Svix's headers are another provider's", async () => {
  const provider = standardWebhooks();
  const request = signed(provider, environment, { body: '{"type":"a"}', type: 'a', at: now });
  const renamed = {
    ...request,
    headers: request.headers.map(([name, value]) => [name.replace('webhook-', 'svix-'), value] as const),
  };
  const judgement = await judgeCaptured(renamed, { name: provider.name, provider, environment, now });
  expect(judgement).toMatchObject({ accepted: false, refusal: { reason: 'signature_missing' } });
});

describe('options', () => {
  const read = (provider: ReturnType<typeof standardWebhooks>, body: string) => {
    const reading = provider.read({
      method: 'POST',
      url: '/',
      headers: new DeliveryHeaders([['webhook-id', 'msg_1']]),
      body: Buffer.from(body),
      receivedAt: now,
    });
    return 'events' in reading ? reading.events[0] : undefined;
  };

  test('say where the type and the key are', () => {
    const provider = standardWebhooks({ type: '/event/name', key: '/data/user~1id' });
    const body = '{"type":"no","event":{"name":"user.created"},"data":{"user/id":9007199254740993}}';
    expect(read(provider, body)).toMatchObject({ types: ['user.created'], key: '9007199254740993' });
  });

  test.each(['type', '', 'header:x-type'])('refuse %j for a place', (pointer) => {
    expect(() => standardWebhooks({ type: pointer })).toThrow(ConfigError);
    expect(() => standardWebhooks({ key: pointer })).toThrow(ConfigError);
  });

  test('take schemas, which then have no samples but their own', () => {
    const events = { 'a.b': z.looseObject({ data: z.object({ id: z.string() }) }) };
    const provider = standardWebhooks({ events });
    expect(provider.schemas).toBe(events);
    expect(provider.samples).toEqual({});
    const sample = () => ({ type: 'a.b', data: { id: 'x' } });
    expect(standardWebhooks({ events, samples: { 'a.b': sample } }).samples).toEqual({ 'a.b': sample });
  });

  test('an id that is gone from a stored delivery cannot be read', () => {
    const request = withHeader(
      signed(standardWebhooks(), environment, { body: '{}', type: 'a', at: now }),
      'webhook-id',
    );
    expect(() =>
      standardWebhooks().read({
        method: 'POST',
        url: '/',
        headers: new DeliveryHeaders(request.headers),
        body: request.body,
        receivedAt: now,
      }),
    ).toThrow(expect.objectContaining({ code: 'event_id_missing', reason: 'field_missing' }));
  });
});
