import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { migrateStores, readRoleConfig } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { defineGateway, source, type ActivityContext } from '../../src/define.ts';
import { sampleRequest } from '../../src/dev/signed-request.ts';
import { noKeys, parseKey, type Keys } from '../../src/encryption/keys.ts';
import { createPool } from '../../src/journal/connection.ts';
import {
  readStored,
  storedColumns,
  UnreadableError,
  type StoredEvent,
} from '../../src/journal/read-event.ts';
import { createLogger } from '../../src/log.ts';
import { hmac } from '../../src/providers/index.ts';
import { sha256 } from '../../src/providers/signature.ts';
import { startApi, type ApiServer } from '../../src/server.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { startWorker } from '../../src/worker.ts';
import { historyToJson } from '../support/history.ts';
import { finished, post, query, surroundings, unique, type After } from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const secret = 'secret-of-the-chat';
const token = 'xoxb-token-that-answers';
const url = 'https://hooks.example.com/answer/here';
const session = 'session-that-nobody-keeps';
/** A chat whose bodies hold what answers, and the sender's session. */
const chat = {
  ...hmac({ id: '/id', type: '/type', key: '/channel' }),
  credentials: ['/token', '/answer/url'],
  blank: (body: Buffer) =>
    Buffer.from(body.toString('latin1').replace(/"session":"[^"]*"/, '"session":""'), 'latin1'),
};
const gateway = defineGateway({
  sources: { chat: source(chat) },
  routes: {
    chat: { asked: 'answer', ordered: { workflow: 'answer', inOrderBy: channelOf, settlingSeconds: 0 } },
  },
  workflowsPath: fileURLToPath(new URL('fixtures/chatty.ts', import.meta.url)),
  activities: ({ reveal }: ActivityContext) => ({
    fingerprintOf: (sealed: string) => Promise.resolve(sha256(Buffer.from(reveal(sealed)))),
  }),
});
function channelOf({ key = '' }: { key?: string }): string {
  return key;
}
const log = createLogger({ level: 'silent', terminal: false });
const keyText = `chat-1:${randomBytes(32).toString('base64')}`;
const newKeys = (): Keys => ({
  current: parseKey(`other:${randomBytes(32).toString('base64')}`)!,
  previous: undefined,
});

const cleanUps: (() => Promise<void> | void)[] = [];
const afterwards: After = (cleanUp) => void cleanUps.push(cleanUp);
let config: Config;
let databaseUrl: string;
let api: ApiServer;
let client: Client;
beforeAll(async () => {
  const made = await surroundings(afterwards);
  const plain = made.client;
  databaseUrl = made.databaseUrl;
  const environment = { ...made.settings, CHAT_WEBHOOK_SECRET: secret, EVERHOOK_ENCRYPTION_KEY: keyText };
  config = await readRoleConfig(gateway, { environment, development: true });
  await migrateStores(gateway, config);
  const worker = await startWorker(gateway, config, log);
  afterwards(() => worker.stop());
  api = await startApi(gateway, config, log);
  afterwards(() => api.stop());
  client = new Client({
    connection: plain.connection,
    namespace: plain.options.namespace,
    dataConverter: createDataConverter({ keys: config.encryption }),
  });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

async function deliver(id: string, type = 'asked', headers: Record<string, string> = {}) {
  const data = Buffer.from(
    JSON.stringify({ id, type, channel: 'general', token, answer: { url, text: 'hello' }, session }),
  );
  const proof = { secrets: [secret], toleranceSeconds: undefined };
  const signed = sampleRequest({
    provider: chat,
    proof,
    type,
    url: 'http://127.0.0.1/webhooks/chat',
    data,
  })();
  return await post(`${api.url}/webhooks/chat`, { ...signed, headers: { ...signed.headers, ...headers } });
}

/** Every row of the journal, its bytes as what they spell. */
async function journalText(): Promise<string> {
  const tables = ['deliveries', 'events', 'runs', 'conflicts', 'blobs'];
  const texts = tables.map(async (table) => {
    const rows = await query<{ row: object; bytes: Buffer | null }>(
      databaseUrl,
      `select to_json(t) as row, ${{ deliveries: 't.body', blobs: 't.data' }[table] ?? 'null::bytea'} as bytes
       from everhook.${table} t`,
    );
    return rows.map(({ row, bytes }) => JSON.stringify(row) + (bytes?.toString('latin1') ?? '')).join('\n');
  });
  return (await Promise.all(texts)).join('\n');
}

const stored = async (id: string): Promise<StoredEvent> => {
  const [row] = await query<StoredEvent>(
    databaseUrl,
    `select ${storedColumns} from everhook.events e join everhook.deliveries d on d.id = e.delivery_id
     where e.event_id = '${id}'`,
  );
  return row!;
};

test.each(['asked', 'ordered'])(
  'a run gets credentials sealed, and its activity opens them: %s',
  async (type) => {
    const id = unique('chat');
    expect((await deliver(id, type)).status).toBe(200);
    const handle = client.workflow.getHandle(`chat:${id}`);
    const result = async () => {
      try {
        return (await handle.result()) as { payload: Record<string, unknown>; token: string; url: string };
      } catch (error) {
        // An ordered one is started by its turn, a moment later.
        if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
        throw error;
      }
    };
    await expect.poll(result, { timeout: 20_000 }).toMatchObject({
      payload: {
        id,
        session: '',
        token: expect.stringMatching(/^everhook-sealed:/) as string,
        answer: { text: 'hello', url: expect.stringMatching(/^everhook-sealed:/) as string },
      },
      token: sha256(Buffer.from(token)),
      url: sha256(Buffer.from(url)),
    });
    // Whoever may read payloads in Temporal's UI sees them sealed as well.
    expect(historyToJson(await handle.fetchHistory())).not.toContain(Buffer.from(token).toString('base64'));
  },
);

test('the journal holds them sealed, of accepted and refused deliveries, and what is blanked not at all', async () => {
  const id = unique('kept');
  expect((await deliver(id)).status).toBe(200);
  expect((await deliver(id)).body).toContain('"duplicate":true');
  expect((await deliver(unique('forged'), 'asked', { 'x-webhook-signature': 'f'.repeat(64) })).status).toBe(
    401,
  );
  const flags = () =>
    query(
      databaseUrl,
      `select verdict, sealed, redacted from everhook.deliveries
       where verdict = 'refused' or id in (select delivery_id from everhook.events where event_id = '${id}')
       order by verdict`,
    );
  await expect.poll(flags).toEqual([
    { verdict: 'new', sealed: true, redacted: true },
    { verdict: 'refused', sealed: true, redacted: true },
  ]);
  const text = await journalText();
  expect(text).toContain(id);
  for (const hidden of [token, url, session]) expect(text).not.toContain(hidden);
});

test('a body is printed where it is asked for twice, with the key', async () => {
  const id = unique('printed');
  await deliver(id);
  const settings = { DATABASE_URL: databaseUrl, EVERHOOK_ENCRYPTION_KEY: keyText };
  const story = await finished(['events', 'show', `chat:${id}`], settings);
  expect(story.output).toMatch(/^  2\S+.* sealed, redacted$/m);
  const show = ['events', 'show', `chat:${id}`, '--body'];
  const shut = await finished(show, settings);
  expect(shut).toMatchObject({ code: 1, output: '' });
  expect(shut.errors).toContain('--unseal');
  const { output } = await finished([...show, '--unseal'], settings);
  expect(JSON.parse(output)).toMatchObject({ id, token, session: '' });
  const blind = await finished([...show, '--unseal'], { DATABASE_URL: databaseUrl });
  expect(blind).toMatchObject({ code: 2, output: '' });
  expect(blind.errors).toContain('sealed with the key chat-1, which is not set');
});

describe('a body that cannot be opened', () => {
  const read = (row: StoredEvent, keys: Keys) => () =>
    readStored(row, { chat: { provider: chat, refuseReplays: false, keys } });

  test('waits for its key, which another process may have', async () => {
    const id = unique('waits');
    await deliver(id);
    const row = await stored(id);
    for (const keys of [noKeys, newKeys()]) {
      expect(read(row, keys)).toThrow(/chat-1/);
      expect(read(row, keys)).not.toThrow(UnreadableError);
    }
    expect(read(row, config.encryption)().payload).toMatchObject({ id });
  });

  test('is unreadable for good where it was changed', async () => {
    const id = unique('changed');
    await deliver(id);
    const row = await stored(id);
    row.body![row.body!.length - 1]! ^= 1;
    expect(read(row, config.encryption)).toThrow(UnreadableError);
  });
});

test('in production such a source stops the start of either role without a key', async () => {
  const bare: Config = { ...config, development: false, encryption: noKeys };
  const complaint = /^source chat: .*EVERHOOK_ENCRYPTION_KEY/;
  await expect(startApi(gateway, bare, log)).rejects.toThrow(complaint);
  await expect(startWorker(gateway, bare, log)).rejects.toThrow(complaint);
  await expect(startApi(gateway, { ...bare, sources: [] }, log).then((other) => other.stop())).resolves.toBe(
    undefined,
  );
});

test('what cannot be blanked is kept without its body', async () => {
  const refusing = {
    ...chat,
    blank(): Buffer {
      throw new Error('no such thing');
    },
  };
  const other = await startApi(
    { ...gateway, sources: { chat: source(refusing) } },
    { ...config, port: 0, adminPort: 0 },
    log,
  );
  const body = `{"id":"x","session":"${session}"}`;
  const headers = { 'x-webhook-signature': 'e'.repeat(64), 'user-agent': 'unblankable' };
  expect((await post(`${other.url}/webhooks/chat`, { body, headers })).status).toBe(401);
  await other.stop();
  const pool = createPool(databaseUrl, { name: 'test', connections: 1 });
  const { rows } = await pool.query(
    `select body_bytes, redacted from everhook.deliveries where headers ->> 'user-agent' like '%unblankable%'`,
  );
  await pool.end();
  expect(rows).toEqual([{ body_bytes: 0, redacted: true }]);
});
