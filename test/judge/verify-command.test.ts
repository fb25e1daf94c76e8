import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const now = 1_800_000_000;
const body = '{"id":"evt_1","type":"customer.created","data":{"object":{"id":"cus_1"}}}';
const config = { STRIPE_WEBHOOK_SECRET: 'whsec_first' };

const line = (bytes: string, more: object = {}): object => ({
  method: 'POST',
  url: '/webhooks/stripe',
  headers: {
    'Stripe-Signature': `t=${now},v1=${createHmac('sha256', 'whsec_first').update(`${now}.${body}`).digest('hex')}`,
  },
  body_base64: Buffer.from(bytes).toString('base64'),
  ...more,
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'everhook-verify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, content: unknown): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

async function verify(args: readonly string[], input = '', settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['bin/everhook.js', 'verify', ...args], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  const lines = output.split('\n').filter((one) => one !== '');
  return { code, errors, verdicts: lines.map((one) => JSON.parse(one) as Record<string, unknown>) };
}

const accepted = {
  accepted: true,
  reason: null,
  handshake: false,
  events: [{ id: 'evt_1', type: 'customer.created', key: 'cus_1' }],
  hint: null,
};

test('a file is judged by the proofs of the environment, or of a file', async () => {
  const request = [
    '--source',
    'stripe',
    '--request',
    await file('request.json', line(body)),
    '--now',
    String(now),
  ];
  expect(await verify(request, '', config)).toEqual({ code: 0, errors: '', verdicts: [accepted] });
  const other = { STRIPE_WEBHOOK_SECRET: 'whsec_other' };
  const named = [...request, '--config', await file('config.json', config)];
  expect(await verify(named, '', other)).toMatchObject({ code: 0, verdicts: [accepted] });
  const wrong = [...request, '--config', await file('other.json', other)];
  expect(await verify(wrong, '', config)).toMatchObject({
    code: 1,
    verdicts: [{ reason: 'signature_mismatch' }],
  });
});

test('lines are judged one by one, each by its own source, clock and proofs', async () => {
  const lines = [
    line(body, { source: 'stripe', now, config }),
    line(`${body}\n`, { source: 'stripe', now, config }),
    line(body, { source: 'stripe', now: now + 412, config: await file('own.json', config) }),
    line(body, { source: 'github', now, config }),
  ];
  const { code, verdicts, errors } = await verify(
    ['--request', '-'],
    lines.map((one) => JSON.stringify(one)).join('\n'),
  );
  expect(verdicts).toMatchObject([
    accepted,
    {
      accepted: false,
      reason: 'signature_mismatch',
      events: [],
      hint: expect.stringContaining('last newline removed'),
    },
    { accepted: false, reason: 'timestamp_stale', hint: expect.stringMatching(/^412 s old by this clock/) },
    { accepted: false, reason: null, error: expect.stringContaining('GITHUB_WEBHOOK_SECRET is not set') },
  ]);
  expect(code).toBe(2);
  expect(errors).toContain('GITHUB_WEBHOOK_SECRET');
  expect(JSON.stringify(verdicts)).not.toContain('whsec_first');
});

test('a secret that blanks around it make unusable is told so, and base64 may be written in any way', async () => {
  const blanks = { SVIX_WEBHOOK_SECRET: ` whsec_${Buffer.alloc(32).toString('base64')}` };
  const loose = {
    ...line(body, { source: 'stripe', config, now: String(now) }),
    body_base64: Buffer.from(body).toString('base64url'),
  };
  const lines = [line(body, { source: 'svix', config: blanks }), loose];
  const { verdicts } = await verify(['--request', '-'], lines.map((one) => JSON.stringify(one)).join('\n'));
  expect(verdicts).toMatchObject([
    { accepted: false, reason: null, hint: 'the secret has blanks around it: trim SVIX_WEBHOOK_SECRET' },
    accepted,
  ]);
});

test('a source that the gateway has not is judged by its scheme, where one is set', async () => {
  const request = {
    url: '/webhooks/partner',
    headers: { 'X-Partner': createHmac('sha512', 'k').update(body).digest('base64') },
    body_base64: Buffer.from(body).toString('base64'),
    source: 'partner',
  };
  const scheme = {
    kind: 'hmac',
    header: 'x-partner',
    algorithm: 'sha512',
    encoding: 'base64',
    id: '/id',
    type: '/type',
  };
  const proofs = { PARTNER_WEBHOOK_SECRET: 'k', PARTNER_WEBHOOK_SCHEME: scheme };
  const lines = [
    { ...request, config: proofs },
    { ...request, config: { ...proofs, PARTNER_WEBHOOK_SECRET: 'other' } },
    { ...request, config: { PARTNER_WEBHOOK_SECRET: 'k' } },
  ];
  const result = await verify(['--request', '-'], lines.map((one) => JSON.stringify(one)).join('\n'));
  expect(result.verdicts).toMatchObject([
    { accepted: true, events: [{ id: 'evt_1', type: 'customer.created' }] },
    { accepted: false, reason: 'signature_mismatch' },
    { accepted: false, reason: null, error: expect.stringContaining('no source partner') },
  ]);
});

test.each([
  ['no JSON', '{"method":'],
  ['no URL', JSON.stringify({ headers: {}, body_base64: '' })],
  ['a body that is no base64', JSON.stringify({ ...line(body), body_base64: 'é' })],
  ['a header that is a number', JSON.stringify({ ...line(body), headers: { a: 1 } })],
  ['a source that is not there', JSON.stringify({ ...line(body), source: 'nobody' })],
  ['a time that is none', JSON.stringify({ ...line(body), now: 1e300 })],
])('a line with %s could not be judged', async (_name, input) => {
  const result = await verify(['--request', '-', '--source', 'stripe'], `${input}\n`, config);
  expect(result).toMatchObject({ code: 2, verdicts: [{ accepted: false, reason: null, events: [] }] });
  expect(result.verdicts[0]!['error']).not.toMatch(/\n\s+at /);
});

test('files that cannot be read stop it, with a message', async () => {
  expect(await verify(['--request', join(folder, 'none.json'), '--source', 'stripe'])).toMatchObject({
    code: 2,
    verdicts: [],
    errors: expect.stringContaining('cannot be read'),
  });
});

test('no line keeps the others from being judged, and what ends a line is a newline alone', async () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const mine = JSON.stringify(line(body, { now, config: { ...config, OTHER: 'a\u2028b' } }));
  const lines = [
    mine.replace('"OTHER":"a\u2028b"', `"OTHER":${deep}`),
    mine,
    JSON.stringify(line(body, { source: null, now, config, certificates: null })),
  ];
  const { code, verdicts, errors } = await verify(
    ['--request', '-', '--source', 'stripe'],
    `\ufeff${lines.join('\r\n')}`,
  );
  expect(verdicts).toMatchObject([
    { accepted: false, reason: null, error: expect.stringContaining('could not be judged') },
    accepted,
    accepted,
  ]);
  expect(code).toBe(2);
  expect(errors).not.toMatch(/\n\s+at /);
});

test('a source that the gateway has not is judged by the scheme that its settings give', async () => {
  const sign = (key: string) => createHmac('sha512', key).update(body).digest('base64');
  const partner = (settings: object) =>
    JSON.stringify({
      ...line(body, { source: 'partner', url: '/webhooks/partner', config: settings }),
      headers: { 'X-Sig': sign('first') },
    });
  const scheme = { kind: 'hmac', header: 'x-sig', algorithm: 'sha512', encoding: 'base64', id: '/id' };
  const lines = [
    partner({ PARTNER_WEBHOOK_SCHEME: scheme, PARTNER_WEBHOOK_SECRET: 'first' }),
    partner({ PARTNER_WEBHOOK_SCHEME: scheme, PARTNER_WEBHOOK_SECRET: 'other' }),
    partner({ PARTNER_WEBHOOK_SCHEME: { kind: 'hmc' }, PARTNER_WEBHOOK_SECRET: 'first' }),
    partner({ PARTNER_WEBHOOK_SECRET: 'first' }),
  ];
  const { verdicts } = await verify(['--request', '-'], lines.join('\n'));
  expect(verdicts).toMatchObject([
    { accepted: true, events: [{ id: 'evt_1', type: 'customer.created', key: null }] },
    { accepted: false, reason: 'signature_mismatch' },
    { accepted: false, error: expect.stringContaining('PARTNER_WEBHOOK_SCHEME: kind must be') },
    { accepted: false, error: expect.stringContaining('no source partner') },
  ]);
});
