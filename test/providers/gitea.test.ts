import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AnyProvider } from '../../src/define.ts';
import { WebhookError } from '../../src/errors.ts';
import { forgejo } from '../../src/providers/forgejo.ts';
import { gitea } from '../../src/providers/gitea.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { providerContract } from './contract.ts';
import { giteaNames } from './recorded.ts';

const bodyWith = (text: string) =>
  `{"action":"opened","number":3,"issue":{"id":31,"number":3,"title":"${text}","updated_at":"2026-11-20T10:00:00+01:00"},"repository":{"id":42,"full_name":"octo/hello"}}`;

for (const [name, provider] of [
  ['gitea', gitea()],
  ['forgejo', forgejo()],
] as const) {
  providerContract(name, {
    provider,
    type: 'issues.opened',
    bodyWith,
    header: `x-${name}-signature`,
    otherProofs: ['x-hub-signature-256', 'x-hub-signature', 'x-gitea-signature', 'x-gogs-signature'].filter(
      (other) => other !== `x-${name}-signature`,
    ),
    freshness: 'none',
    expected: { id: 'id-1', types: ['issues.opened', 'issues'], key: '42' },
    signatureAt: () => 0,
  });
}

const secret = 'IsWishesWereHorsesWedAllBeEatingSteak!';
const proofOf = (provider: AnyProvider, names: Record<string, string> = {}) =>
  provider.proof.parse({ WEBHOOK_SECRET: secret, ...names });
const digest = (bytes: Buffer | string, algorithm = 'sha256') =>
  createHmac(algorithm, secret).update(bytes).digest('hex');
const deliveryOf = (body: Buffer | string, headers: Record<string, string>): Delivery => ({
  method: 'POST',
  url: '/webhooks/gitea',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: Buffer.from(body),
  receivedAt: new Date(),
});
const judge = (provider: AnyProvider, delivery: Delivery, names?: Record<string, string>): string => {
  try {
    void provider.verify(delivery, proofOf(provider, names), { now: new Date() });
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return error.reason;
    throw error;
  }
};
const readOne = (provider: AnyProvider, delivery: Delivery) => {
  const reading = provider.read(delivery);
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};

/** As deliver.go sends them: every set of headers, of equal values. */
const sent = (body: Buffer | string, event: string, kind = event): Record<string, string> => {
  const sets = ['Forgejo', 'Gitea', 'Gogs'].flatMap((set) => [
    [`X-${set}-Delivery`, 'f6266f16-1bf3-46a5-9ea4-602e06ead473'],
    [`X-${set}-Event`, event],
    [`X-${set}-Event-Type`, kind],
    [`X-${set}-Signature`, digest(body)],
  ]);
  return {
    'Content-Type': 'application/json',
    ...(Object.fromEntries(sets) as Record<string, string>),
    'X-Hub-Signature': `sha1=${digest(body, 'sha1')}`,
    'X-Hub-Signature-256': `sha256=${digest(body)}`,
    'X-GitHub-Event': event,
  };
};

const folder = new URL('./fixtures/gitea/', import.meta.url);
const recorded = readdirSync(folder).filter((file) => file.endsWith('.json'));

