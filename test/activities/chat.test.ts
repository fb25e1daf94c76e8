import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createChat } from '../../src/activities/chat/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { contextOf, row, run, surroundings } from './context.ts';

interface Call {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that plays a chat: keeps what it is sent, and answers as it is told. */
async function chatServer(answer: (response: ServerResponse, call: Call) => void = slackOk) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      const call = { method, path, headers, body: Buffer.concat(chunks).toString() };
      calls.push(call);
      answer(response, call);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { calls, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// As hooks.slack.com answers: a text.
const slackOk = (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end('ok');
/** As Discord answers: the message that has been edited. */
const discordOk = (response: ServerResponse) =>
  void response
    .writeHead(200, { 'content-type': 'application/json', 'x-ratelimit-limit': '5' })
    .end('{"id":"1","type":20,"content":"Taken: /deploy"}');
const answering =
  (status: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

const rows = [row('answerCommand', 'slack'), row('followUpInteraction', 'discord')];
const secretToken = 'aW50ZXJhY3Rpb24.token_of-15.minutes';
const secretPath = '/commands/T061EG9R6/397700885554/96rGlfmibIGlgcZRskXaIFfN';

const chatAt = (origin: string) =>
  createChat(
    contextOf({
      environment: { SLACK_API_BASE: origin, DISCORD_API_BASE: origin },
      routes: rows,
      reveal: (sealed) => sealed.replace('sealed:', ''),
    }),
  );
const slackAnswer = (url: string) => ({
  event: { source: 'slack', id: 'trigger-1' },
  responseUrl: `sealed:${url}`,
  message: { response_type: 'ephemeral', text: 'Taken: /deploy' } as const,
});
const discordAnswer = (changes: object = {}) => ({
  event: { source: 'discord', id: '786008729715212338' },
  applicationId: '775799577604522054',
  token: `sealed:${secretToken}`,
  message: { content: 'Taken: /deploy', allowed_mentions: { parse: [] } },
  ...changes,
});
const respondInSlack = (origin: string, url = origin + secretPath) =>
  run(chatAt(origin).respondInSlack, slackAnswer(url));
const respondInDiscord = (origin: string, info?: { attempt: number }) =>
  run(chatAt(origin).respondInDiscord, discordAnswer(), info);
const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('an answer', () => {
  test('goes to Slack as a POST of JSON, over the response_url', async () => {
    const { calls, origin } = await chatServer();
    expect(await respondInSlack(origin)).toEqual({ outcome: 'sent' });
    expect(calls).toEqual([
      {
        method: 'POST',
        path: secretPath,
        headers: expect.objectContaining({ 'content-type': 'application/json; charset=utf-8' }),
        body: '{"response_type":"ephemeral","text":"Taken: /deploy"}',
      },
    ]);
  });

  test('goes to Discord as a PATCH of the message that was deferred', async () => {
    const { calls, origin } = await chatServer(discordOk);
    expect(await respondInDiscord(origin)).toEqual({ outcome: 'sent' });
    expect(calls).toMatchObject([
      {
        method: 'PATCH',
        path: `/api/v10/webhooks/775799577604522054/${secretToken}/messages/@original`,
        body: '{"content":"Taken: /deploy","allowed_mentions":{"parse":[]}}',
      },
    ]);
  });

  test('takes 204 for yes as well', async () => {
    const { origin } = await chatServer(answering(204));
    expect(await respondInDiscord(origin)).toEqual({ outcome: 'sent' });
  });
});

describe('an address', () => {
  test.each([
    'http://hooks.slack.com/commands/a',
    'https://hooks.slack.com.example.com/commands/a',
    'https://example.com/https://hooks.slack.com/',
    'https://hooks.slack.com@example.com/',
    'https://user:password@hooks.slack.com/commands/a',
    'https://hooks.slack.com:8443/commands/a',
    'https://slack.com/commands/a',
    'https://127.0.0.1/commands/a',
    'file:///etc/passwd',
    'hooks.slack.com/commands/a',
    '',
  ])('that is not at hooks.slack.com is not called, and not named: %j', async (url) => {
    const chat = createChat(contextOf({ routes: rows, reveal: () => url }));
    expect(await failureOf(run(chat.respondInSlack, slackAnswer('x')))).toMatchObject({
      type: 'ChatAddressRefused',
      nonRetryable: true,
      message: "the answer's address is not at https://hooks.slack.com",
      cause: undefined,
    });
  });

  test('of Slack itself is not called where another origin is set', async () => {
    const { calls, origin } = await chatServer();
    expect(await failureOf(respondInSlack(origin, 'https://hooks.slack.com/commands/a'))).toMatchObject({
      type: 'ChatAddressRefused',
    });
    expect(calls).toEqual([]);
  });

  test.each(['', 'abc', '1/../../users', '775799577604522054?wait=true'])(
    'of Discord has no application %j',
    async (applicationId) => {
      const { calls, origin } = await chatServer(discordOk);
      const attempt = run(chatAt(origin).respondInDiscord, discordAnswer({ applicationId }));
      expect(await failureOf(attempt)).toMatchObject({ type: 'ChatAddressRefused', nonRetryable: true });
      expect(calls).toEqual([]);
    },
  );

  test('cannot be bent by a token', async () => {
    const { calls, origin } = await chatServer(discordOk);
    await run(chatAt(origin).respondInDiscord, discordAnswer({ token: '../../users/@me?x=' }));
    expect(calls[0]?.path).toBe(
      '/api/v10/webhooks/775799577604522054/..%2F..%2Fusers%2F%40me%3Fx%3D/messages/@original',
    );
  });

  test('that redirects is not followed', async () => {
    const elsewhere = await chatServer();
    const { origin } = await chatServer(answering(307, { location: `${elsewhere.origin}/stolen` }));
    expect(await failureOf(respondInSlack(origin))).toMatchObject({
      type: 'ChatRefused',
      nonRetryable: true,
    });
    expect(elsewhere.calls).toEqual([]);
  });
});

describe('a refusal', () => {
  test.each([400, 401, 403, 404, 405, 410, 413])('%i of Slack is final', async (status) => {
    const { origin } = await chatServer(answering(status, {}, 'expired_url'));
    const failure = await failureOf(respondInSlack(origin));
    expect(failure).toMatchObject({ type: 'ChatRefused', nonRetryable: true, cause: undefined });
    expect((failure as Error).message).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+: ${status}$`));
  });

  test.each([400, 401, 403])('%i of Discord is final', async (status) => {
    const { origin } = await chatServer(answering(status));
    expect(await failureOf(respondInDiscord(origin))).toMatchObject({
      type: 'ChatRefused',
      nonRetryable: true,
    });
  });

  test('404 of Discord passes five times, because it may know the token a little later, and no more', async () => {
    const unknown = '{"message": "Unknown Webhook", "code": 10015}';
    const { origin } = await chatServer(answering(404, { 'content-type': 'application/json' }, unknown));
    for (const attempt of [1, 5]) {
      expect(await failureOf(respondInDiscord(origin, { attempt }))).toMatchObject({
        type: 'ChatUnavailable',
        nonRetryable: false,
      });
    }
    expect(await failureOf(respondInDiscord(origin, { attempt: 6 }))).toMatchObject({
      type: 'ChatRefused',
      nonRetryable: true,
    });
  });

  test.each([
    [429, { 'retry-after': '7' }, '7 seconds'],
    [429, { 'retry-after': '0.25' }, '1 seconds'],
    [429, { 'retry-after': '86400' }, '600 seconds'],
    [429, { 'retry-after': 'soon' }, '10 seconds'],
    [429, {}, '10 seconds'],
    [503, { 'retry-after': '30' }, '30 seconds'],
  ] as const)('%i with %j waits %s', async (status, headers, nextRetryDelay) => {
    const { origin } = await chatServer(answering(status, headers));
    for (const attempt of [respondInSlack(origin), respondInDiscord(origin)]) {
      expect(await failureOf(attempt)).toMatchObject({
        type: 'ChatBusy',
        nonRetryable: false,
        nextRetryDelay,
      });
    }
  });

  test.each([500, 502, 503])('%i passes', async (status) => {
    const { origin } = await chatServer(answering(status));
    expect(await failureOf(respondInSlack(origin))).toMatchObject({
      type: 'ChatUnavailable',
      nonRetryable: false,
    });
  });
});

test('a chat that is away, or breaks off, passes, and the failure names its host alone', async () => {
  const breaking = await chatServer((response) => void response.destroy());
  for (const origin of ['http://127.0.0.1:1', breaking.origin]) {
    const failure = await failureOf(respondInSlack(origin));
    expect(failure).toMatchObject({ type: 'ChatUnavailable', nonRetryable: false, cause: undefined });
    expect((failure as Error).message).not.toContain(secretPath);
  }
});

test('an answer under way ends when its run is cancelled', async () => {
  const environment = surroundings();
  const { origin } = await chatServer(() => environment.cancel());
  const attempt = environment.run(chatAt(origin).respondInSlack, slackAnswer(origin + secretPath));
  expect(await failureOf(attempt)).toBeInstanceOf(CancelledFailure);
});

describe('in development', () => {
  /** As under a start that made these proofs up. */
  const answersIn = (home: string, madeUp: readonly string[], environment: Record<string, string> = {}) =>
    createChat(
      contextOf({
        development: true,
        home,
        routes: rows,
        environment,
        isMadeUp: (name) => madeUp.includes(name),
        reveal: (sealed) => sealed.replace('sealed:', ''),
      }),
    );

  test('an answer to a command that nobody can have given is written to a file, without its address', async () => {
    const { home, remove } = await temporaryHome();
    onTestFinished(remove);
    const chat = answersIn(home, ['SLACK_WEBHOOK_SECRET', 'DISCORD_PUBLIC_KEY']);
    const url = `https://hooks.slack.com${secretPath}`;
    expect(await run(chat.respondInSlack, slackAnswer(url))).toEqual({ outcome: 'written' });
    expect(await run(chat.respondInDiscord, discordAnswer())).toEqual({ outcome: 'written' });
    expect(await run(chat.respondInDiscord, discordAnswer())).toEqual({ outcome: 'written' });
    const folder = join(home, 'chat');
    const files = (await readdir(folder)).toSorted();
    expect(files).toEqual(['discord%3A786008729715212338%3Aanswer.json', 'slack%3Atrigger-1%3Aanswer.json']);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual([
      { host: 'discord.com', method: 'PATCH', body: discordAnswer().message },
      { host: 'hooks.slack.com', method: 'POST', body: slackAnswer('').message },
    ]);
    expect(texts.join('')).not.toMatch(new RegExp(`${secretToken}|${secretPath}`));
    expect((await stat(join(folder, files[0]!))).mode & 0o777).toBe(0o600);
  });

  test('it is sent where the source has a proof of its own, or another address', async () => {
    const { home, remove } = await temporaryHome();
    onTestFinished(remove);
    const { calls, origin } = await chatServer();
    const environment = { SLACK_API_BASE: origin };
    for (const madeUp of [[], ['SLACK_WEBHOOK_SECRET']]) {
      const chat = answersIn(home, madeUp, environment);
      expect(await run(chat.respondInSlack, slackAnswer(origin + secretPath))).toEqual({ outcome: 'sent' });
    }
    // Where Slack's own host would be called, another address is refused before.
    const own = answersIn(home, ['DISCORD_PUBLIC_KEY']).respondInSlack;
    expect(await failureOf(run(own, slackAnswer(origin + secretPath)))).toMatchObject({
      type: 'ChatAddressRefused',
    });
    expect(calls).toHaveLength(2);
  });
});

test.each([
  'http://example.com',
  'http://hooks.slack.com',
  'http://localhost.example.com',
  'ftp://127.0.0.1',
  'https://example.com/path',
  'https://user@example.com',
  'https://example.com?x',
  'example.com',
])('SLACK_API_BASE %s stops the start', (base) => {
  expect(() => createChat(contextOf({ environment: { SLACK_API_BASE: base }, routes: rows }))).toThrow(
    new ConfigError(
      'SLACK_API_BASE must be https://host[:port], without path and user; http:// is for this machine alone',
    ),
  );
});

test.each([
  'http://127.0.0.1:8080',
  'http://localhost:8080',
  'http://[::1]:8080',
  'https://hooks.slack-gov.com',
])('SLACK_API_BASE may be %s', (base) => {
  expect(() => createChat(contextOf({ environment: { SLACK_API_BASE: base }, routes: rows }))).not.toThrow();
});
