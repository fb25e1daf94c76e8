import { readdir, readFile } from 'node:fs/promises';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { Captured } from '../../src/judge/captured.ts';
import { samplePush } from '../../src/providers/github-samples.ts';
import { gitlab } from '../../src/providers/gitlab.ts';
import { headerOf, signed, withBody, withHeader } from '../conformance/requests.ts';
import { judgeCaptured } from '../conformance/run.ts';
import { gitlabTypeOf } from './recorded.ts';

const provider = gitlab();
const now = new Date('2026-11-20T12:00:00Z');
const seconds = (difference: number) => new Date(now.getTime() + difference * 1000);
const signingToken = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const otherToken = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const byToken = { WEBHOOK_TOKEN: 'a secret token' };
const bySigning = { WEBHOOK_SIGNING_TOKEN: signingToken };
const byBoth = { ...byToken, ...bySigning };
const push =
  '{"object_kind":"push","ref":"refs/heads/main","project_id":15,"project":{"id":15,"path_with_namespace":"mike/diaspora"},"commits":[{"timestamp":"2011-12-12T14:27:31+02:00"}]}';

const request = (by: Record<string, string>, { body = push, at = now, type = 'push' } = {}): Captured =>
  signed(provider, by, { body, type, at, id: 'key-1' });
const judge = async (given: Captured, by: Record<string, string>, at = now) =>
  await judgeCaptured(given, { name: provider.name, provider, environment: by, now: at });
const said = async (...given: Parameters<typeof judge>) => {
  const judgement = await judge(...given);
  return judgement.accepted ? 'accepted' : judgement.refusal.reason;
};
const read = async (given: Captured, by: Record<string, string> = byToken) => {
  const judgement = await judge(given, by);
  if (!judgement.accepted) throw judgement.refusal;
  return judgement.events[0]!;
};

describe('the secret token', () => {
  test('must be the one that is set, or the one before it', async () => {
    expect(await said(request(byToken), byToken)).toBe('accepted');
    const rotated = { WEBHOOK_TOKEN: 'the new one', WEBHOOK_TOKEN_PREVIOUS: byToken.WEBHOOK_TOKEN };
    expect(await said(request(byToken), rotated)).toBe('accepted');
    expect(await said(request(rotated), rotated)).toBe('accepted');
    expect(await said(request({ WEBHOOK_TOKEN: 'third' }), rotated)).toBe('token_mismatch');
  });

  test.each([
    [[], 'signature_missing'],
    [[''], 'signature_missing'],
    [['a secret toke'], 'token_mismatch'],
    [['a secret tokens'], 'token_mismatch'],
    [['A secret token'], 'token_mismatch'],
    [[' a secret token'], 'token_mismatch'],
    [['ä secret tokén'], 'token_mismatch'],
    [['a secret token', 'a secret token'], 'signature_repeated'],
  ])('%j is refused', async (values, reason) => {
    expect(await said(withHeader(request(byToken), 'x-gitlab-token', ...values), byToken)).toBe(reason);
  });

  test('headers that GitLab does not send prove nothing', async () => {
    const bare = withHeader(request(byToken), 'x-gitlab-token');
    const signature = new Webhook(signingToken).sign('key-1', now, push);
    for (const name of ['x-gitlab-signature', 'x-gitlab-webhook-signature', 'authorization']) {
      expect(await said(withHeader(bare, name, signature), bySigning)).toBe('signature_missing');
      expect(await said(withHeader(bare, name, byToken.WEBHOOK_TOKEN), byToken)).toBe('signature_missing');
    }
  });
});

