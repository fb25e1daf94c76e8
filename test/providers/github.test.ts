import { createRequire } from 'node:module';
import { sign, verify as officialVerify } from '@octokit/webhooks-methods';
import { describe, expect, test } from 'vitest';
import { github } from '../../src/providers/github.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { providerContract } from './contract.ts';

const bodyWith = (text: string) =>
  `{"action":"opened","issue":{"id":1,"number":7,"title":"${text}","updated_at":"2026-11-20T10:00:00Z"},"repository":{"id":42,"full_name":"octo/hello"}}`;

providerContract('github', {
  provider: github(),
  type: 'issues.opened',
  bodyWith,
  header: 'x-hub-signature-256',
  freshness: 'none',
  expected: { id: 'id-1', types: ['issues.opened', 'issues'], key: '42' },
  signatureAt: () => 'sha256='.length,
});

const secret = "It's a Secret to Everybody";
const proof = github().proof.parse({ WEBHOOK_SECRET: secret });
const delivery = (body: string, headers: Record<string, string> = {}): Delivery => ({
  method: 'POST',
  url: '/webhooks/github',
  headers: new DeliveryHeaders(
    Object.entries({ 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'guid-1', ...headers }),
  ),
  body: Buffer.from(body),
  receivedAt: new Date(),
});
const verify = async (given: Delivery) => await github().verify(given, proof, { now: new Date() });
const readOne = (given: Delivery) => {
  const reading = github().read(given);
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};

test("fits GitHub's published vector", async () => {
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  await expect(verify(delivery('Hello, World!', { 'X-Hub-Signature-256': signature }))).resolves.toBe(
    undefined,
  );
});

test('agrees with the official library in both directions', async () => {
  const body = bodyWith('ünïcode 🐎');
  await expect(
    verify(delivery(body, { 'X-Hub-Signature-256': await sign(secret, body) })),
  ).resolves.toBeUndefined();
  const headers = github().sign(
    { method: 'POST', url: '', body: Buffer.from(body), type: 'issues.opened' },
    proof,
    new Date(),
  );
  expect(await officialVerify(secret, body, headers['x-hub-signature-256']!)).toBe(true);
});

test('ignores the SHA-1 signature, and a SHA-256 one with nothing behind it', async () => {
  await expect(
    verify(delivery('{}', { 'X-Hub-Signature': 'sha1=5d61605c3feea9799210ddcb71307d4ba264225f' })),
  ).rejects.toMatchObject({ reason: 'signature_missing' });
  await expect(verify(delivery('{}', { 'X-Hub-Signature-256': 'sha256=' }))).rejects.toMatchObject({
    reason: 'signature_malformed',
  });
});

describe('form deliveries', () => {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const encoded = (json: string) => `payload=${encodeURIComponent(json).replaceAll('%20', '+')}`;

  test('read like JSON ones, signed over the form', async () => {
    const body = encoded(bodyWith('a b + ž'));
    const given = delivery(body, {
      ...form,
      'X-GitHub-Event': 'issues',
      'X-Hub-Signature-256': await sign(secret, body),
    });
    await expect(verify(given)).resolves.toBeUndefined();
    const event = readOne(given);
    expect(event.types).toEqual(['issues.opened', 'issues']);
    expect(event.payload).toEqual(JSON.parse(bodyWith('a b + ž')));
  });

  test.each([
    ['no payload', 'other=1', 'not_form'],
    ['two payloads', 'payload=%7B%7D&payload=%7B%7D', 'field_repeated'],
    ['an escape that is none', 'payload=%7B%7', 'not_form'],
    ['bytes that are not UTF-8', 'payload=%FF', 'not_utf8'],
    ['no JSON', 'payload=hello', 'not_json'],
  ])('with %s are refused', (_name, body, reason) => {
    expect(() => readOne(delivery(body, form))).toThrow(expect.objectContaining({ reason }));
  });
});

describe('reading', () => {
  test('a push happened when GitHub says so, not when it was committed', () => {
    const body =
      '{"ref":"refs/heads/main","head_commit":{"timestamp":"2001-01-01T00:00:00Z"},"repository":{"id":1,"pushed_at":1700000000}}';
    expect(readOne(delivery(body)).occurredAt).toBe('2023-11-14T22:13:20.000Z');
  });

  test('ping is an event like others, its hook a label', () => {
    const event = readOne(
      delivery('{"zen":"…","hook_id":5}', { 'X-GitHub-Event': 'ping', 'X-GitHub-Hook-ID': '5' }),
    );
    expect(event).toMatchObject({ id: 'guid-1', types: ['ping'], labels: { hook: '5' } });
  });

  test('ids beyond the safe integers keep every digit', () => {
    expect(readOne(delivery('{"repository":{"id":9007199254740993}}')).key).toBe('9007199254740993');
  });

  test.each([
    [{ 'X-GitHub-Delivery': '' }, 'event_id_missing', 'field_missing'],
    [{ 'X-GitHub-Event': '' }, 'payload_unreadable', 'field_missing'],
  ])('refuses %j', (headers, code, reason) => {
    expect(() => readOne(delivery('{}', headers))).toThrow(expect.objectContaining({ code, reason }));
  });

  test('refuses an id that came twice', () => {
    const twice: Delivery = {
      ...delivery('{}'),
      headers: new DeliveryHeaders([
        ['x-github-event', 'push'],
        ['x-github-delivery', 'a'],
        ['X-GitHub-Delivery', 'b'],
      ]),
    };
    expect(() => readOne(twice)).toThrow(
      expect.objectContaining({ code: 'event_id_missing', reason: 'field_repeated' }),
    );
  });

  test("reads every payload of GitHub's own examples", () => {
    const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
      name: string;
      examples: { action?: string }[];
    }[];
    let read = 0;
    for (const { name, examples: bodies } of examples) {
      for (const body of bodies) {
        const event = readOne(delivery(JSON.stringify(body), { 'X-GitHub-Event': name }));
        expect(event.types).toEqual(body.action === undefined ? [name] : [`${name}.${body.action}`, name]);
        expect(event.payload).toEqual(body);
        read += 1;
      }
    }
    expect(read).toBeGreaterThan(300);
  });
});
