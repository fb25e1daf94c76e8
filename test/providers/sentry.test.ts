import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { sentry } from '../../src/providers/sentry.ts';
import { providerContract } from './contract.ts';
import { fixture } from './fixture.ts';

const issueBody = (text: string) =>
  `{"action": "created", "installation": {"uuid": "u"}, "data": {"issue": {"id": "7", "title": "${text}", "firstSeen": "2026-11-20T10:00:00Z"}}, "actor": {"type": "application", "id": "sentry", "name": "Sentry"}}`;

providerContract('sentry', {
  provider: sentry(),
  type: 'issue.created',
  bodyWith: issueBody,
  header: 'sentry-hook-signature',
  freshness: 'none',
  expected: { id: 'issue.created:7', types: ['issue.created', 'issue'], key: '7' },
  signatureAt: () => 0,
});

const provider = sentry();
const proof = provider.proof.parse({ WEBHOOK_SECRET: 'client secret' });
const delivery = (body: Buffer | string, headers: Record<string, string>): Delivery => ({
  method: 'POST',
  url: '/webhooks/sentry',
  headers: new DeliveryHeaders(Object.entries(headers)),
  body: Buffer.from(body),
  receivedAt: new Date(),
});
const readOne = (resource: string, body: Buffer | string | object) => {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const reading = provider.read(delivery(bytes, { 'Sentry-Hook-Resource': resource }));
  if (!('events' in reading)) throw new Error('handshake');
  return reading.events[0]!;
};
const recorded = (name: string) => readOne(name.split('.')[0]!, fixture(`sentry/${name}.json`));

test("is signed as Sentry signs: bare hex over Python's JSON, which none of ours is", async () => {
  const body = fixture('sentry/comment.updated.json');
  const signature = createHmac('sha256', 'client secret').update(body).digest('hex');
  const headers = provider.sign(
    { method: 'POST', url: '', body, type: 'comment.updated' },
    proof,
    new Date(),
  );
  expect(headers).toMatchObject({ 'sentry-hook-signature': signature, 'sentry-hook-resource': 'comment' });
  const verify = async (bytes: Buffer | string) =>
    await provider.verify(delivery(bytes, { 'sentry-hook-signature': signature }), proof, {
      now: new Date(),
    });
  await expect(verify(body)).resolves.toBeUndefined();
  await expect(verify(JSON.stringify(JSON.parse(body.toString())))).rejects.toMatchObject({
    reason: 'signature_mismatch',
  });
});

describe('the id', () => {
  const issue = (changes: object = {}) => ({
    id: '7',
    lastSeen: '2026-11-20T11:00:00Z',
    count: '1',
    ...changes,
  });
  const about = (action: string, data: object) => ({ action, data });

  test.each([
    ['issue.resolved', 'issue.resolved:1170820242:2026-11-20T11:58:37.391000Z', '1170820242'],
    [
      'event_alert.triggered',
      'event_alert.triggered:bb78c1407cea4519aa397afc059c793d:Send a notification for new issues',
      '1170820242',
    ],
    ['comment.updated', 'comment.updated:1234:2026-11-20T11:51:44.118160Z', '100'],
  ])('of %s', (name, id, key) => {
    expect(recorded(name)).toMatchObject({ id, key, types: [name, name.split('.')[0]] });
  });

  test.each([
    ['installation', about('deleted', { installation: { uuid: 'u-1' } }), 'installation.deleted:u-1'],
    ['issue', about('created', { issue: issue() }), 'issue.created:7'],
    [
      'issue',
      about('assigned', { issue: issue({ assignedTo: { type: 'team', id: '3', name: 'Shop' } }) }),
      'issue.assigned:7:2026-11-20T11:00:00Z:team:3',
    ],
    ['error', about('created', { error: { event_id: 'e', issue_id: '7' } }), 'error.created:e'],
    [
      'event_alert',
      about('triggered', { event: { event_id: 'e' }, triggered_rule: 'r', issue_alert: { id: '9' } }),
      'event_alert.triggered:e:9',
    ],
    ['metric_alert', about('resolved', { metric_alert: { id: '4' } }), 'metric_alert.resolved:4'],
    ['comment', about('created', { comment_id: 5, issue_id: 7 }), 'comment.created:5'],
  ])('of %s: %j', (resource, body, id) => {
    expect(readOne(resource, body).id).toBe(id);
  });

  test.each([
    ['metric_alert', about('critical', { metric_alert: { id: '4' } })],
    ['seer', about('pr_created', { run_id: 1, group_id: 7 })],
    ['issue', about('resolved', { issue: { id: '7' } })],
    ['error', about('created', {})],
    ['something_new', about('done', { id: 1 })],
  ])('of %s is of its bytes, where nothing in it tells it from the next: %j', (resource, body) => {
    const one = readOne(resource, body);
    expect(one.id).toMatch(new RegExp(`^${resource}\\.${body.action}:[0-9a-f]{64}$`));
    expect(readOne(resource, body).id).toBe(one.id);
    expect(readOne(resource, { ...body, more: true }).id).not.toBe(one.id);
  });

  test('is the same for a retry that counts more occurrences, and that is no conflict', () => {
    const [first, again] = ['1', '5'].map((count) =>
      readOne('issue', about('created', { issue: issue({ count }) })),
    );
    expect(again?.id).toBe(first?.id);
    expect(again?.sameness).toEqual(first?.sameness);
  });

  test('is another when an issue is resolved again', () => {
    const seen = ['2026-11-20T11:00:00Z', '2026-11-21T11:00:00Z'];
    const ids = seen.map(
      (lastSeen) => readOne('issue', about('resolved', { issue: issue({ lastSeen }) })).id,
    );
    expect(ids[0]).not.toBe(ids[1]);
  });

  test('fits, however long the name of a rule is', () => {
    const long = (end: string) =>
      readOne(
        'event_alert',
        about('triggered', { event: { event_id: 'e' }, triggered_rule: 'ž'.repeat(400) + end }),
      ).id;
    expect(long('1')).toMatch(/^event_alert\.triggered:[0-9a-f]{64}$/);
    expect(long('1')).not.toBe(long('2'));
  });
});

describe('reading', () => {
  test('a replay under another resource is known by its bytes', () => {
    const body = fixture('sentry/comment.updated.json');
    expect(readOne('issue', body).echo).toBe(readOne('comment', body).echo);
    expect(readOne('issue', body).id).not.toBe(readOne('comment', body).id);
  });

  test('a metric alert and an issue of one number are not about the same', () => {
    expect(readOne('metric_alert', { action: 'resolved', data: { metric_alert: { id: '7' } } }).key).toBe(
      'metric_alert:7',
    );
  });

  test('numbers beyond the safe integers keep every digit', () => {
    const body = '{"action":"created","data":{"comment_id":9007199254740993,"issue_id":9007199254740995}}';
    expect(readOne('comment', body)).toMatchObject({
      id: 'comment.created:9007199254740993',
      key: '9007199254740995',
    });
  });

  test.each([
    ['issue', '{"data":{}}', 'field_missing'],
    ['issue', '{"action":"","data":{}}', 'field_malformed'],
    ['issue', '{"action":"created"}', 'field_missing'],
    ['issue', '{"action":"created","data":[]}', 'field_malformed'],
    ['', '{"action":"created","data":{}}', 'field_missing'],
  ])('refuses a %s: %s', (resource, body, reason) => {
    expect(() => readOne(resource, body)).toThrow(
      expect.objectContaining({ code: 'payload_unreadable', reason }),
    );
  });
});
