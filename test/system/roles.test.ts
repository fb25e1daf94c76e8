import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { searchAttributeNames } from '../../src/temporal/search-attributes.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import gateway from '../../src/gateway.ts';
import {
  createNamespace,
  everhook,
  expectGone,
  finished,
  post,
  proofs,
  query,
  readyApi,
  sample,
  secrets,
  treeOf,
  unique,
  unusedPort,
  type After,
  type Settings,
} from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let client: Client;
let home = '';
let databaseUrl = '';
let settings: Settings;
beforeAll(async () => {
  const made = await temporaryHome();
  home = made.home;
  afterwards(made.remove);
  const database = await createDatabase(inject('postgresUrl'));
  databaseUrl = database.url;
  afterwards(() => database.drop());
  client = await createNamespace(inject('temporalAddress'), { after: afterwards });
  settings = {
    EVERHOOK_MODE: 'direct',
    EVERHOOK_HOME: home,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: client.options.namespace,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  };
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** A file with a line in it. */
async function fileWith(line: string): Promise<string> {
  const file = join(home, unique('file'));
  await writeFile(file, line);
  return file;
}

const smtp = { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'everhook@example.com' };
const payment = () => sample('payment', 'payment.succeeded', { id: unique('evt') });
const https = { 'x-forwarded-proto': 'https' };

describe('everhook api, configured wrongly, stops with code 2 and one line for each problem', () => {
  test('every source without its proof', async () => {
    const { code, output, errors } = await finished(['api'], settings);
    const lines = errors.trimEnd().split('\n');
    expect(lines).toContain(
      'everhook: the source stripe has no valid proof: STRIPE_WEBHOOK_SECRET is not set',
    );
    expect(lines).toContain(
      'everhook: the source alertmanager has no valid proof: ALERTMANAGER_WEBHOOK_TOKEN is not set, nor is WEBHOOK_BASIC or WEBHOOK_PATH_TOKEN',
    );
    const named = lines.flatMap(
      (line) => /^everhook: the source (\S+) has no valid proof: /.exec(line)?.[1] ?? [],
    );
    expect(named).toEqual(Object.keys(gateway.sources));
    // Slack's and Discord's deliveries hold credentials; HubSpot and Twilio sign the URL.
    const rest = lines.filter((line) => !line.includes('has no valid proof'));
    expect(rest.map((line) => /^everhook: source (\S+): .*(EVERHOOK_\w+)/.exec(line)?.slice(1, 3))).toEqual([
      ['slack', 'EVERHOOK_ENCRYPTION_KEY'],
      ['discord', 'EVERHOOK_ENCRYPTION_KEY'],
      ['hubspot', 'EVERHOOK_PUBLIC_URL'],
      ['twilio', 'EVERHOOK_PUBLIC_URL'],
    ]);
    expect({ code, output }).toEqual({ code: 2, output: '' });
  });

  test.each<[string, () => Promise<Settings>, RegExp]>([
    [
      'a name and its _FILE together',
      async () => ({ ...proofs, STRIPE_WEBHOOK_SECRET_FILE: await fileWith('whsec_file') }),
      /^everhook: STRIPE_WEBHOOK_SECRET and STRIPE_WEBHOOK_SECRET_FILE are both set: keep one\n$/,
    ],
    [
      'a blank value',
      () => Promise.resolve({ ...proofs, PAYMENT_WEBHOOK_SECRET: ' ' }),
      /^everhook: PAYMENT_WEBHOOK_SECRET is blank: set it or remove it\n$/,
    ],
    [
      'a source that the gateway does not have',
      () => Promise.resolve({ ...proofs, EVERHOOK_SOURCES: 'stripe,stripes' }),
      new RegExp(
        `^everhook: EVERHOOK_SOURCES names stripes; the gateway has ${Object.keys(gateway.sources).join(', ')}\n$`,
      ),
    ],
  ])('%s', async (_name, make, message) => {
    const { code, output, errors } = await finished(['api'], { ...settings, ...(await make()) });
    expect(errors).toMatch(message);
    expect({ code, output }).toEqual({ code: 2, output: '' });
  });
});

describe('everhook api', () => {
  test('takes secrets from files, and refuses plain HTTP but behind the proxy that it trusts', async () => {
    const api = await readyApi({
      ...settings,
      EVERHOOK_SOURCES: 'payment',
      PAYMENT_WEBHOOK_SECRET_FILE: await fileWith(`${secrets.payment}\n`),
      EVERHOOK_TRUST_PROXY: 'loopback',
    });
    const signed = payment()();
    const url = `${api.url}/webhooks/payment`;
    const plain = await post(url, signed);
    expect(plain).toMatchObject({ status: 403, body: expect.stringContaining('"code":"https_required"') });
    const { body, headers } = signed;
    const secure = await post(url, { body, headers: { ...headers, ...https } });
    expect(secure).toMatchObject({ status: 200 });
    expect(JSON.parse(secure.body)).not.toHaveProperty('duplicate');
  });

  test('believes no proxy that it was not told of', async () => {
    const api = await readyApi({ ...settings, ...proofs });
    const { body, headers } = payment()();
    const answered = await post(`${api.url}/webhooks/payment`, { body, headers: { ...headers, ...https } });
    expect(answered).toMatchObject({ status: 403, body: expect.stringContaining('"code":"https_required"') });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'answers the request whose body is still coming when %s arrives, and ends',
    async (signal) => {
      const api = await readyApi({ ...settings, ...proofs, EVERHOOK_TRUST_PROXY: 'loopback' });
      const idle = await open(api.url);
      idle.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      await expect.poll(idle.received).toMatch(/^HTTP\/1.1 200 /);
      // This one never says anything.
      await open(api.url);

      const { body, headers } = payment()();
      const slow = await open(api.url);
      const lines = Object.entries({ ...headers, ...https }).map(([name, value]) => `${name}: ${value}\r\n`);
      slow.socket.write(
        `POST /webhooks/payment HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${lines.join('')}\r\n`,
      );
      slow.socket.write(body.subarray(0, 10));
      await expect
        .poll(async () => (await (await fetch(`${api.adminUrl}/metrics`)).text()).match(inFlight)?.[1])
        .toBe('10');

      api.kill(signal);
      await api.says(/"stopping"/);
      await expect.poll(() => refuses(api.url)).toBe(true);
      expect(slow.received()).toBe('');
      const began = performance.now();
      slow.socket.write(body.subarray(10));
      await expect.poll(slow.received, { timeout: 5000 }).toMatch(/^HTTP\/1.1 200 [^]*"received":true/);
      expect(await api.exited).toBe(0);
      // It waits for nobody who merely keeps a connection open.
      expect(performance.now() - began).toBeLessThan(5000);
      expect(api.errors()).toBe('');
    },
  );
});

const inFlight = /^everhook_body_bytes_in_flight (\d+)$/m;

interface Conversation {
  readonly socket: Socket;
  received(): string;
}

/** A connection, and what came back on it. */
async function open(url: string): Promise<Conversation> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, received: () => text };
}

const refuses = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    () => false,
    () => true,
  );