describe('the signature', () => {
  const signature = headerOf(request(bySigning), 'webhook-signature');
  const withSignature = (value: string) => withHeader(request(bySigning), 'webhook-signature', value);

  test('is that of an independent signer, and verified by it', async () => {
    expect(new Webhook(signingToken).sign('key-1', now, push)).toBe(signature);
    const at = new Date();
    const { headers, body } = signed(provider, bySigning, { body: push, type: 'push', at, id: 'key-1' });
    expect(new Webhook(signingToken).verify(body.toString(), Object.fromEntries(headers))).toEqual(
      JSON.parse(push),
    );
  });

  test.each([
    ['another body', withBody(request(bySigning), `${push} `), 'signature_mismatch'],
    ['another id', withHeader(request(bySigning), 'webhook-id', 'key-2'), 'signature_mismatch'],
    ['another time', withHeader(request(bySigning), 'webhook-timestamp', '1'), 'signature_mismatch'],
    ['another token', request({ WEBHOOK_SIGNING_TOKEN: otherToken }), 'signature_mismatch'],
    ['v1a', withSignature(signature.replace('v1,', 'v1a,')), 'signature_missing'],
    ['sha256=', withSignature(signature.replace('v1,', 'sha256=')), 'signature_missing'],
    ['a cut digest', withSignature(signature.slice(0, -2)), 'signature_malformed'],
    ['no id', withHeader(request(bySigning), 'webhook-id'), 'signature_missing'],
    ['no time', withHeader(request(bySigning), 'webhook-timestamp'), 'timestamp_missing'],
    ['two ids', withHeader(request(bySigning), 'webhook-id', 'key-1', 'key-2'), 'signature_repeated'],
  ])('of %s is refused', async (_name, given, reason) => {
    expect(await said(given, bySigning)).toBe(reason);
    expect(await said(given, byBoth)).toBe(reason);
  });

  test('may be 300 s old or ahead, or what is configured', async () => {
    expect(await said(request(bySigning), bySigning, seconds(300))).toBe('accepted');
    expect(await said(request(bySigning), bySigning, seconds(-300))).toBe('accepted');
    expect(await said(request(bySigning), bySigning, seconds(301))).toBe('timestamp_stale');
    expect(await said(request(bySigning), bySigning, seconds(-301))).toBe('timestamp_future');
    const patient = { ...bySigning, WEBHOOK_TOLERANCE_SECONDS: '3600' };
    expect(await said(request(bySigning), patient, seconds(3600))).toBe('accepted');
  });

  test('may be one of several, and by the token before', async () => {
    const other = new Webhook(otherToken).sign('key-1', now, push);
    expect(await said(withSignature(`${other} ${signature}`), bySigning)).toBe('accepted');
    const rotated = { WEBHOOK_SIGNING_TOKEN: otherToken, WEBHOOK_SIGNING_TOKEN_PREVIOUS: signingToken };
    expect(await said(request(bySigning), rotated)).toBe('accepted');
  });
});

