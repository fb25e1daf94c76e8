import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Captured } from '../../src/judge/captured.ts';
import { hintOf } from '../../src/judge/hint.ts';
import { judge, type Judge } from '../../src/judge/judge.ts';
import { github } from '../../src/providers/github.ts';
import { hmac } from '../../src/providers/hmac.ts';
import { hubspot } from '../../src/providers/hubspot.ts';
import { stripe } from '../../src/providers/stripe.ts';

const now = new Date('2026-11-20T12:00:00Z');
const seconds = now.getTime() / 1000;
const secret = 'whsec_c2VjcmV0';
const environment: Record<string, string> = {
  STRIPE_WEBHOOK_SECRET: secret,
  STRIPE_CONNECT_WEBHOOK_SECRET: 'whsec_connect',
};
const body = '{"id":"evt_1","type":"a","url":"https://x/y","name":"žluť <b>","data":{"b":1,"a":[1,2]}}';
const source: Judge = { name: 'stripe', provider: stripe() };

const signature = (signed: string | Buffer, key: string | Buffer = secret, time: number | string = seconds) =>
  `t=${time},v1=${createHmac('sha256', key).update(`${time}.`).update(signed).digest('hex')}`;
const sent = (bytes: string | Buffer, header: string, more: Partial<Captured> = {}): Captured => ({
  method: 'POST',
  url: '/webhooks/stripe',
  headers: [['stripe-signature', header]],
  body: Buffer.from(bytes),
  ...more,
});
const hint = async (
  captured: Captured,
  { by = source, settings = environment, others = [] as Judge[] } = {},
): Promise<string | undefined> => {
  const circumstances = { environment: settings, now };
  const judgement = await judge(captured, by, circumstances);
  if (judgement.accepted) throw new Error('it was accepted');
  const found = await hintOf({ captured, source: by, circumstances, refusal: judgement.refusal, others });
  for (const value of Object.values(settings)) expect(found).not.toContain(value.trim());
  expect(found).not.toContain('evt_1');
  return found;
};

const value = JSON.parse(body) as object;
const ascii = (text: string) =>
  text.replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
const python =
  '{"id": "evt_1", "type": "a", "url": "https://x/y", "name": "žluť <b>", "data": {"b": 1, "a": [1, 2]}}';

