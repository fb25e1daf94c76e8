import { createHmac } from 'node:crypto';
import { verifySlackRequest } from '@slack/bolt';
import { sha256 } from '../../src/providers/signature.ts';
import { slack } from '../../src/providers/slack.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = slack();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: '8f742231b10e8888abcd99yyyzzz85a5' };
const header = 'x-slack-signature';
const timeHeader = 'x-slack-request-timestamp';
const bodyWith = (text: string) =>
  `{"type":"event_callback","event_id":"Ev1","event_time":1700000000,"team_id":"T1","event":{"type":"message","channel":"C1","text":"${text}"}}`;
const agoSeconds = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const request = (body: string | Buffer, { by = environment, at = now } = {}) =>
  signed(provider, by, { body, type: 'message', at });
const unsigned = (body: string, contentType = 'application/x-www-form-urlencoded') => ({
  method: 'POST',
  url: '/webhooks/slack',
  headers: [['content-type', contentType]] as const,
  body: Buffer.from(body),
});
const read = { ids: ['Ev1'], types: ['message'] };

/** The body of the published vector. */
const command =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
const commandId = sha256('398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c');

/** docs.slack.dev/authentication/verifying-requests-from-slack; held to @slack/bolt's verifySlackRequest. */
export function slackSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const time = headerOf(base, timeHeader);
  const rotated = { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET };
  const cut = base.body.subarray(0, -1);
  const official = bodyWith('accepted by bolt 🐎');
  const challenge = '{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd","type":"url_verification"}';
  return {
    name: 'slack',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header, timeHeader] },
    cases: [
      {
        kind: 'published vector',
        title: "Slack's documented secret, time, body and signature: a slash command",
        request: withHeader(
          withHeader(request(command), timeHeader, '1531420618'),
          header,
          'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
        ),
        now: new Date(1_531_420_618_000),
        expect: { ids: [commandId], types: ['command./webhook-collect'] },
      },
      {
        kind: 'official signer',
        title: "signed by hand, and accepted by @slack/bolt's verifySlackRequest",
        request: acceptedByBolt(official),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { by: { WEBHOOK_SECRET: 'another' } }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'no time',
        request: withHeader(base, timeHeader),
        expect: { refused: 'timestamp_missing' },
      },
      {
        kind: 'forged',
        title: 'a time that is no number',
        request: withHeader(base, timeHeader, 'now'),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'forged',
        title: 'the time is another than was signed',
        request: withHeader(base, timeHeader, String(Number(time) + 1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'an unsigned command, with the right verification token',
        request: unsigned(command),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'stale',
        title: '300 s old',
        request: request(bodyWith('plain'), { at: agoSeconds(300) }),
        expect: read,
      },
      {
        kind: 'stale',
        title: '301 s old',
        request: request(bodyWith('plain'), { at: agoSeconds(301) }),
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'future',
        title: '300 s ahead',
        request: request(bodyWith('plain'), { at: agoSeconds(-300) }),
        expect: read,
      },
      {
        kind: 'future',
        title: '301 s ahead',
        request: request(bodyWith('plain'), { at: agoSeconds(-301) }),
        expect: { refused: 'timestamp_future' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, cut),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(cut),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'truncated',
        title: 'a form that ends within an escape, signed as it is',
        request: request('command=%2'),
        expect: { refused: 'not_form' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the body',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in a form, half of its blanks as +, half as %20',
        request: request(`command=%2Fsay&text=${encodeURIComponent('žluťoučký 🐎')}+a%20b&trigger_id=1.2.3`),
        expect: { ids: [sha256('1.2.3')], types: ['command./say'] },
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a text, signed as they are',
        request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'invalid UTF-8',
        title: '%FF in a form, signed as it is',
        request: request('command=%FF'),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'repeated header',
        title: 'the signature came twice',
        request: withHeader(base, header, signature, signature),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'repeated header',
        title: 'the time came twice',
        request: withHeader(base, timeHeader, time, time),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: rotated,
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'the right digest in base64',
        request: withHeader(
          base,
          header,
          `v0=${Buffer.from(signature.slice('v0='.length), 'hex').toString('base64')}`,
        ),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'the right digest as v1',
        request: withHeader(base, header, signature.replace('v0=', 'v1=')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'ssl_check=1 among the fields of an unsigned command: a probe, and nothing else',
        request: unsigned(`${command}&ssl_check=1`),
        expect: { handshake: true },
      },
      {
        kind: 'downgrade',
        title: 'an unsigned event of JSON that speaks of ssl_check=1, under the content type of a form',
        request: unsigned(bodyWith('&ssl_check=1&')),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'the id is in the signed body: with another it is forged',
        request: withBody(base, base.body.toString().replace('Ev1', 'Ev2')),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'a signed event of JSON, sent again under the content type of a form: it is none',
        request: withHeader(
          request(bodyWith('&command=%2Fdeploy&')),
          'content-type',
          'application/x-www-form-urlencoded',
        ),
        expect: { refused: 'not_form' },
      },
      {
        kind: 'handshake',
        title: 'url_verification, signed',
        request: request(challenge),
        expect: { handshake: true },
      },
      {
        kind: 'handshake',
        title: 'url_verification, unsigned',
        request: unsigned(challenge, 'application/json'),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'handshake',
        title: 'ssl_check=1, which Slack does not sign',
        request: unsigned('ssl_check=1&token=gIkuvaNzQIHg97ATvDxqgjtO'),
        expect: { handshake: true },
      },
    ],
    without: {},
  };
}

/** Slack has no signer to call; this one is Node's alone, and bolt has the last word. */
function acceptedByBolt(body: string) {
  const seconds = now.getTime() / 1000;
  const digest = createHmac('sha256', environment.WEBHOOK_SECRET)
    .update(`v0:${seconds}:${body}`)
    .digest('hex');
  const headers = { 'x-slack-signature': `v0=${digest}`, 'x-slack-request-timestamp': seconds };
  verifySlackRequest({
    signingSecret: environment.WEBHOOK_SECRET,
    body,
    headers,
    nowMilliseconds: now.getTime(),
  });
  return withHeader(request(body), header, headers['x-slack-signature']);
}