describe('token and signature', () => {
  test('with a signing token set, a delivery without signature is refused, right token or not', async () => {
    const unsigned = withHeader(request(byBoth), 'webhook-signature');
    expect(await said(unsigned, byBoth)).toBe('signature_missing');
    expect(await said(request(byToken), byBoth)).toBe('signature_missing');
    expect(await said(request(byToken), bySigning)).toBe('signature_missing');
  });

  test('a signature that is there must pass: with the token alone, none can', async () => {
    expect(await said(request(byBoth), byToken)).toBe('signature_mismatch');
    const forged = withHeader(request(byToken), 'webhook-signature', 'v1,forged');
    expect(await said(forged, byToken)).toBe('signature_mismatch');
    expect(await said(withHeader(request(byToken), 'webhook-signature', ''), byToken)).toBe(
      'signature_mismatch',
    );
  });

  test('what is set is demanded: with both, both', async () => {
    expect(await said(request(byBoth), byBoth)).toBe('accepted');
    expect(await said(request(bySigning), byBoth)).toBe('signature_missing');
    expect(await said(withHeader(request(byBoth), 'x-gitlab-token', 'another'), byBoth)).toBe(
      'token_mismatch',
    );
  });

  test('with the signing token alone, a secret token is not looked at', async () => {
    expect(await said(request(byBoth), bySigning)).toBe('accepted');
    expect(await said(withHeader(request(byBoth), 'x-gitlab-token', 'a', 'b'), bySigning)).toBe('accepted');
  });

  test('id and time come with every delivery, and are no reason to ask for a signature', async () => {
    const { headers } = request(byToken);
    expect(headers.map(([name]) => name)).toEqual(
      expect.arrayContaining(['webhook-id', 'webhook-timestamp']),
    );
    expect(await said(request(byToken), byToken, seconds(86_400))).toBe('accepted');
    const older = withHeader(withHeader(request(byToken), 'webhook-id'), 'webhook-timestamp');
    expect(await said(older, byToken)).toBe('accepted');
  });

  test.each([
    [{}, 'WEBHOOK_SIGNING_TOKEN'],
    [{ WEBHOOK_TOKEN: '' }, 'WEBHOOK_TOKEN'],
    [{ WEBHOOK_SIGNING_TOKEN: 'a secret token' }, 'WEBHOOK_SIGNING_TOKEN'],
    [{ WEBHOOK_SIGNING_TOKEN: 'whsec_' }, 'WEBHOOK_SIGNING_TOKEN'],
    [{ ...bySigning, WEBHOOK_TOKEN_PREVIOUS: 'old' }, 'WEBHOOK_TOKEN'],
    [{ ...byToken, WEBHOOK_SIGNING_TOKEN_PREVIOUS: signingToken }, 'WEBHOOK_SIGNING_TOKEN'],
  ])('%j is no proof', (names, path) => {
    expect(provider.proof.safeParse(names).error?.issues[0]?.path).toEqual([path]);
  });

  test('development makes a signing token', () => {
    expect(provider.proof.parse(provider.develop?.()).signingKeys[0]).toHaveLength(32);
  });
});

describe('the id', () => {
  test('is the signed one, whatever Idempotency-Key says', async () => {
    const renamed = withHeader(request(bySigning), 'idempotency-key', 'key-2');
    expect((await read(renamed, bySigning)).id).toBe('key-1');
    expect((await read(withHeader(renamed, 'idempotency-key'), bySigning)).id).toBe('key-1');
  });

  test('is Idempotency-Key without a signature, which comes from 17.4 on', async () => {
    const older = withHeader(request(byToken), 'webhook-id');
    expect((await read(older)).id).toBe('key-1');
    expect((await read(withHeader(request(byToken), 'idempotency-key'))).id).toBe('key-1');
  });

  test('of a resend is the same, and so is all else', async () => {
    const [first, again] = [request(bySigning), request(bySigning, { at: seconds(60) })];
    expect(headerOf(first, 'x-gitlab-webhook-uuid')).not.toBe(headerOf(again, 'x-gitlab-webhook-uuid'));
    expect(await read(again, bySigning)).toEqual(await read(first, bySigning));
  });

  test('before 17.4 is made of the hook and the bytes, so that equal ones are one event', async () => {
    const oldest = (body = push, event = 'Push Hook') =>
      withHeader(
        withHeader(withHeader(request(byToken, { body }), 'webhook-id'), 'idempotency-key'),
        'x-gitlab-event',
        event,
      );
    const { id } = await read(oldest());
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect((await read(oldest())).id).toBe(id);
    expect((await read(oldest(`${push} `))).id).not.toBe(id);
    expect((await read(oldest(push, 'System Hook'))).id).not.toBe(id);
    expect((await read(withHeader(oldest(), 'x-gitlab-event'))).id).not.toBe(id);
  });

  test.each([
    ['', 'field_missing'],
    ['two', 'field_repeated'],
  ])('that is %j is refused', async (value, reason) => {
    const values = value === 'two' ? ['key-1', 'key-2'] : [value];
    await expect(read(withHeader(request(byToken), 'idempotency-key', ...values))).rejects.toMatchObject({
      code: 'event_id_missing',
      reason,
    });
  });

  test('under another one, unsigned bytes are known again; signed ones need no telling', async () => {
    const first = await read(request(byToken));
    const again = await read(withHeader(request(byToken), 'idempotency-key', 'key-2'));
    expect(again.id).toBe('key-2');
    expect(again.echo).toBe(first.echo);
    expect(first.echo).toMatch(/^[0-9a-f]{64}$/);
    expect(await read(request(bySigning), bySigning)).not.toHaveProperty('echo');
  });
});