describe('everhook worker', () => {
  test.each<[string, Settings, RegExp]>([
    [
      'a database for the ledger',
      { ...smtp, EVERHOOK_SOURCES: 'stripe', STRIPE_API_KEY: 'sk_test_x' },
      /^everhook: DATABASE_URL is not set: .*stripe payment_intent\.succeeded \(fulfillPayment\).*\n$/,
    ],
    [
      'the key to read payments again',
      { ...smtp, EVERHOOK_SOURCES: 'stripe', DATABASE_URL: 'postgres://127.0.0.1:1/none' },
      /^everhook: STRIPE_API_KEY is not set: .*stripe payment_intent\.succeeded \(fulfillPayment\).*\n$/,
    ],
  ])('stops with code 2 without %s, naming the variable and the rows', async (_name, given, message) => {
    const { code, errors } = await finished(['worker'], { ...settings, ...given });
    expect(errors).toMatch(message);
    expect(code).toBe(2);
  });

  test('that was started before Temporal waits for it, works, and ends on SIGTERM', async () => {
    const port = await unusedPort();
    const worker = everhook(['worker'], {
      ...settings,
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
      ...smtp,
      EVERHOOK_SOURCES: 'payment',
      DATABASE_URL: databaseUrl,
    });
    await worker.says(/"waiting for Temporal"/);
    await relay(port, inject('temporalAddress'));
    await worker.says(/"worker ready"/);
    const event = { id: unique('evt'), source: 'payment', type: 'other', receivedAt: '2026-01-01T00:00:00Z' };
    const result = await client.workflow.execute('recordEvent', {
      workflowId: `payment:${event.id}`,
      taskQueue: 'everhook',
      args: [{ ...event, payload: {} }],
      workflowExecutionTimeout: '30 seconds',
    });
    expect(result).toMatchObject({ source: 'payment', type: 'other' });

    const tree = await treeOf(worker.pid);
    worker.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    await expectGone(tree);
  });

  test('ends on SIGTERM while it still waits for Temporal', async () => {
    const worker = everhook(['worker'], {
      ...settings,
      TEMPORAL_ADDRESS: `127.0.0.1:${await unusedPort()}`,
      ...smtp,
      EVERHOOK_SOURCES: 'payment',
      DATABASE_URL: databaseUrl,
    });
    await worker.says(/"waiting for Temporal"/);
    worker.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(worker.errors()).toBe('');
  });
});

/** Listens on a port and passes all connections on, until the test ends. */
async function relay(port: number, target: string): Promise<void> {
  const [host, targetPort] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(targetPort), host);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
}

