import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WebhookError } from '../../src/errors.ts';
import { bitbucket } from '../../src/providers/bitbucket.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { providerContract } from './contract.ts';
import { bitbucketCloudKeys } from './recorded.ts';

const bodyWith = (text: string) =>
  `{"pullrequest":{"id":4,"title":"${text}","updated_on":"2026-11-20T10:00:00.123456+00:00"},"repository":{"uuid":"{r-1}","full_name":"octo/hello"}}`;

providerContract('bitbucket', {
  provider: bitbucket(),
  type: 'pullrequest:created',
  bodyWith,
  header: 'x-hub-signature',
  freshness: 'none',
  expected: { id: 'id-1', types: ['pullrequest:created'], key: '{r-1}' },
  signatureAt: () => 'sha256='.length,
});

const provider = bitbucket();
const secret = 'secret';
const digest = (bytes: Buffer | string) => createHmac('sha256', secret).update(bytes).digest('hex');
const deliveryOf = (body: Buffer | string, headers: Record<string, string>): Delivery => ({
  method: 'POST',
  url: '/webhooks/bitbucket',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: Buffer.from(body),
  receivedAt: new Date(),
});
const judge = (delivery: Delivery, names: Record<string, string> = {}): string => {
  try {
    const proof = provider.proof.parse({ WEBHOOK_SECRET: secret, ...names });
    void provider.verify(delivery, proof, { now: new Date() });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const readOne = (delivery: Delivery) => {
  const reading = provider.read(delivery);
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};
const cloud = (body: Buffer | string, key: string): Record<string, string> => ({
  'User-Agent': 'Bitbucket-Webhooks/2.0',
  'Content-Type': 'application/json',
  'X-Event-Key': key,
  'X-Hook-UUID': '{aa3c0e28-0f9e-4f2a-b1a6-c4ff9f3a2c11}',
  'X-Request-UUID': '1b1fd1a2-5d0c-4c6e-8b5f-6f9c8f9d7f10',
  'X-Attempt-Number': '1',
  'X-Hub-Signature': `sha256=${digest(body)}`,
});
const server = (body: Buffer | string, key: string): Record<string, string> => ({
  'Content-Type': 'application/json; charset=utf-8',
  'X-Event-Key': key,
  'X-Request-Id': 'b1f1c1c6-0a3e-4b6d-9a3e-5f0f4e7a8c12',
  'X-Hub-Signature': `sha256=${digest(body)}`,
});

const folder = new URL('./fixtures/bitbucket/', import.meta.url);
const filesIn = (name: string) =>
  readdirSync(new URL(`${name}/`, folder)).filter((file) => file.endsWith('.json'));

describe('Bitbucket Cloud', () => {
  test.each(filesIn('cloud'))('accepts and reads the recorded %s', (file) => {
    const body = readFileSync(new URL(`cloud/${file}`, folder));
    const key = bitbucketCloudKeys[file]!;
    const delivery = deliveryOf(body, cloud(body, key));
    expect(judge(delivery)).toBe('accepted');
    expect(readOne(delivery)).toMatchObject({
      id: '1b1fd1a2-5d0c-4c6e-8b5f-6f9c8f9d7f10',
      types: [key],
      key: '{673a6070-3421-46c9-9d48-90745f7bfe8e}',
      labels: { hook: '{aa3c0e28-0f9e-4f2a-b1a6-c4ff9f3a2c11}', repository: 'team_name/repo_name' },
      payload: JSON.parse(body.toString()) as unknown,
    });
    expect(judge({ ...delivery, body: body.subarray(1) })).toBe('signature_mismatch');
  });

  test('a retry is the same event, whatever the number of the attempt', () => {
    const body = bodyWith('x');
    const first = deliveryOf(body, cloud(body, 'pullrequest:created'));
    const again = deliveryOf(body, { ...cloud(body, 'pullrequest:created'), 'X-Attempt-Number': '2' });
    expect(readOne(again)).toEqual(readOne(first));
  });

  test('its own id counts before one that a proxy gave the request', () => {
    const body = bodyWith('x');
    const headers = { ...cloud(body, 'pullrequest:created'), 'X-Request-Id': 'proxy' };
    expect(readOne(deliveryOf(body, headers)).id).toBe('1b1fd1a2-5d0c-4c6e-8b5f-6f9c8f9d7f10');
  });

  test('a push has no time, for its commits tell the committers', () => {
    const body = readFileSync(new URL('cloud/repo-push.json', folder));
    expect(readOne(deliveryOf(body, cloud(body, 'repo:push'))).occurredAt).toBeUndefined();
    const other = bodyWith('x');
    expect(readOne(deliveryOf(other, cloud(other, 'pullrequest:created'))).occurredAt).toBe(
      '2026-11-20T10:00:00.123Z',
    );
  });
});

describe('Bitbucket Data Center', () => {
  test.each(filesIn('server'))('accepts and reads the recorded %s', (file) => {
    const body = readFileSync(new URL(`server/${file}`, folder));
    const payload = JSON.parse(body.toString()) as { eventKey: string; date: string };
    const delivery = deliveryOf(body, server(body, payload.eventKey));
    expect(judge(delivery)).toBe('accepted');
    const read = readOne(delivery);
    expect(read).toMatchObject({
      id: 'b1f1c1c6-0a3e-4b6d-9a3e-5f0f4e7a8c12',
      types: [payload.eventKey],
      key: expect.stringMatching(/^\d+$/),
      occurredAt: new Date(payload.date.replace(/(\d\d)$/, ':$1')).toISOString(),
      labels: { repository: expect.stringMatching(/^~?\w+\/[\w-]+$/) },
      payload,
    });
    expect(judge({ ...delivery, body: body.subarray(1) })).toBe('signature_mismatch');
  });

  test('fits the signatures that go-playground/webhooks publishes for its recorded bodies', () => {
    const published = {
      'repo-refs-changed': '8a60f7487d167f55886df87d4077192035d76f76a8e0b3a48fd8ae8cad25f391',
      'pr-opened': 'b82c323978a741aa256c0a6bfa13a8f211e1795bd8ddb2641ced122769f7a7c6',
      'pr-merged': 'adbee42ddd6a178b0c1160e89f666b53fb8c76495f782a4e3055e3fbee232704',
    };
    for (const [file, signature] of Object.entries(published)) {
      const body = readFileSync(new URL(`server/${file}.json`, folder));
      const headers = { ...server(body, 'x'), 'X-Hub-Signature': `sha256=${signature}` };
      expect(judge(deliveryOf(body, headers)), `by the signature of ${file}`).toBe('accepted');
    }
  });

  test('the key that it signs counts before the one in the header', () => {
    const body = readFileSync(new URL('server/pr-opened.json', folder));
    expect(readOne(deliveryOf(body, server(body, 'pr:merged'))).types).toEqual(['pr:opened']);
    const { 'X-Event-Key': _key, ...without } = server(body, 'pr:opened');
    expect(readOne(deliveryOf(body, without)).types).toEqual(['pr:opened']);
  });

  test('a test of the connection is answered, signed or not, and is no event', () => {
    const body = '{"test":true}';
    const { 'X-Hub-Signature': signature, ...unsigned } = server(body, 'diagnostics:ping');
    for (const headers of [unsigned, { ...unsigned, 'X-Hub-Signature': signature! }]) {
      expect(judge(deliveryOf(body, headers))).toBe('accepted');
      expect(provider.read(deliveryOf(body, headers))).toEqual({
        handshake: { status: 200, body: { received: true } },
      });
    }
    expect(judge(deliveryOf(body, { ...unsigned, 'X-Hub-Signature': '' }))).toBe('signature_missing');
    expect(judge(deliveryOf(body, { ...unsigned, 'X-Hub-Signature': 'sha256=111' }))).toBe(
      'signature_malformed',
    );
    expect(judge(deliveryOf(body, unsigned), { WEBHOOK_PATH_TOKEN: 'p' })).toBe('signature_missing');
    expect(judge({ ...deliveryOf(body, unsigned), pathToken: 'p' }, { WEBHOOK_PATH_TOKEN: 'p' })).toBe(
      'accepted',
    );
  });

  test('demands the password of a hook that has one, besides the signature', () => {
    const body = readFileSync(new URL('server/pr-opened.json', folder));
    const names = { WEBHOOK_BASIC: 'u:p' };
    const headers = server(body, 'pr:opened');
    expect(judge(deliveryOf(body, { ...headers, Authorization: 'Basic dTpw' }), names)).toBe('accepted');
    expect(judge(deliveryOf(body, headers), names)).toBe('signature_missing');
    expect(judge(deliveryOf(body, { ...headers, Authorization: 'Basic dTpx' }), names)).toBe(
      'token_mismatch',
    );
  });
});

test.each([
  ['no key', { 'X-Request-UUID': '1' }, 'payload_unreadable field_missing'],
  ['no id', { 'X-Event-Key': 'repo:push' }, 'event_id_missing field_missing'],
])('a delivery with %s is refused', (_name, headers, expected) => {
  try {
    readOne(deliveryOf(bodyWith('x'), headers));
    expect.unreachable();
  } catch (error) {
    const { code, reason } = error as WebhookError;
    expect(`${code} ${reason}`).toBe(expected);
  }
});

test('signs each event as the product that has it', () => {
  const proof = provider.proof.parse({ WEBHOOK_SECRET: secret });
  const by = (type: string) =>
    provider.sign({ method: 'POST', url: '', body: Buffer.from('{}'), type, id: '1' }, proof, new Date());
  expect(by('repo:push')).toMatchObject({ 'x-request-uuid': '1' });
  expect(by('repo:refs_changed')).toMatchObject({ 'x-request-id': '1' });
  expect(by('pr:opened')).not.toHaveProperty('x-request-uuid');
});