describe('reading', () => {
  const types = async (body: object, event?: string) => {
    const given = request(byToken, { body: JSON.stringify(body) });
    return (await read(event === undefined ? given : withHeader(given, 'x-gitlab-event', event))).types;
  };

  test('kind and action, from the body', async () => {
    expect(await types({ object_kind: 'push' })).toEqual(['push']);
    expect(await types({ object_kind: 'merge_request', object_attributes: { action: 'open' } })).toEqual([
      'merge_request.open',
      'merge_request',
    ]);
    expect(await types({ object_kind: 'release', action: 'create' })).toEqual(['release.create', 'release']);
    expect(await types({ object_kind: 'issue', object_attributes: { action: null } })).toEqual(['issue']);
    expect(await types({ event_name: 'user_add_to_group' }, 'Member Hook')).toEqual(['user_add_to_group']);
    expect(await types({ object_kind: 'push' }, 'System Hook')).toEqual(['push']);
  });

  test.each([
    ['Push Hook', 'push'],
    ['Merge Request Hook', 'merge_request'],
    ['Confidential Issue Hook', 'issue'],
    ['Job Hook', 'build'],
    ['Resource Access Token Hook', 'access_token'],
    ['System Hook', 'system'],
  ])("a body by an administrator's template has the kind of its hook: %s", async (event, kind) => {
    expect(await types({ text: 'from a template' }, event)).toEqual([kind]);
  });

  test.each([[''], []])('neither a kind nor a hook is refused', async (...values) => {
    const given = withHeader(request(byToken, { body: '{}' }), 'x-gitlab-event', ...values);
    await expect(read(given)).rejects.toMatchObject({ code: 'payload_unreadable', reason: 'field_missing' });
  });

  test('the key is the project, every digit of it', async () => {
    expect((await read(request(byToken))).key).toBe('15');
    const key = async (body: string) => (await read(request(byToken, { body }))).key;
    expect(await key('{"object_kind":"build","project_id":9007199254740993}')).toBe('9007199254740993');
    expect(await key('{"object_kind":"access_token","group":{"group_id":1}}')).toBeUndefined();
  });

  test('a push has no time of its own: its commits have those of their authors', async () => {
    expect(await read(request(byToken))).not.toHaveProperty('occurredAt');
  });

  test.each([
    [
      { object_kind: 'note', object_attributes: { updated_at: '2015-05-17 18:08:09 UTC' } },
      '2015-05-17T18:08:09.000Z',
    ],
    [
      { object_kind: 'issue', object_attributes: { updated_at: '2013-12-03T17:15:43Z' } },
      '2013-12-03T17:15:43.000Z',
    ],
    [
      { object_kind: 'deployment', status_changed_at: '2021-04-28 21:50:00 +0200' },
      '2021-04-28T19:50:00.000Z',
    ],
    [
      {
        object_kind: 'build',
        build_created_at: '2021-02-23T02:41:37.886Z',
        build_started_at: null,
        build_finished_at: null,
      },
      '2021-02-23T02:41:37.886Z',
    ],
    [
      {
        object_kind: 'pipeline',
        object_attributes: { created_at: '2016-08-12 15:23:28 UTC', finished_at: '2016-08-12 15:26:29 UTC' },
      },
      '2016-08-12T15:26:29.000Z',
    ],
    [{ object_kind: 'release', action: 'delete', created_at: '2021-02-25 21:23:34 UTC' }, undefined],
    [{ object_kind: 'issue', object_attributes: { updated_at: '2013-12-03 17:15:43' } }, undefined],
  ])('%j happened at %s', async (body, time) => {
    expect((await read(request(byToken, { body: JSON.stringify(body) }))).occurredAt).toBe(time);
  });

  test('labels name project, ref, number, status and environment', async () => {
    const labels = async (body: object) =>
      (await read(request(byToken, { body: JSON.stringify(body) }))).labels;
    expect((await read(request(byToken))).labels).toEqual({
      project: 'mike/diaspora',
      ref: 'refs/heads/main',
    });
    expect(
      await labels({
        object_kind: 'pipeline',
        object_attributes: { iid: 3, ref: 'main', status: 'failed' },
        merge_request: { iid: 7 },
      }),
    ).toEqual({ ref: 'main', status: 'failed', number: '7' });
    expect(await labels({ object_kind: 'pipeline', object_attributes: { iid: 3 } })).toEqual({});
    expect(await labels({ object_kind: 'deployment', status: 'success', environment: 'staging' })).toEqual({
      status: 'success',
      environment: 'staging',
    });
  });

  test.each([
    ['null', 'field_malformed'],
    ['[]', 'field_malformed'],
    ['"text"', 'field_malformed'],
    ['', 'not_json'],
    ['{"object_kind":', 'not_json'],
  ])('%j is refused', async (body, reason) => {
    expect(await said(request(bySigning, { body }), bySigning)).toBe(reason);
  });

  test('bytes that are no UTF-8 are verified as they came, and refused', async () => {
    const body = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    const given = signed(provider, bySigning, { body, type: 'push', at: now });
    expect(await said(given, bySigning)).toBe('not_utf8');
  });

  test('the journal keeps what reading needs, and never the token', () => {
    expect(provider.keepHeaders).toEqual(
      expect.arrayContaining(['idempotency-key', 'webhook-id', 'webhook-signature', 'x-gitlab-event']),
    );
    expect(provider.keepHeaders).not.toContain('x-gitlab-token');
  });

  test('the sample push is of the repository that development serves', () => {
    expect(gitlab().samples.push?.()).toMatchObject({
      before: samplePush.before,
      after: samplePush.after,
      ref: samplePush.ref,
      project: { git_http_url: samplePush.repository, default_branch: 'main' },
    });
  });

  test('every sample is accepted, and read under its type', async () => {
    const samples = Object.entries(provider.samples as Record<string, () => unknown>);
    expect(samples.length).toBeGreaterThanOrEqual(10);
    for (const [type, sample] of samples) {
      const event = await read(request(byBoth, { body: JSON.stringify(sample()), type }), byBoth);
      expect(event.types[0]).toBe(type);
      expect(event.key).toBe('15');
    }
  });
});

