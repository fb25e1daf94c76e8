import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { problems, type Code, type Reason } from '../../src/errors.ts';
import gateway from '../../src/gateway.ts';
import { journalSchema } from '../../src/journal/schema.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { createNamespace, metric, post, readyApi, unique, type After, type ApiProcess } from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// Whatever must not be told carries this word, wherever a request or the environment has a place for it.
const planted = {
  stripe: 'whsec_planted_stripe',
  github: 'planted_github',
  payment: 'planted_payment',
} as const;

type Mode = 'journal' | 'direct';

/** A gateway of its own, that trusts a proxy on this machine. */
async function startApiIn(mode: Mode, after: After): Promise<ApiProcess> {
  const { home, remove } = await temporaryHome();
  after(remove);
  const client = await createNamespace(inject('temporalAddress'), { after });
  const { url, drop } = await createDatabase(inject('postgresUrl'));
  after(drop);
  await migrateSchema(url, journalSchema);
  return await readyApi(
    {
      EVERHOOK_MODE: mode,
      DATABASE_URL: url,
      EVERHOOK_HOME: home,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: client.options.namespace,
      PORT: '0',
      EVERHOOK_ADMIN_PORT: '0',
      EVERHOOK_TRUST_PROXY: 'loopback',
      EVERHOOK_REQUEST_TIMEOUT_SECONDS: '1',
      EVERHOOK_LOG_LEVEL: 'trace',
      EVERHOOK_SOURCES: 'stripe,github,payment',
      STRIPE_WEBHOOK_SECRET: planted.stripe,
      STRIPE_WEBHOOK_SECRET_PREVIOUS: `${planted.stripe}_previous`,
      GITHUB_WEBHOOK_SECRET: planted.github,
      PAYMENT_WEBHOOK_SECRET: planted.payment,
    },
    after,
  );
}

type Headers = readonly (readonly [name: string, value: string])[];

interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
  /** What the proxy says; undefined: there was none. */
  readonly forwarded?: string | undefined;
}