describe('everhook migrate', () => {
  test('makes database and namespace fit, and changes nothing when repeated', async () => {
    const database = await createDatabase(inject('postgresUrl'));
    onTestFinished(() => database.drop());
    const bare = await createNamespace(inject('temporalAddress'), { prepared: false });
    const { namespace } = bare.options;
    const given = { ...settings, DATABASE_URL: database.url, TEMPORAL_NAMESPACE: namespace };
    const temporal = `temporal: namespace ${namespace} has ${searchAttributeNames.join(', ')}\n`;
    expect(await finished(['migrate'], given)).toEqual({
      code: 0,
      output: `ledger: applied entries\ncontacts: applied contacts\nincidents: applied incidents\n${temporal}`,
      errors: '',
    });
    expect(await finished(['migrate'], given)).toEqual({
      code: 0,
      output: `ledger: up to date\ncontacts: up to date\nincidents: up to date\n${temporal}`,
      errors: '',
    });
    expect(await query(database.url, 'select version from ledger.migrations')).toEqual([{ version: 1 }]);
    const { customAttributes } = await (bare.connection as Connection).operatorService.listSearchAttributes({
      namespace,
    });
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining([...searchAttributeNames]));
  });

  test.each<[string, () => Promise<Settings>, RegExp]>([
    ['DATABASE_URL', () => Promise.resolve({}), /^everhook: DATABASE_URL is not set: .*\n$/],
    [
      'the database that does not answer',
      async () => ({ DATABASE_URL: `postgres://nobody:planted@127.0.0.1:${await unusedPort()}/none` }),
      /^everhook: DATABASE_URL: .*ECONNREFUSED.*\n$/,
    ],
    [
      'the namespace that does not exist',
      () => Promise.resolve({ DATABASE_URL: databaseUrl, TEMPORAL_NAMESPACE: 'no-such-namespace' }),
      /^everhook: Temporal has no namespace no-such-namespace \(TEMPORAL_NAMESPACE\)\n$/,
    ],
    [
      'the Temporal that does not answer',
      async () => ({ DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: `127.0.0.1:${await unusedPort()}` }),
      /^everhook: Temporal at 127\.0\.0\.1:\d+ .*\n$/,
    ],
  ])('names %s, without a stack', async (_name, make, message) => {
    const { code, errors } = await finished(['migrate'], { ...settings, ...(await make()) });
    expect(errors).toMatch(message);
    expect(errors).not.toContain('planted');
    expect(code).toBe(2);
  });
});

test('a command whose reader has gone ends quietly', async () => {
  const line = `"${process.execPath}" bin/everhook.js sources | true`;
  const { stderr } = await promisify(execFile)('sh', ['-c', line]);
  expect(stderr).toBe('');
});

test.each([
  [
    ['--data', '/nonexistent/body.json'],
    /^everhook: --data: \/nonexistent\/body\.json cannot be read: ENOENT/,
  ],
  [['--data', 'LICENSE', '--set', 'a=1'], /^everhook: --set: the body is no JSON object/],
  [['--url', 'localhost:3000'], /^everhook: --url: localhost:3000 is not an address/],
  [
    ['--url', 'http://127.0.0.1:1/webhooks/payment'],
    /^everhook: http:\/\/127\.0\.0\.1:1\/webhooks\/payment does not answer/,
  ],
])('everhook send %j says what it cannot use, without a stack', async (args, message) => {
  const { code, errors } = await finished(['send', 'payment', 'payment.succeeded', ...args], settings);
  expect(code).toBe(2);
  expect(errors).toMatch(message);
  expect(errors.trim().split('\n')).toHaveLength(1);
});

test('a worker says what namespace there is not, and ends', async () => {
  const { code, errors } = await finished(['worker'], {
    ...settings,
    EVERHOOK_SOURCES: 'payment',
    DATABASE_URL: inject('postgresUrl'),
    TEMPORAL_NAMESPACE: 'nope',
  });
  expect(errors).toContain('everhook: Temporal has no namespace nope (TEMPORAL_NAMESPACE)');
  expect(code).toBe(2);
});

test('everhook sources --json tells scripts of every source, and nothing of its secrets', async () => {
  const { code, output, errors } = await finished(['sources', '--json'], {
    ...settings,
    EVERHOOK_SOURCES: 'stripe,github',
    STRIPE_WEBHOOK_SECRET: secrets.stripe,
  });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const told = JSON.parse(output) as { source: string }[];
  expect(told.map(({ source }) => source)).toEqual(Object.keys(gateway.sources));
  const of = (name: string) => told.find(({ source }) => source === name);
  expect([of('stripe'), of('github'), of('payment')]).toMatchObject([
    {
      source: 'stripe',
      provider: 'stripe',
      path: '/webhooks/stripe',
      on: true,
      proof: 'set',
      names: ['STRIPE_WEBHOOK_SECRET'],
      routes: expect.arrayContaining(['payment_intent.succeeded']),
      samples: expect.arrayContaining(['payment_intent.succeeded']),
    },
    {
      source: 'github',
      on: true,
      proof: 'missing or wrong',
      names: ['GITHUB_WEBHOOK_SECRET', 'GITHUB_WEBHOOK_SECRET_PREVIOUS'],
    },
    { source: 'payment', on: false, proof: 'missing or wrong' },
  ]);
  expect(output).not.toContain(secrets.stripe);
});