describe("GitLab's own bodies", async () => {
  const folder = new URL('fixtures/gitlab/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  test('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(30);
  });

  test.each(files)('%s, signed independently, is accepted and read', async (file) => {
    const body = await readFile(new URL(file, folder));
    const id = `resend-${file}`;
    const time = String(now.getTime() / 1000);
    const given: Captured = {
      method: 'POST',
      url: '/webhooks/gitlab',
      headers: [
        ['Content-Type', 'application/json'],
        ['User-Agent', 'GitLab/19.0.0'],
        ['Idempotency-Key', id],
        ['X-Gitlab-Event', 'System Hook'],
        ['webhook-id', id],
        ['webhook-timestamp', time],
        ['webhook-signature', new Webhook(signingToken).sign(id, now, body)],
      ],
      body,
    };
    const event = await read(given, bySigning);
    const payload = JSON.parse(body.toString()) as { project?: { id?: number }; project_id?: number };
    const project = payload.project?.id ?? payload.project_id;
    expect(event).toMatchObject({ id, payload });
    expect(event.types[0]).toBe(gitlabTypeOf(file));
    expect(event.key).toBe(project === undefined ? undefined : String(project));
    expect(await said(withBody(given, Buffer.concat([body, Buffer.from(' ')])), bySigning)).toBe(
      'signature_mismatch',
    );
  });
});
