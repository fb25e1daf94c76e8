import { isValidSlackRequest, verifySlackRequest } from '@slack/bolt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hideCredentials, revealCredential } from '../../src/encryption/credentials.ts';
import { sha256 } from '../../src/providers/signature.ts';
import { slack } from '../../src/providers/slack.ts';
import { key } from '../encryption/support.ts';
import { answered, delivery, fixture, onlyEvent, reasonOf } from './chat.ts';
import { providerContract } from './contract.ts';

const bodyWith = (text: string) =>
  `{"type":"event_callback","event_id":"Ev1","event_time":1700000000,"team_id":"T1","event":{"type":"message","channel":"C1","text":"${text}"}}`;

providerContract('slack', {
  provider: slack(),
  type: 'message',
  bodyWith,
  header: 'x-slack-signature',
  freshness: 'both',
  expected: { id: 'Ev1', types: ['message'], key: 'T1:C1' },
  signatureAt: () => 'v0='.length,
});

const provider = slack();
const secret = '8f742231b10e8888abcd99yyyzzz85a5';
const proof = provider.proof.parse({ WEBHOOK_SECRET: secret });
const now = new Date('2026-11-20T12:00:00Z');
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const jsonType = { 'content-type': 'application/json' };
const signed = (body: string | Buffer, at = now) =>
  provider.sign({ method: 'POST', url: '', body: Buffer.from(body), type: 'x' }, proof, at);
const verify = (given: ReturnType<typeof delivery>, at = now) =>
  reasonOf(() => provider.verify(given, proof, { now: at }));
const read = (body: string | Buffer, headers: Record<string, string> = formType) =>
  provider.read(delivery(body, headers));
const readReason = (body: string | Buffer, headers: Record<string, string> = formType) =>
  reasonOf(() => read(body, headers));

