import { createServer, request as send, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { defaultPayloadConverter } from '@temporalio/common';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAdminApp } from '../../src/admin/app.ts';
import type { Access } from '../../src/admin/access.ts';
import type { Keys } from '../../src/encryption/keys.ts';
import { problems, type Code } from '../../src/errors.ts';
import { encryptionCodec } from '../../src/temporal/codec.ts';
import { key } from '../encryption/support.ts';

const keys: Keys = { current: key('2026-01'), previous: undefined };
const ui = 'https://temporal.example.com';
const token = 'token-of-the-admin-tests';
const production: Access = { development: false, token, uiOrigins: [ui] };
const development: Access = { development: true, token: undefined, uiOrigins: ['http://127.0.0.1:8233'] };
const bearer = { authorization: `Bearer ${token}` };

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** The admin port, as it is with a key and that access. */
async function admin(access: Access) {
  const lines: string[] = [];
  const log = pino(new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }));
  const codec = { codec: encryptionCodec(keys), access, log };
  const server = createServer(createAdminApp({ registry: new Registry(), codec }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const call = ({
    method = 'POST',
    path = '/codec/decode',
    headers = {},
    body = { payloads: [] },
  }: Call = {}) =>
    new Promise<Answered>((resolve, reject) => {
      const all = { 'content-type': 'application/json', 'x-namespace': 'default', ...headers };
      const sent = send({ host: '127.0.0.1', port, path, method, headers: all, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      });
      sent.on('error', reject);
      if (method === 'POST') sent.write(typeof body === 'string' ? body : JSON.stringify(body));
      sent.end();
    });
  return { call, lines, port };
}

const clear = (value: unknown) => {
  const { metadata, data } = defaultPayloadConverter.toPayload(value);
  const base64 = (bytes?: Uint8Array | null) => Buffer.from(bytes ?? []).toString('base64');
  return { metadata: { encoding: base64(metadata?.['encoding']) }, data: base64(data) };
};
const payloadsOf = ({ body }: Answered) =>
  (JSON.parse(body) as { payloads: { metadata: Record<string, string>; data: string }[] }).payloads;
const decoded = (text = '') => Buffer.from(text, 'base64').toString('latin1');

function expectProblem(answered: Answered, code: Code): void {
  expect(answered.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(answered.body)).toMatchObject({ code, status: problems[code].status });
  expect(answered.status).toBe(problems[code].status);
}

test('what /encode sealed, /decode opens', async () => {
  const { call } = await admin(production);
  const values = [clear({ card: '4242' }), clear(null), clear('text')];
  const encoded = await call({ path: '/codec/encode', headers: bearer, body: { payloads: values } });
  expect(encoded.status).toBe(200);
  for (const { metadata, data } of payloadsOf(encoded)) {
    expect(decoded(metadata['encoding'])).toBe('binary/encrypted');
    expect(decoded(metadata['encryption-key-id'])).toBe('2026-01');
    expect(decoded(data)).not.toContain('4242');
  }
  const answered = await call({ headers: bearer, body: { payloads: payloadsOf(encoded) } });
  expect(payloadsOf(answered)).toEqual(values);
  expect(answered.headers['cache-control']).toBe('no-store');
});

test('what is in the clear comes back as it came, with fields that we do not know', async () => {
  const { call } = await admin(production);
  const given = [
    { ...clear('x'), externalPayloads: [{ sizeBytes: '1' }] },
    {},
    { metadata: null, data: null },
  ];
  expect(payloadsOf(await call({ headers: bearer, body: { payloads: given } }))).toEqual(given);
});

test('what cannot be opened comes back sealed, beside what can, and is counted in the log', async () => {
  const other = encryptionCodec({ current: key('lost'), previous: undefined });
  const [lost] = await other.encode([defaultPayloadConverter.toPayload('4242')]);
  const sealed = {
    metadata: Object.fromEntries(
      Object.entries(lost?.metadata ?? {}).map(([name, bytes]) => [
        name,
        Buffer.from(bytes).toString('base64'),
      ]),
    ),
    data: Buffer.from(lost?.data ?? []).toString('base64'),
  };
  const { call, lines } = await admin(production);
  const [mine] = payloadsOf(
    await call({ path: '/codec/encode', headers: bearer, body: { payloads: [clear('mine')] } }),
  );
  const answered = await call({ headers: bearer, body: { payloads: [sealed, mine] } });
  expect(payloadsOf(answered)).toEqual([sealed, clear('mine')]);
  expect(lines.join()).toContain('"failures":{"key_unknown lost":1}');
  expect(lines.join()).not.toMatch(/4242|mine/);
});

describe('in production', () => {
  test.each([
    ['no token', {}, 'token_missing'],
    ['another token', { authorization: 'Bearer token-of-the-admin-test' }, 'token_mismatch'],
    ['a longer token', { authorization: `Bearer ${token}x` }, 'token_mismatch'],
    ['the token by another scheme', { authorization: `Basic ${token}` }, 'token_missing'],
    ['the bare token', { authorization: token }, 'token_missing'],
  ])('%s is refused, and the log says why', async (_what, headers, reason) => {
    const { call, lines } = await admin(production);
    const answered = await call({ headers });
    expectProblem(answered, 'admin_unauthorized');
    expect(answered.headers['www-authenticate']).toBe('Bearer');
    expect(answered.body).not.toContain(reason);
    expect(lines.join()).toContain(`"reason":"${reason}"`);
    expect(lines.join()).not.toContain('token-of-the-admin-test');
  });

  test('nobody is answered while no token is set, not even from loopback', async () => {
    const { call, lines } = await admin({ ...production, token: undefined });
    expectProblem(await call({ headers: bearer }), 'admin_unauthorized');
    expect(lines.join()).toContain('token_unset');
  });

  test('there is no /codec without a key', async () => {
    const server = createServer(createAdminApp({ registry: new Registry(), codec: undefined }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const answered = await fetch(`http://127.0.0.1:${port}/codec/decode`, {
      method: 'POST',
      headers: bearer,
    });
    expect(answered.status).toBe(404);
  });
});

describe('a page', () => {
  const asks = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-namespace',
  };

  test("of Temporal's UI may ask, and read the answer", async () => {
    const { call } = await admin(production);
    const may = await call({ method: 'OPTIONS', headers: { origin: ui, ...asks } });
    expect(may.status).toBe(204);
    expect(may.headers).toMatchObject({
      'access-control-allow-origin': ui,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-namespace, authorization',
      'access-control-max-age': '600',
      vary: 'origin',
    });
    const answered = await call({ headers: { origin: ui, ...bearer } });
    expect(answered).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': ui } });
  });

  test("of Temporal's UI can read why it is refused", async () => {
    const { call } = await admin(production);
    const answered = await call({ headers: { origin: ui } });
    expectProblem(answered, 'admin_unauthorized');
    expect(answered.headers['access-control-allow-origin']).toBe(ui);
  });

  test.each([
    'https://evil.example',
    'http://temporal.example.com',
    'https://temporal.example.com:444',
    'https://temporal.example.com.evil.example',
    'null',
  ])('of %s is refused, with the token too', async (origin) => {
    for (const method of ['OPTIONS', 'POST']) {
      const { call, lines } = await admin(production);
      const answered = await call({ method, headers: { origin, ...asks, ...bearer } });
      expectProblem(answered, 'admin_forbidden');
      expect(Object.keys(answered.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(lines.join()).toContain('"reason":"origin_unknown"');
    }
  });
});

describe('in development, without a token', () => {
  test.each(['127.0.0.1', 'localhost', '[::1]'])(
    'this machine is answered under its name %s',
    async (name) => {
      const { call, port } = await admin(development);
      expect((await call({ headers: { host: `${name}:${port}` } })).status).toBe(200);
      expect((await call({ headers: { host: name, origin: 'http://127.0.0.1:8233' } })).status).toBe(200);
    },
  );

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.', '0.0.0.0'])(
    'a name that was made to point here is refused: %s',
    async (name) => {
      const { call, lines } = await admin(development);
      expectProblem(await call({ headers: { host: name } }), 'admin_forbidden');
      expect(lines.join()).toContain('"reason":"host_unknown"');
    },
  );

  test('a foreign page is refused', async () => {
    const { call } = await admin(development);
    expectProblem(await call({ headers: { origin: 'http://evil.example' } }), 'admin_forbidden');
  });

  test('but with one, the token is asked for', async () => {
    const { call } = await admin({ ...development, token });
    expectProblem(await call(), 'admin_unauthorized');
    expect((await call({ headers: bearer })).status).toBe(200);
  });
});

describe('a body', () => {
  test.each([
    ['that is empty', '', 'not_json'],
    ['that is no JSON', '{', 'not_json'],
    ['without payloads', {}, 'field_malformed'],
    ['with payloads of another kind', { payloads: 'x' }, 'field_malformed'],
    ['with data that is not base64', { payloads: [{ data: '%' }] }, 'field_malformed'],
    [
      'with metadata that is not base64',
      { payloads: [{ metadata: { encoding: 'json/plain!' } }] },
      'field_malformed',
    ],
    [
      'with more than 10,000 payloads',
      { payloads: Array.from({ length: 10_001 }, () => ({})) },
      'field_malformed',
    ],
  ])('%s is refused, and not logged', async (_what, body, reason) => {
    const { call, lines } = await admin(production);
    expectProblem(await call({ headers: bearer, body }), 'payloads_unreadable');
    expect(lines.join()).toContain(`"reason":"${reason}"`);
    expect(lines.join()).not.toContain('json/plain!');
  });

  test('that a page could send without asking is refused', async () => {
    const { call } = await admin(production);
    const headers = { ...bearer, 'content-type': 'text/plain' };
    expectProblem(await call({ headers }), 'payloads_unreadable');
  });

  test('of more than 10 MiB is refused', async () => {
    const { call } = await admin(production);
    const body = { payloads: [{ data: 'A'.repeat(10_485_760) }] };
    expectProblem(await call({ headers: bearer, body }), 'body_too_large');
  });
});