describe.each([
  ['gitea', gitea()],
  ['forgejo', forgejo()],
] as const)('%s', (name, provider) => {
  test.each(recorded)('accepts and reads the recorded %s', (file) => {
    const body = readFileSync(new URL(file, folder));
    const [event, kind, type] = giteaNames[file]!;
    const delivery = deliveryOf(body, sent(body, event, kind));
    expect(judge(provider, delivery)).toBe('accepted');
    const read = readOne(provider, delivery);
    const { repository } = JSON.parse(body.toString()) as { repository: { id: number; full_name: string } };
    expect(read).toMatchObject({
      id: 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
      key: String(repository.id),
      labels: { repository: repository.full_name },
      payload: JSON.parse(body.toString()) as unknown,
    });
    expect(read.types[0]).toBe(type);
    expect(read.types).toContain(event);
    expect(read.types).toContain(kind);
    const changed = Buffer.from(body);
    changed[10]! ^= 1;
    expect(judge(provider, { ...delivery, body: changed })).toBe('signature_mismatch');
  });

  test('refuses a delivery of which any signature that it looks at is wrong', () => {
    const body = bodyWith('x');
    const good = sent(body, 'issues');
    const looked = [...(name === 'forgejo' ? ['X-Forgejo-Signature'] : []), 'X-Gitea-Signature'];
    for (const header of looked) {
      expect(
        judge(provider, deliveryOf(body, { ...good, [header]: '0'.repeat(64) })),
        `with ${header} changed`,
      ).toBe('signature_mismatch');
      expect(judge(provider, deliveryOf(body, { ...good, [header]: '' })), `with ${header} changed`).toBe(
        'signature_missing',
      );
    }
    expect(judge(provider, deliveryOf(body, { ...good, 'X-Hub-Signature-256': 'sha256=' }))).toBe(
      'signature_malformed',
    );
    // Those it does not look at may be anything.
    expect(
      judge(provider, deliveryOf(body, { ...good, 'X-Hub-Signature': '', 'X-Gogs-Signature': '' })),
    ).toBe('accepted');
  });

  test('accepts a form whose payload is signed, or which is signed as it is, and no other', () => {
    const payload = bodyWith('ž & 🐎 + %20');
    const form = new URLSearchParams({ payload }).toString();
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    for (const signed of [payload, form]) {
      const delivery = deliveryOf(form, { ...sent(signed, 'issues'), ...type });
      expect(judge(provider, delivery)).toBe('accepted');
      expect(readOne(provider, delivery).payload).toEqual(JSON.parse(payload));
    }
    expect(judge(provider, deliveryOf(form, { ...sent('other', 'issues'), ...type }))).toBe(
      'signature_mismatch',
    );
    const twice = `${form}&payload=%7B%7D`;
    expect(judge(provider, deliveryOf(twice, { ...sent(payload, 'issues'), ...type }))).toBe(
      'signature_mismatch',
    );
    // What is no form is not said to be none before it is proven.
    expect(judge(provider, deliveryOf('%zz', { ...sent('x', 'issues'), ...type }))).toBe(
      'signature_mismatch',
    );
    const other = deliveryOf('a=1', { ...sent('a=1', 'issues'), ...type });
    expect(judge(provider, other)).toBe('accepted');
    expect(() => readOne(provider, other)).toThrow(expect.objectContaining({ reason: 'not_form' }));
  });

  test('names an event by its kind where it has no name', () => {
    const body = '{"action":"created","package":{"id":1}}';
    expect(readOne(provider, deliveryOf(body, sent(body, '', 'package'))).types).toEqual([
      'package.created',
      'package',
    ]);
    expect(() => readOne(provider, deliveryOf(body, sent(body, '')))).toThrow(
      expect.objectContaining({ code: 'payload_unreadable', reason: 'field_missing' }),
    );
  });

  test('takes its time from what the event is about, and a push has none', () => {
    const body = bodyWith('x');
    expect(readOne(provider, deliveryOf(body, sent(body, 'issues'))).occurredAt).toBe(
      '2026-11-20T09:00:00.000Z',
    );
    const push = readFileSync(new URL('push-event.json', folder));
    expect(readOne(provider, deliveryOf(push, sent(push, 'push'))).occurredAt).toBeUndefined();
    const never = '{"release":{"published_at":"0001-01-01T00:00:00Z","created_at":"2026-11-20T10:00:00Z"}}';
    expect(readOne(provider, deliveryOf(never, sent(never, 'release'))).occurredAt).toBe(
      '2026-11-20T10:00:00.000Z',
    );
  });

  test('demands the authorization of a hook that has one, besides the signature', () => {
    const body = bodyWith('x');
    const headers = sent(body, 'issues');
    const names = { WEBHOOK_TOKEN: 'token', WEBHOOK_PATH_TOKEN: 'path' };
    const shown = deliveryOf(body, { ...headers, Authorization: 'Bearer token' });
    expect(judge(provider, { ...shown, pathToken: 'path' }, names)).toBe('accepted');
    expect(judge(provider, shown, names)).toBe('signature_missing');
    expect(judge(provider, { ...deliveryOf(body, headers), pathToken: 'path' }, names)).toBe(
      'signature_missing',
    );
    expect(provider.proof.safeParse({ WEBHOOK_TOKEN: 'token' }).success).toBe(false);
    expect(provider.keepHeaders).not.toContain('authorization');
  });

  test('signs the kinds of an event under its name', () => {
    const headers = provider.sign(
      { method: 'POST', url: '', body: Buffer.from('{}'), type: 'pull_request_label.label_updated' },
      proofOf(provider) as never,
      new Date(),
    );
    expect(headers).toMatchObject({
      [`x-${name}-event`]: 'pull_request',
      [`x-${name}-event-type`]: 'pull_request_label',
    });
  });
});

test('fits the signatures that go-playground/webhooks publishes for its recorded bodies', () => {
  const published = {
    'push-event.json': '60fe446c74fa0cb9474f98cc557db79e10c7aaf22cf324ad65239600b9e4d915',
    'fork-event.json': 'b7750f34adeaf333ac83a1fadcda4cbac097c8587e8dda297c3e7f059012215f',
    'release-event.json': '847fcef001c2e59dadac3fa5fa01ca26c9985a5faa10e48a9868a8ad98e9dd18',
  };
  for (const [file, signature] of Object.entries(published)) {
    const body = readFileSync(new URL(file, folder));
    expect(
      judge(gitea(), deliveryOf(body, { 'X-Gitea-Signature': signature })),
      `by the signature of ${file}`,
    ).toBe('accepted');
  }
});

test('forgejo reads the headers of a version that sent those of Gitea alone', () => {
  const body = bodyWith('x');
  const old = Object.fromEntries(
    Object.entries(sent(body, 'issues')).filter(([header]) => !header.startsWith('X-Forgejo')),
  );
  expect(judge(forgejo(), deliveryOf(body, old))).toBe('accepted');
  expect(readOne(forgejo(), deliveryOf(body, old))).toMatchObject({
    id: 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
    types: ['issues.opened', 'issues'],
  });
});