/** A request as its bytes, with credentials in the headers that commonly carry some. */
function bytes({ method = 'POST', path, headers = [], body = '', ...rest }: Request): Buffer {
  const forwarded = 'forwarded' in rest ? rest.forwarded : 'https';
  const framed = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const all: Headers = [
    ['Host', 'hooks.example.com'],
    ['Connection', 'close'],
    ['Authorization', 'Bearer planted-token'],
    ['Cookie', 'session=planted-cookie'],
    ...(forwarded === undefined ? [] : [['X-Forwarded-Proto', forwarded] as const]),
    ...(framed ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
    ...headers,
  ];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`),
    Buffer.from(body),
  ]);
}

const hex = (secret: string, text: string | Buffer, algorithm = 'sha256') =>
  createHmac(algorithm, secret).update(text).digest('hex');
const now = () => Math.floor(Date.now() / 1000);
const hour = 3600;

const paid = JSON.stringify({
  id: 'evt_forged',
  object: 'event',
  type: 'payment_intent.succeeded',
  data: { object: { id: 'pi_forged', note: 'planted-body' } },
});
const event = JSON.stringify({ id: 'evt_forged', type: 'payment.succeeded', data: { note: 'planted-body' } });

const stripeHeader = (secret: string, body = paid, time = now()): string =>
  `t=${time},v1=${hex(secret, `${time}.${body}`)}`;

/** To Stripe's endpoint with this header, or these. */
const stripe = (signature: string | readonly string[], body: string | Buffer = paid): Buffer =>
  bytes({
    path: '/webhooks/stripe',
    headers: [signature].flat().map((value) => ['Stripe-Signature', value]),
    body,
  });

const github = (headers: Record<string, string> | Headers, body = paid): Buffer =>
  bytes({
    path: '/webhooks/github',
    headers: Array.isArray(headers) ? (headers as Headers) : Object.entries(headers),
    body,
  });
const githubSigned = (body = paid) => ({ 'X-Hub-Signature-256': `sha256=${hex(planted.github, body)}` });
const githubEvent = { 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'planted-guid' };

const payment = (signature: string, body: string | Buffer = event): Buffer =>
  bytes({ path: '/webhooks/payment', headers: [['X-Webhook-Signature', signature]], body });
/** What is genuine, and all the same unreadable. */
const genuine = (body: string | Buffer): Buffer => payment(hex(planted.payment, body), body);

const unsigned = (request: Partial<Request>): Buffer =>
  bytes({ path: '/webhooks/stripe', body: paid, ...request });

const raw = (text: string): Buffer => Buffer.from(text);

/** Signed with the planted secret, over HTTP/1.1 by a sender that says no more than it must. */
const signedPush = (head: string): Buffer =>
  raw(
    `${head}X-Forwarded-Proto: https\r\nConnection: close\r\nX-Webhook-Signature: ${hex(planted.payment, event)}\r\nContent-Length: ${Buffer.byteLength(event)}\r\n\r\n${event}`,
  );

type Row = { [C in Code]: readonly [name: string, code: C, reason: Reason<C>, request: () => Buffer] }[Code];

const sig = 'signature_invalid';
const unreadable = 'payload_unreadable';
const rows: readonly Row[] = [
  ['stripe: no signature', sig, 'signature_missing', () => unsigned({})],
  ['stripe: an empty signature', sig, 'signature_missing', () => stripe('')],
  [
    'stripe: two signature headers, the second genuine',
    sig,
    'signature_repeated',
    () => stripe([stripeHeader('x'), stripeHeader(planted.stripe)]),
  ],
  ['stripe: another secret', sig, 'signature_mismatch', () => stripe(stripeHeader('whsec_other'))],
  ['stripe: an empty secret', sig, 'signature_mismatch', () => stripe(stripeHeader(''))],
  ["stripe: another source's secret", sig, 'signature_mismatch', () => stripe(stripeHeader(planted.payment))],
  [
    'stripe: a changed byte',
    sig,
    'signature_mismatch',
    () => stripe(stripeHeader(planted.stripe), paid.replace('succeeded', 'succeedeD')),
  ],
  [
    'stripe: a byte less',
    sig,
    'signature_mismatch',
    () => stripe(stripeHeader(planted.stripe), paid.slice(0, -1)),
  ],
  ['stripe: a byte more', sig, 'signature_mismatch', () => stripe(stripeHeader(planted.stripe), `${paid}\n`)],
  [
    'stripe: the same JSON in other bytes',
    sig,
    'signature_mismatch',
    () => stripe(stripeHeader(planted.stripe), JSON.stringify(JSON.parse(paid), null, 1)),
  ],
  ['stripe: no body', sig, 'signature_mismatch', () => stripe(stripeHeader(planted.stripe), '')],
  [
    'stripe: a signature cut short',
    sig,
    'signature_malformed',
    () => stripe(stripeHeader(planted.stripe).slice(0, -1)),
  ],
  [
    'stripe: junk after the signature',
    sig,
    'signature_malformed',
    () => stripe(`${stripeHeader(planted.stripe)}planted`),
  ],
  [
    'stripe: junk after a second =',
    sig,
    'signature_malformed',
    () => stripe(`${stripeHeader(planted.stripe)}=planted`),
  ],
  [
    'stripe: a signature in capitals',
    sig,
    'signature_malformed',
    () => stripe(`t=${now()},v1=${'AB'.repeat(32)}`),
  ],
  [
    'stripe: a signature of SHA-1',
    sig,
    'signature_malformed',
    () => stripe(`t=${now()},v1=${hex(planted.stripe, `${now()}.${paid}`, 'sha1')}`),
  ],
  [
    'stripe: only a scheme of test events',
    sig,
    'signature_missing',
    () => stripe(stripeHeader(planted.stripe).replace('v1=', 'v0=')),
  ],
  [
    'stripe: no time',
    sig,
    'timestamp_missing',
    () => stripe(stripeHeader(planted.stripe).replace(/^t=\d+,/, '')),
  ],
  ['stripe: two times', sig, 'signature_repeated', () => stripe(`t=1,${stripeHeader(planted.stripe)}`)],
  [
    'stripe: a time that is none',
    sig,
    'signature_malformed',
    () => stripe(`t=now,v1=${hex(planted.stripe, `now.${paid}`)}`),
  ],
  [
    'stripe: a time below zero',
    sig,
    'signature_malformed',
    () => stripe(stripeHeader(planted.stripe, paid, -1)),
  ],
  [
    'stripe: another time than was signed',
    sig,
    'signature_mismatch',
    () => stripe(stripeHeader(planted.stripe, paid, now() - hour).replace(/t=\d+/, `t=${now()}`)),
  ],
  [
    'stripe: six minutes old',
    sig,
    'timestamp_stale',
    () => stripe(stripeHeader(planted.stripe, paid, now() - 360)),
  ],
  [
    'stripe: a day old, by the secret before',
    sig,
    'timestamp_stale',
    () => stripe(stripeHeader(`${planted.stripe}_previous`, paid, now() - 24 * hour)),
  ],
  [
    'stripe: forged, with a token in the path',
    sig,
    'signature_mismatch',
    () =>
      bytes({
        path: '/webhooks/stripe/planted-path-token?secret=planted-query',
        headers: [['Stripe-Signature', stripeHeader('planted_wrong')]],
        body: paid,
      }),
  ],
  [
    "stripe: signed as GitHub's",
    sig,
    'signature_missing',
    () => unsigned({ headers: Object.entries(githubSigned()) }),
  ],

  ['github: no signature', sig, 'signature_missing', () => github(githubEvent)],
  [
    'github: only the old header of SHA-1',
    sig,
    'signature_missing',
    () => github({ ...githubEvent, 'X-Hub-Signature': `sha1=${hex(planted.github, paid, 'sha1')}` }),
  ],
  [
    'github: another secret',
    sig,
    'signature_mismatch',
    () => github({ ...githubEvent, 'X-Hub-Signature-256': `sha256=${hex('other', paid)}` }),
  ],
  [
    'github: the signature of another body',
    sig,
    'signature_mismatch',
    () => github({ ...githubEvent, ...githubSigned('{}') }),
  ],
  [
    'github: no sha256= in front',
    sig,
    'signature_malformed',
    () => github({ ...githubEvent, 'X-Hub-Signature-256': hex(planted.github, paid) }),
  ],
  [
    'github: two signatures',
    sig,
    'signature_repeated',
    () => github([...Object.entries(githubSigned()), ...Object.entries(githubSigned())]),
  ],
  [
    'github: no id',
    'event_id_missing',
    'field_missing',
    () => github({ 'X-GitHub-Event': 'push', ...githubSigned() }),
  ],
  [
    'github: two ids',
    'event_id_missing',
    'field_repeated',
    () => github([...Object.entries({ ...githubEvent, ...githubSigned() }), ['X-GitHub-Delivery', 'b']]),
  ],
  [
    'github: no name of an event',
    unreadable,
    'field_missing',
    () => github({ 'X-GitHub-Delivery': 'planted-guid', ...githubSigned() }),
  ],
  [
    'github: a form without its field',
    unreadable,
    'not_form',
    () =>
      github(
        {
          ...githubEvent,
          ...githubSigned('planted=1'),
          'Content-Type': 'application/x-www-form-urlencoded',
        },
        'planted=1',
      ),
  ],

  ['payment: no signature', sig, 'signature_missing', () => payment('')],
  ['payment: another secret', sig, 'signature_mismatch', () => payment(hex('other', event))],
  [
    'payment: base64 for hex',
    sig,
    'signature_malformed',
    () => payment(Buffer.from(hex(planted.payment, event), 'hex').toString('base64')),
  ],
  [
    'payment: a prefix that is not its own',
    sig,
    'signature_malformed',
    () => payment(`sha256=${hex(planted.payment, event)}`),
  ],
  ['payment: not JSON', unreadable, 'not_json', () => genuine('planted')],
  ['payment: nothing', unreadable, 'not_json', () => genuine('')],
  ['payment: not UTF-8', unreadable, 'not_utf8', () => genuine(Buffer.from('7b22ff227d', 'hex'))],
  ['payment: a number', unreadable, 'field_malformed', () => genuine('5')],
  [
    'payment: too deep',
    unreadable,
    'too_deep',
    () => genuine(`{"id":"e","type":"payment.other","data":${'['.repeat(99_999)}${']'.repeat(99_999)}}`),
  ],
  ['payment: a list', 'event_id_missing', 'field_missing', () => genuine('["planted"]')],
  ['payment: no id', 'event_id_missing', 'field_missing', () => genuine('{"type":"payment.succeeded"}')],
  [
    'payment: an id that is none',
    'event_id_missing',
    'field_malformed',
    () => genuine('{"id":{"planted":1},"type":"payment.succeeded"}'),
  ],
  [
    'payment: an id as prototype',
    'event_id_missing',
    'field_missing',
    () => genuine('{"__proto__":{"id":"e"},"type":"x"}'),
  ],
  ['payment: no type', unreadable, 'field_missing', () => genuine('{"id":"e"}')],
  [
    'payment: an id too long',
    unreadable,
    'field_too_long',
    () => genuine(JSON.stringify({ id: 'planted'.repeat(100), type: 'x' })),
  ],
  [
    'payment: an id with NUL',
    unreadable,
    'text_unstorable',
    () => genuine('{"id":"planted\\u0000","type":"x"}'),
  ],

  ['plain HTTP', 'https_required', 'plain_http', () => unsigned({ forwarded: undefined })],
  ['plain HTTP, as the proxy says', 'https_required', 'plain_http', () => unsigned({ forwarded: 'http' })],
  ['an unknown source', 'source_unknown', 'source_unknown', () => unsigned({ path: '/webhooks/planted' })],
  [
    'a source of the prototype',
    'source_unknown',
    'source_unknown',
    () => unsigned({ path: '/webhooks/__proto__' }),
  ],
  ['no source', 'source_unknown', 'source_unknown', () => unsigned({ path: '/webhooks/' })],
  [
    'a path too deep',
    'source_unknown',
    'source_unknown',
    () => unsigned({ path: '/webhooks/stripe/planted-path-token/more' }),
  ],
  [
    'an undecodable path',
    'source_unknown',
    'source_unknown',
    () => unsigned({ path: '/webhooks/stripe/planted%' }),
  ],
  ['GET', 'method_not_allowed', 'method_not_allowed', () => unsigned({ method: 'GET', body: '' })],
  ['DELETE', 'method_not_allowed', 'method_not_allowed', () => unsigned({ method: 'DELETE', body: '' })],
  [
    'a compressed body',
    'encoding_unsupported',
    'content_encoding',
    () => unsigned({ headers: [['Content-Encoding', 'gzip']] }),
  ],
  [
    'a body announced too large',
    'body_too_large',
    'body_over_limit',
    () => unsigned({ headers: [['Content-Length', '1572865']], body: '' }),
  ],
  [
    'a body in chunks, too large',
    'body_too_large',
    'body_over_limit',
    () =>
      unsigned({
        headers: [['Transfer-Encoding', 'chunked']],
        body: `180001\r\n${'x'.repeat(0x180001)}\r\n0\r\n\r\n`,
      }),
  ],
  [
    'headers too large',
    'headers_too_large',
    'headers_too_large',
    () => unsigned({ headers: [['X-Large', 'planted'.repeat(3000)]] }),
  ],
  ['no Host', unreadable, 'http_malformed', () => signedPush('POST /webhooks/payment HTTP/1.1\r\n')],
  [
    'CONNECT',
    'method_not_allowed',
    'method_not_allowed',
    () => raw('CONNECT planted:443 HTTP/1.1\r\nHost: planted\r\n\r\n'),
  ],
  [
    'another path, with a body that does not come',
    'source_unknown',
    'source_unknown',
    () => unsigned({ path: '/webhook/planted', headers: [['Content-Length', '99']], body: 'planted' }),
  ],
  ['no HTTP', unreadable, 'http_malformed', () => raw('planted planted\r\n\r\n')],
  [
    'a length and chunks',
    unreadable,
    'http_malformed',
    () =>
      unsigned({
        headers: [
          ['Content-Length', '5'],
          ['Transfer-Encoding', 'chunked'],
        ],
        body: '0\r\n\r\n',
      }),
  ],
  [
    'a body that does not come',
    'request_timeout',
    'request_timeout',
    () => unsigned({ headers: [['Content-Length', '99']], body: 'planted' }),
  ],
  [
    'headers that do not come',
    'request_timeout',
    'request_timeout',
    () => raw('POST /webhooks/stripe HTTP/1.1\r\nX-Planted: planted'),
  ],
];

/** What the journal takes, and Temporal's limits do not allow. */
const directRows: readonly Row[] = [
  [
    'payment: an event that grows too large',
    'body_too_large',
    'event_over_limit',
    () =>
      genuine(
        JSON.stringify({ id: 'e', type: 'payment.other', data: [] }).replace(
          '[]',
          `[1${',1e20'.repeat(100_000)}]`,
        ),
      ),
  ],
];

/** Writes the bytes, and gives all that comes back until the other side closes. */
function converse(url: string, request: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setTimeout(15_000, () => socket.destroy(new Error(`no end after: ${answer}`)));
    socket.on('data', (chunk) => (answer += chunk.toString())).on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(request);
  });
}

const title = (code: string) => code[0]!.toUpperCase() + code.slice(1).replaceAll('_', ' ');

/** What of an answer is judged. */
function read(answer: string) {
  const [head = '', rest = ''] = answer.split('\r\n\r\n');
  // The body may have come in chunks.
  const body = /\{.*\}/.exec(rest)?.[0] ?? 'null';
  return {
    status: Number(/^HTTP\/1.1 (\d+) /.exec(head)?.[1]),
    contentType: /^content-type: (.*)$/im.exec(head)?.[1],
    problem: JSON.parse(body) as unknown,
    tells: answer.match(/planted|node_modules|\.ts:|\bat \S+ \(|^(x-powered-by|server):/im)?.[0],
  };
}

const problem = (code: Code): ReturnType<typeof read> => {
  const { status, detail } = problems[code];
  return {
    status,
    contentType: 'application/problem+json',
    problem: { type: `urn:everhook:problem:${code}`, title: title(code), status, code, detail },
    tells: undefined,
  };
};

/** Refusals by code and reason, over all sources. */
async function refusals(adminUrl: string): Promise<Record<string, number>> {
  const totals: Record<string, number> = {};
  const found = Object.entries(await metric(adminUrl, 'everhook_refusals_total'));
  for (const [labels, value] of found) {
    const [, code, reason] = /code="(\w+)",reason="(\w+)"/.exec(labels)!;
    const name = `${code} ${reason}`;
    totals[name] = (totals[name] ?? 0) + value;
  }
  return totals;
}

describe.each(['journal', 'direct'] as const)('%s mode', (mode) => {
  const cleanUps: (() => Promise<void> | void)[] = [];
  let api: ApiProcess;
  beforeAll(async () => {
    api = await startApiIn(mode, (cleanUp) => void cleanUps.push(cleanUp));
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });

  const all = mode === 'direct' ? [...rows, ...directRows] : rows;

  test(`each of ${all.length} forged, stale or broken requests is refused by its own code, and counted by its reason`, async () => {
    expect(all.length).toBeGreaterThanOrEqual(50);
    const before = await refusals(api.adminUrl);
    // Side by side: some of them wait for a time limit.
    const answers = await Promise.all(all.map(([, , , request]) => converse(api.url, request())));
    expect(all.map(([name], index) => ({ name, ...read(answers[index]!) }))).toEqual(
      all.map(([name, code]) => ({ name, ...problem(code) })),
    );
    const expected: Record<string, number> = { ...before };
    for (const [, code, reason] of all) {
      const key = `${code} ${reason}`;
      expected[key] = (expected[key] ?? 0) + 1;
    }
    expect(await refusals(api.adminUrl)).toEqual(expected);
  });

  test('metrics count what came, what became of it, and how long it took', async () => {
    const names = [
      'everhook_deliveries_total',
      'everhook_refusals_total',
      'everhook_starts_total',
      'everhook_events_total',
    ];
    const read = async () => {
      const all = await Promise.all(
        [...names, 'everhook_answer_seconds_count'].map((name) => metric(api.adminUrl, name)),
      );
      return Object.assign({}, ...all.map((values, index) => prefixed(index, values))) as Record<
        string,
        number
      >;
    };
    const prefixed = (index: number, values: Record<string, number>) =>
      Object.fromEntries(
        Object.entries(values).map(([labels, value]) => [
          `${['deliveries', 'refusals', 'starts', 'events', 'answers'][index]} ${labels}`,
          value,
        ]),
      );
    const started = (values: Record<string, number>) =>
      ['payment', 'stripe'].reduce(
        (sum, source) => sum + (values[`starts {source="${source}",outcome="started"}`] ?? 0),
        0,
      );
    const before = await read();
    const send = async (
      source: keyof typeof planted,
      type: string,
      id: string,
      secret: string = planted[source],
    ) => {
      const body = Buffer.from(
        JSON.stringify({ id, type, data: { object: { id: 'pi_1' }, note: 'planted' } }),
      );
      const url = `${api.url}/webhooks/${source}`;
      const unsignedRequest = { method: 'POST', url, body, type };
      const proof = { secrets: [secret] as const, toleranceSeconds: undefined };
      const headers = gateway.sources[source].provider.sign(unsignedRequest, proof, new Date());
      return (await post(url, { body, headers: { ...headers, 'x-forwarded-proto': 'https' } })).status;
    };
    const id = unique('evt');
    expect([
      await send('payment', 'payment.other', id),
      await send('payment', 'payment.other', id),
      await send('payment', 'payment.other', id),
      await send('stripe', 'payment_intent.succeeded', id),
      await send('stripe', 'account.updated', unique('evt')),
      await send('stripe', 'payment_intent.succeeded', id, 'whsec_planted_wrong'),
    ]).toEqual([200, 200, 200, 200, 200, 401]);
    await converse(api.url, unsigned({ path: '/webhooks/planted' }));

    // The journal answers before it starts, and a duplicate starts nothing.
    if (mode === 'journal') await expect.poll(async () => started(await read()) - started(before)).toBe(2);
    const after = await read();
    const changes = Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)] as const);
    expect(Object.fromEntries(changes.filter(([, change]) => change !== 0))).toEqual({
      'deliveries {source="payment",verdict="new"}': 1,
      'deliveries {source="payment",verdict="duplicate"}': 2,
      'deliveries {source="stripe",verdict="new"}': 1,
      'deliveries {source="stripe",verdict="ignored"}': 1,
      'deliveries {source="stripe",verdict="refused"}': 1,
      'deliveries {source="unknown",verdict="refused"}': 1,
      'refusals {source="stripe",code="signature_invalid",reason="signature_mismatch"}': 1,
      'refusals {source="unknown",code="source_unknown",reason="source_unknown"}': 1,
      'events {source="payment",verdict="new"}': 1,
      'events {source="payment",verdict="duplicate"}': 2,
      'events {source="stripe",verdict="new"}': 1,
      'events {source="stripe",verdict="ignored"}': 1,
      'starts {source="payment",outcome="started"}': 1,
      ...(mode === 'direct' && { 'starts {source="payment",outcome="duplicate"}': 2 }),
      'starts {source="stripe",outcome="started"}': 1,
      'answers {source="payment"}': 3,
      'answers {source="stripe"}': 3,
      'answers {source="unknown"}': 1,
    });
  });

  test('what a sender expects, and nobody here knows, is no reason to refuse it', async () => {
    const head = 'POST /webhooks/payment HTTP/1.1\r\nHost: hooks.example.com\r\nExpect: planted\r\n';
    expect(await converse(api.url, signedPush(head))).toMatch(/^HTTP\/1.1 200 .*"received":true/s);
  });

  test('no log line and no metric of all that holds a secret, a signature, a token or a body', async () => {
    const metrics = await (await fetch(`${api.adminUrl}/metrics`)).text();
    api.kill('SIGTERM');
    expect(await api.exited).toBe(0);
    const log = api.output() + api.errors();
    // It was asked for everything, and told of each request.
    expect(log.split('\n').filter((line) => line.includes('"delivery refused"')).length).toBeGreaterThan(50);
    for (const text of [log, metrics]) {
      expect(text).not.toMatch(/planted/i);
      expect(text).not.toMatch(/[0-9a-f]{40}|(AB){20}/);
      expect(text).not.toMatch(/\\n\s+at /);
    }
  });
});