describe('the published vector', () => {
  const body = fixture('slack/command.txt');
  const headers = {
    ...formType,
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  const then = new Date(1_531_420_618_000);

  test('is accepted at its time, and is a command', async () => {
    expect(await verify(delivery(body, headers), then)).toBe('accepted');
    expect(onlyEvent(read(body))).toMatchObject({
      id: sha256('398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'),
      types: ['command./webhook-collect', 'command'],
      key: 'T1DC2JH3J:G8PSS9T3V',
      payload: {
        command: '/webhook-collect',
        text: '',
        response_url: 'https://hooks.slack.com/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfN',
      },
    });
  });

  test('is refused five minutes and a second later, and as much before', async () => {
    const at = (seconds: number) => new Date(then.getTime() + seconds * 1000);
    expect(await verify(delivery(body, headers), at(300))).toBe('accepted');
    expect(await verify(delivery(body, headers), at(301))).toBe('timestamp_stale');
    expect(await verify(delivery(body, headers), at(-300))).toBe('accepted');
    expect(await verify(delivery(body, headers), at(-301))).toBe('timestamp_future');
  });

  test('is refused when one of its escapes is written otherwise, though the form says the same', async () => {
    const rewritten = body.toString().replace('%2Fwebhook-collect', '/webhook-collect');
    expect(await verify(delivery(rewritten, headers), then)).toBe('signature_mismatch');
  });
});

test("bolt's verifySlackRequest accepts what `sign` makes, and refuses it when changed", () => {
  const body = bodyWith('ünïcode 🐎');
  const headers = signed(body);
  const official = (text: string) => ({
    signingSecret: secret,
    body: text,
    headers: {
      'x-slack-signature': headers['x-slack-signature']!,
      'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
    },
    nowMilliseconds: now.getTime(),
  });
  expect(() => verifySlackRequest(official(body))).not.toThrow();
  expect(isValidSlackRequest(official(`${body} `))).toBe(false);
});

describe('a signature', () => {
  const body = bodyWith('plain');
  const headers = signed(body);
  const withHeaders = (changes: Record<string, string | undefined>) =>
    delivery(
      body,
      Object.entries({ ...headers, ...changes }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      ),
    );

  test.each([
    [{ 'x-slack-signature': undefined }, 'signature_missing'],
    [{ 'x-slack-request-timestamp': undefined }, 'timestamp_missing'],
    [{ 'x-slack-request-timestamp': '' }, 'timestamp_missing'],
    [{ 'x-slack-request-timestamp': 'yesterday' }, 'signature_malformed'],
    [{ 'x-slack-request-timestamp': '17e8' }, 'signature_malformed'],
    [{ 'x-slack-request-timestamp': ' 1763640000' }, 'signature_malformed'],
    [{ 'x-slack-request-timestamp': '1763640001' }, 'signature_mismatch'],
    [{ 'x-slack-signature': headers['x-slack-signature']!.slice('v0='.length) }, 'signature_malformed'],
    [{ 'x-slack-signature': headers['x-slack-signature']!.replace('v0', 'v1') }, 'signature_malformed'],
    [{ 'x-slack-signature': headers['x-slack-signature']!.toUpperCase() }, 'signature_malformed'],
  ] as const)('with %j is refused: %s', async (changes, reason) => {
    expect(await verify(withHeaders(changes))).toBe(reason);
  });

  test('with its time twice is refused', async () => {
    const twice = [...Object.entries(headers), ['x-slack-request-timestamp', '1'] as const];
    expect(await verify(delivery(body, twice))).toBe('signature_repeated');
  });

  test('of a retry is judged like any other: the first try may never have arrived', async () => {
    const retry = { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' };
    expect(await verify(withHeaders(retry))).toBe('accepted');
    expect(onlyEvent(read(body, { ...headers, ...retry })).id).toBe('Ev1');
  });

  test("is not replaced by the body's verification token", async () => {
    expect(await verify(delivery(fixture('slack/message.json'), jsonType))).toBe('signature_missing');
  });
});

describe('the Events API', () => {
  test.each([
    ['message', 'Ev9UQ52YNA', 'T061EG9RZ:C061EG9SL:1464196100.000001', '2016-05-25T17:08:47.000Z'],
    ['channel_created', 'Ev9UQ52YNB', 'T061EG9RZ:C024BE91L', '2013-02-13T19:13:24.083Z'],
    ['reaction_added', 'Ev9UQ52YNC', 'T061EG9RZ:C061EG9SL', '2016-06-06T20:22:50.336Z'],
    ['app_rate_limited', 'T123456:1518467820', 'T123456', '2018-02-12T20:37:00.000Z'],
  ])('%s: id, key and time', (type, id, key, occurredAt) => {
    const body = fixture(`slack/${type}.json`);
    expect(onlyEvent(read(body, jsonType))).toMatchObject({
      id,
      types: [type],
      key,
      occurredAt,
      payload: JSON.parse(body.toString()),
    });
  });

  test('asks whether the URL is ours, and gets its challenge back, as text', () => {
    expect(read(fixture('slack/url_verification.json'), jsonType)).toEqual({
      handshake: {
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
      },
    });
  });

  test('asks so signed: a challenge of somebody else is not answered', async () => {
    expect(await verify(delivery(fixture('slack/url_verification.json'), jsonType))).toBe(
      'signature_missing',
    );
  });

  test.each([
    ['{"type":"url_verification"}', 'field_missing'],
    ['{"type":"url_verification","challenge":7}', 'field_malformed'],
    ['{"type":"event_callback","event_id":"Ev1"}', 'field_missing'],
    ['{"type":"event_callback","event_id":"Ev1","event":{}}', 'field_missing'],
    ['{"type":"event_callback","event":{"type":"message"}}', 'field_missing'],
    ['{"type":"app_rate_limited","team_id":"T1"}', 'field_missing'],
    ['{"event_id":"Ev1"}', 'field_missing'],
    ['payload=%7B%7D', 'not_json'],
  ])('%s is unreadable', async (body, reason) => {
    expect(await readReason(body, jsonType)).toBe(reason);
  });

  test('an outer type of its future is an event when it has an id', () => {
    expect(
      onlyEvent(read('{"type":"something_new","event_id":"Ev2","team_id":"T1"}', jsonType)),
    ).toMatchObject({
      id: 'Ev2',
      types: ['something_new'],
      key: 'T1',
    });
  });

  test('an organisation without a workspace is known by itself', () => {
    const body = bodyWith('x').replace('"team_id":"T1"', '"team_id":null,"enterprise_id":"E1"');
    expect(onlyEvent(read(body, jsonType)).key).toBe('E1:C1');
  });
});

describe('interactivity', () => {
  test.each([
    [
      'block_actions',
      'block_actions.approve',
      'T061EG9RZ:CBR2V3XEX',
      sha256('12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3'),
    ],
    [
      'view_submission',
      'view_submission.ticket',
      'T061EG9RZ',
      sha256('12321423424.333649436676.d8c1bb837935619ccad0f624c448ffb4'),
    ],
    ['view_closed', 'view_closed.ticket', 'T061EG9RZ', expect.stringMatching(/^[0-9a-f]{64}$/)],
    [
      'block_suggestion',
      'block_suggestion.repository',
      'T061EG9RZ:CBR2V3XEX',
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ],
  ])('%s: type, key and id', (wide, specific, key, id) => {
    const event = onlyEvent(read(fixture(`slack/${wide}.txt`)));
    expect(event).toMatchObject({ id, types: [specific, wide], key, payload: { type: wide } });
  });

  test('without a trigger the same bytes are the same event, and others another', () => {
    const body = fixture('slack/view_closed.txt').toString();
    const idOf = (text: string) => onlyEvent(read(text)).id;
    expect(idOf(body)).toBe(idOf(body));
    expect(idOf(body.replace('VNHU13V36', 'VNHU13V37'))).not.toBe(idOf(body));
  });

  test.each(['', 'a'.repeat(600), 'nul\0', '\ud800'])(
    'a name that can be no type leaves the wide one: %j',
    (name) => {
      const payload = JSON.stringify({ type: 'shortcut', callback_id: name, trigger_id: 't' });
      expect(onlyEvent(read(`payload=${encodeURIComponent(payload)}`)).types).toEqual(['shortcut']);
    },
  );

  test.each([
    ['payload=%7B%7D&payload=%7B%7D', 'field_repeated'],
    ['payload=%7B', 'not_json'],
    ['payload=%5B%5D', 'field_malformed'],
    ['payload=%7B%7D', 'field_missing'],
    ['payload=%ff', 'not_utf8'],
    ['payload=%7', 'not_form'],
    ['command=%2Fa&command=%2Fb', 'field_repeated'],
    ['command=%2Fa&text=1&text=2', 'field_repeated'],
    ['command=&trigger_id=1', 'field_missing'],
    ['text=hello', 'field_missing'],
    ['', 'field_missing'],
    ['command=%2Fa&__proto__=1', 'not_form'],
    ['command=%2Fa&Trigger=1', 'not_form'],
  ])('the form %s is unreadable', async (body, reason) => {
    expect(await readReason(body)).toBe(reason);
  });

  test('a body of JSON under the content type of a form is no form, whatever its texts say', async () => {
    const body = bodyWith('&command=%2Fdeploy&trigger_id=1&');
    expect(await readReason(body, formType)).toBe('not_form');
  });
});

describe('the ssl_check probe', () => {
  const body = fixture('slack/ssl_check.txt');

  test('is answered 200 and nothing, unsigned', async () => {
    expect(await verify(delivery(body, formType))).toBe('accepted');
    expect(read(body)).toEqual({ handshake: { status: 200 } });
  });

  test.each([
    'ssl_check=1&command=%2Fdeploy&trigger_id=1',
    'command=%2Fdeploy&trigger_id=1&ssl_check=1',
    'ssl_check=1&payload=%7B%22type%22%3A%22shortcut%22%7D',
  ])('starts nothing, whatever it carries, and none of that is kept: %s', async (forged) => {
    expect(await verify(delivery(forged, formType))).toBe('accepted');
    const kept = provider.blank!(Buffer.from(forged));
    expect(kept.toString()).toBe('ssl_check=1');
    expect(read(kept)).toEqual({ handshake: { status: 200 } });
    expect(read(forged)).toEqual({ handshake: { status: 200 } });
  });

  test('signed, it starts nothing either', async () => {
    const forged = 'ssl_check=1&command=%2Fdeploy&trigger_id=1';
    expect(await verify(delivery(forged, signed(forged)))).toBe('accepted');
    expect(read(forged)).toEqual({ handshake: { status: 200 } });
  });

  test.each([
    ['of another value', 'ssl_check=0&command=%2Fdeploy', formType],
    ['twice', 'ssl_check=1&ssl_check=1', formType],
    ['in the value of another field', 'command=ssl_check=1', formType],
    ['in JSON', '{"ssl_check":1,"type":"event_callback"}', jsonType],
    ['in a form that says it is JSON', 'ssl_check=1', jsonType],
    ['without a content type', 'ssl_check=1', {}],
    ['in a broken form', 'ssl_check=1&text=%', formType],
    ['with more than 4 KiB', `ssl_check=1&text=${'x'.repeat(4096)}`, formType],
    ['in a text of JSON under the content type of a form', bodyWith('&ssl_check=1&'), formType],
  ])('%s is none, and needs a signature', async (_how, text, headers) => {
    expect(await verify(delivery(text, headers as Record<string, string>))).toBe('signature_missing');
  });

  test('nothing else is blanked, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const given = Buffer.from(bytes);
        expect(provider.blank!(given)).toBe(given);
      }),
    );
    const command = fixture('slack/command.txt');
    expect(provider.blank!(command)).toBe(command);
  });
});

