import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/accept.ts';
import type { ReadySource } from '../../src/api/receive.ts';
import type { AnyProvider } from '../../src/define.ts';
import { discord, slack } from '../../src/providers/index.ts';
import { fixture } from '../providers/chat.ts';
import { testApp, type TestApp } from './support.ts';

/** A source as a gateway has it, and how its sender signs. */
function chatSource(provider: AnyProvider, routes: ReadySource['routes']) {
  const made = provider.develop!();
  const proof = provider.proof.parse(made) as object;
  const source: ReadySource = { name: provider.name, provider, proof, routes, bodyLimitBytes: 1_572_864 };
  const sign = (body: Buffer): Record<string, string> =>
    provider.sign(
      { method: 'POST', url: '', body, type: 'x' },
      { ...proof, ...(made['PRIVATE_KEY'] !== undefined && { privateKey: made['PRIVATE_KEY'] }) },
      new Date(),
    );
  return { source, sign };
}

const sources = {
  slack: chatSource(slack(), { command: 'answerCommand', message: 'recordEvent' }),
  discord: chatSource(discord(), { command: 'followUpInteraction', modal: 'followUpInteraction' }),
};
const chatApp = (verdict?: Verdict): Promise<TestApp> =>
  testApp({
    sources: { slack: sources.slack.source, discord: sources.discord.source },
    ...(verdict && { accept: ({ events }) => Promise.resolve(events.map(() => verdict)) }),
  });

type Name = keyof typeof sources;

/** What a sender gets, byte for byte: the status, the headers that say what the body is, and the body. */
async function answerTo(app: TestApp, name: Name, body: Buffer, headers = sources[name].sign(body)) {
  const answered = await app.call('POST', `/webhooks/${name}`, headers, body);
  const { 'content-type': type, 'content-length': length, 'cache-control': cache } = answered.headers;
  expect(cache).toBe('no-store');
  return { status: answered.status, type, length, body: answered.body };
}

const empty = { status: 200, type: undefined, length: '0', body: '' };
const nothing = { status: 204, type: 'application/json', length: undefined, body: '' };
const json = (body: string) => ({
  status: 200,
  type: 'application/json',
  length: String(Buffer.byteLength(body)),
  body,
});

describe('Slack hears', () => {
  test('its challenge again, as text', async () => {
    const challenge = '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P';
    const app = await chatApp();
    expect(await answerTo(app, 'slack', fixture('slack/url_verification.json'))).toEqual({
      status: 200,
      type: 'text/plain',
      length: '52',
      body: challenge,
    });
    expect(app.accepted).toEqual([]);
  });

  test.each([
    'ssl_check=1&token=gIkuvaNzQIHg97ATvDxqgjtO',
    'ssl_check=1&command=%2Fdeploy&trigger_id=1&token=gIkuvaNzQIHg97ATvDxqgjtO',
    'payload=%7B%22type%22%3A%22shortcut%22%7D&ssl_check=1',
  ])('200 and nothing to its probe, which is unsigned and starts nothing: %s', async (probe) => {
    const app = await chatApp();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await answerTo(app, 'slack', Buffer.from(probe), headers)).toEqual(empty);
    expect(app.accepted).toEqual([]);
    expect(app.observed).toMatchObject([{ verdict: 'handshake' }]);
  });

  test.each(['command', 'block_actions', 'view_submission', 'view_closed'])(
    '200 and nothing to a form, or its user would see it: %s',
    async (name) => {
      const app = await chatApp();
      expect(await answerTo(app, 'slack', fixture(`slack/${name}.txt`))).toEqual(empty);
      expect(app.accepted).toHaveLength(1);
    },
  );

  test('200 and nothing to a command that came twice', async () => {
    const app = await chatApp('duplicate');
    expect(await answerTo(app, 'slack', fixture('slack/command.txt'))).toEqual(empty);
  });

  test('of no options for a menu', async () => {
    const app = await chatApp();
    expect(await answerTo(app, 'slack', fixture('slack/block_suggestion.txt'))).toEqual(
      json('{"options":[]}'),
    );
  });

  test('what became of an event; a retry is a delivery like others', async () => {
    const body = fixture('slack/message.json');
    const retry = { ...sources.slack.sign(body), 'x-slack-retry-num': '1' };
    const app = await chatApp();
    expect(await answerTo(app, 'slack', body)).toEqual(json('{"received":true}'));
    expect(await answerTo(app, 'slack', body, retry)).toEqual(json('{"received":true}'));
    expect(app.accepted).toHaveLength(2);
    const again = await chatApp('duplicate');
    expect(await answerTo(again, 'slack', body, retry)).toEqual(json('{"received":true,"duplicate":true}'));
  });
});

describe('Discord hears', () => {
  test('PONG', async () => {
    const app = await chatApp();
    expect(await answerTo(app, 'discord', fixture('discord/ping.json'))).toEqual(json('{"type":1}'));
    expect(app.accepted).toEqual([]);
  });

  test.each([
    ['command', '{"type":5}'],
    ['modal', '{"type":5}'],
    ['component', '{"type":6}'],
    ['autocomplete', '{"type":8,"data":{"choices":[]}}'],
  ])('of an interaction that it is under way: %s', async (name, body) => {
    const app = await chatApp();
    expect(await answerTo(app, 'discord', fixture(`discord/${name}.json`))).toEqual(json(body));
    expect(app.accepted).toHaveLength(1);
  });

  test.each(['autocomplete', 'component'])('of nothing that starts by itself: %s', async (name) => {
    const app = await chatApp();
    await answerTo(app, 'discord', fixture(`discord/${name}.json`));
    expect(app.accepted[0]?.events).toMatchObject([{ plan: { state: 'ignored' } }]);
  });

  test.each(['webhook-ping', 'application-authorized', 'entitlement-create'])(
    '204, not a byte, and a Content-Type: %s',
    async (name) => {
      const app = await chatApp();
      expect(await answerTo(app, 'discord', fixture(`discord/${name}.json`))).toEqual(nothing);
    },
  );

  test('204 with nothing behind its headers', async () => {
    const body = fixture('discord/webhook-ping.json');
    const lines = Object.entries({
      host: 'x',
      connection: 'close',
      'content-length': String(body.length),
      ...sources.discord.sign(body),
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const app = await chatApp();
    const answer = await app.raw(
      `POST /webhooks/discord HTTP/1.1\r\n${lines.join('')}\r\n${body.toString('latin1')}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 204 No Content\r\n[^]*\r\n\r\n$/);
    expect(answer).toMatch(/^content-type: application\/json\r$/im);
    expect(answer).not.toMatch(/^(content-length|transfer-encoding):/im);
  });

  test('401 to the wrong signatures that it sends on purpose, also on a PING', async () => {
    for (const name of ['ping', 'webhook-ping', 'command']) {
      const body = fixture(`discord/${name}.json`);
      const headers = { ...sources.discord.sign(body), 'x-signature-ed25519': 'ab'.repeat(64) };
      expect(await answerTo(await chatApp(), 'discord', body, headers)).toMatchObject({
        status: 401,
        type: 'application/problem+json',
        body: expect.stringContaining('"code":"signature_invalid"'),
      });
    }
  });
});