describe('a body that was changed on the way', () => {
  test.each([
    ['its last newline', body, `${body}\n`, 'with its last newline removed'],
    ['its lost newline', `${body}\n`, body, 'with a newline at its end'],
    ['its line ends', '{\n"id":"evt_1",\n"type":"a"}', '{\r\n"id":"evt_1",\r\n"type":"a"}', 'CR LF made LF'],
    ['a byte-order mark', body, `\ufeff${body}`, 'byte-order mark'],
    ['indentation', body, JSON.stringify(value, null, 2), 'as compact JSON'],
    ['compaction', JSON.stringify(value, null, 2), body, 'indented by 2'],
    ['Python', ascii(python), body, 'as Python writes JSON:'],
    ['Python with letters', python, body, 'as Python writes JSON, its letters unescaped'],
    ['PHP', ascii(body).replaceAll('/', '\\/'), body, 'as PHP writes JSON'],
    ['Go', body.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e'), body, 'as Go writes JSON'],
    [
      'a form made JSON',
      `payload=${encodeURIComponent(body).replaceAll('%20', '+')}`,
      body,
      'the form was unpacked',
    ],
    ['JSON made a form', body, `payload=${encodeURIComponent(body)}`, 'it was made a form'],
    [
      'JSON with long numbers',
      '{"id":820982911946154508,"n":1.0,"a":"b/c"}'.replace('/', '\\/'),
      '{"id":820982911946154508,"n":1.0,"a":"b/c"}',
      'as PHP writes JSON',
    ],
    ['Latin-1', 'žluť', Buffer.from(Buffer.from('žluť').toString('latin1')), 'Latin-1'],
    ['base64', body, Buffer.from(body).toString('base64'), 'base64'],
    ['a consumed body', '', body, 'empty'],
  ])('by %s', async (_name, signed, received, words) => {
    const found = await hint(sent(received, signature(signed)));
    expect(found).toContain('signed by another secret, or the body was changed on the way: it matches');
    expect(found).toContain(words);
  });
});

describe('a secret that is another', () => {
  const other = (settings: Record<string, string>, key: string | Buffer) =>
    hint(sent(body, signature(body, key)), { settings: { ...environment, ...settings } });

  test.each([
    [
      'has blanks around it',
      { STRIPE_WEBHOOK_SECRET: ` ${secret} ` },
      secret,
      'the secret has blanks around it',
    ],
    ['has quotes around it', { STRIPE_WEBHOOK_SECRET: `"${secret}"` }, secret, 'quotes around it'],
    ['is the endpoint next door’s', {}, 'whsec_connect', 'STRIPE_CONNECT_WEBHOOK_SECRET'],
    ['is decoded by the sender', {}, Buffer.from('c2VjcmV0', 'base64'), 'base64-decoded'],
    ['has no whsec_', {}, 'c2VjcmV0', 'no whsec_ in front'],
    ['ends in a newline there', {}, `${secret}\n`, 'newline'],
  ])('%s', async (_name, settings, key, words) => {
    expect(await other(settings, key)).toContain(words);
  });

  test('and nobody knows which', async () => {
    expect(await other({}, 'unknown')).toMatch(
      /^signed by another secret, or the body was changed on the way: compare/,
    );
  });

  test('and the body was changed besides', async () => {
    const found = await hint(sent(`${body}\n`, signature(body, 'whsec_connect')));
    expect(found).toMatch(/STRIPE_CONNECT_WEBHOOK_SECRET.*last newline removed/);
  });
});

describe('the time', () => {
  test('is so old', async () => {
    expect(await hint(sent(body, signature(body, secret, seconds - 412)))).toMatch(
      /^412 s old by this clock/,
    );
  });
  test('is in milliseconds', async () => {
    const found = await hint(sent(body, signature(body, secret, now.getTime())));
    expect(found).toBe('the time is in milliseconds, where seconds are expected');
  });

  const hubspotHint = (time: number) => {
    const signed = createHmac('sha256', 'hubspot-secret')
      .update(`POSThttps://a.example/x${body}${time}`)
      .digest('base64');
    const request: Captured = {
      method: 'POST',
      url: 'https://a.example/x',
      headers: [
        ['x-hubspot-signature-v3', signed],
        ['x-hubspot-request-timestamp', String(time)],
      ],
      body: Buffer.from(body),
    };
    const by = { name: 'hubspot', provider: hubspot() };
    return hint(request, { by, settings: { HUBSPOT_WEBHOOK_SECRET: 'hubspot-secret' } });
  };
  test('is in seconds, where milliseconds are expected, and is told in seconds where those are', async () => {
    expect(await hubspotHint(seconds)).toBe('the time is in seconds, where milliseconds are expected');
    expect(await hubspotHint((seconds - 412) * 1000)).toMatch(/^412 s old by this clock/);
  });
});

test('what takes long to try comes to an end', async () => {
  const large = `[${'{"a":1},'.repeat(600_000)}1]`;
  const startedAt = performance.now();
  const found = await hint(sent(large, signature(body)));
  expect(found).toContain('signed by another secret');
  expect(performance.now() - startedAt).toBeLessThan(20_000);
}, 30_000);

test('what is genuine for another source is told so', async () => {
  const request = {
    ...sent(body, ''),
    headers: [['x-webhook-signature', createHmac('sha256', 'k').update(body).digest('hex')] as const],
  };
  const settings = { ...environment, SHOP_WEBHOOK_SECRET: 'k' };
  const others = [
    { name: 'unset', provider: github() },
    { name: 'shop', provider: hmac({ id: '/id' }) },
  ];
  expect(await hint(request, { settings, others })).toBe(
    'it is genuine for the source shop: it was sent to the wrong URL',
  );
});

test('a proof that is missing names its header', async () => {
  expect(await hint({ ...sent(body, ''), headers: [] })).toContain('stripe-signature');
  const weak = { ...sent(body, ''), headers: [['X-Hub-Signature', 'sha1=00'] as const] };
  const by = { name: 'github', provider: github() };
  const found = await hint(weak, { by, settings: { ...environment, GITHUB_WEBHOOK_SECRET: 'gh-secret' } });
  expect(found).toContain('only X-Hub-Signature, a weaker one');
});

test('a body that is shorter than announced was cut', async () => {
  const request = sent(body.slice(0, -1), signature(body));
  const found = await hint({
    ...request,
    headers: [...request.headers, ['content-length', String(body.length)]],
  });
  expect(found).toContain('it was cut or rewritten on the way');
});

test('what is genuine and no JSON is told so', async () => {
  expect(await hint(sent('{"id":', signature('{"id":')))).toContain('no JSON');
  expect(await hint(sent('a=b', signature('a=b')))).toContain('looks like a form');
});

test('what the gateway refuses before it reads is refused here too', async () => {
  const request = sent(body, signature(body));
  const circumstances = { environment, now };
  const reason = async (captured: Captured, by = source) => {
    const judgement = await judge(captured, by, circumstances);
    return judgement.accepted ? 'accepted' : judgement.refusal.reason;
  };
  expect(await reason(request)).toBe('accepted');
  expect(await reason({ ...request, method: 'PUT' })).toBe('accepted');
  expect(await reason({ ...request, method: 'GET' })).toBe('method_not_allowed');
  expect(await reason({ ...request, headers: [...request.headers, ['Content-Encoding', 'gzip']] })).toBe(
    'content_encoding',
  );
  expect(await reason(request, { ...source, bodyLimitBytes: 10 })).toBe('body_over_limit');
  const deep = `{"id":"evt_1","type":"a","data":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  expect(await reason(sent(deep, signature(deep)))).toBe('too_deep');
});