describe('answers', () => {
  test.each([
    'command./deploy',
    'command',
    'block_actions.approve',
    'view_submission.ticket',
    'view_closed.ticket',
    'shortcut.open_ticket',
    'message_action.file_bug',
  ])('%s: 200 and not a byte, or Slack would show it', (type) => {
    expect(answered(provider, type, { received: true })).toEqual({ status: 200 });
  });

  test('a menu is told that it has no options', () => {
    expect(answered(provider, 'block_suggestion.repository')).toEqual({ status: 200, body: { options: [] } });
  });

  test('an event: what became of it', () => {
    const body = { received: true, duplicate: true };
    expect(answered(provider, 'message', body)).toEqual({ status: 200, body });
  });
});

describe('credentials', () => {
  const keys = { current: key('slack'), previous: undefined };
  const hidden = (body: Buffer) =>
    hideCredentials(onlyEvent(read(body)).payload, provider.credentials ?? [], keys) as Record<
      string,
      string
    >;

  test('a command keeps its answer to itself', () => {
    const payload = hidden(fixture('slack/command.txt'));
    expect(JSON.stringify(payload)).not.toMatch(/hooks\.slack\.com|803a0bc887a14d10|xyzz0WbapA4v/);
    expect(revealCredential(payload['response_url']!, keys)).toMatch(
      /^https:\/\/hooks\.slack\.com\/commands\//,
    );
    expect(payload['user_name']).toBe('roadrunner');
  });

  test('so do a click, and a modal that may answer in several places', () => {
    expect(JSON.stringify(hidden(fixture('slack/block_actions.txt')))).not.toMatch(
      /hooks\.slack\.com|d8c1bb837935619c|z26uFbvR1xHJ/,
    );
    const submitted = hidden(fixture('slack/view_submission.txt'));
    expect(JSON.stringify(submitted)).not.toMatch(/hooks\.slack\.com|d8c1bb837935619c|z26uFbvR1xHJ/);
    expect(JSON.parse(revealCredential(submitted['response_urls']!, keys))).toMatchObject([
      { response_url: 'https://hooks.slack.com/app/ABC123/abc123' },
    ]);
  });
});
