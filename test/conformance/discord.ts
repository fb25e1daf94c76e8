import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { verifyKey } from 'discord-interactions';
import { discord } from '../../src/providers/discord.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = discord();
const now = new Date('2026-11-20T12:00:00Z');
const header = 'x-signature-ed25519';
const timeHeader = 'x-signature-timestamp';

/** RFC 8032, 7.1, tests 1 and 2: Discord publishes no key pair of its own. */
const first = {
  publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
};
const second = {
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
};
const environment = { PUBLIC_KEY: first.publicKey };
const bodyWith = (text: string) =>
  `{"type":2,"id":"786008729715212338","token":"A_UNIQUE_TOKEN","guild_id":"290926798626357999","data":{"name":"deploy","options":[{"name":"target","value":"${text}"}]}}`;
const request = (body: string | Buffer, { by = first, at = now } = {}) =>
  signed(
    provider,
    { PUBLIC_KEY: by.publicKey },
    { body, type: 'command', at, privateKey: Buffer.from(by.seed, 'hex').toString('base64') },
  );
const read = { ids: ['786008729715212338'], types: ['command.deploy'] };

/** docs.discord.com/developers/interactions/overview; held to discord-interactions' verifyKey. */
export async function discordSuite(): Promise<ConformanceSuite> {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const time = headerOf(base, timeHeader);
  const cut = base.body.subarray(0, -1);
  const bounded = { ...environment, WEBHOOK_TOLERANCE_SECONDS: '300' };
  const old = request(bodyWith('plain'), { at: new Date('2020-01-01T00:00:00Z') });
  const ahead = request(bodyWith('plain'), { at: new Date('2030-01-01T00:00:00Z') });
  return {
    name: 'discord',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header, timeHeader] },
    cases: [
      {
        kind: 'official signer',
        title: "signed by Node's own Ed25519, and accepted by discord-interactions' verifyKey",
        request: await acceptedByDiscord(bodyWith('accepted by verifyKey 🐎')),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another key, as Discord itself does now and then, to see the 401',
        request: request(bodyWith('plain'), { by: second }),
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
        title: 'a signature of zeros',
        request: withHeader(base, header, '00'.repeat(64)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'the time is another than was signed',
        request: withHeader(base, timeHeader, String(Number(time) + 1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: "the body's first byte moved into the time: what is signed stays the same",
        request: withBody(withHeader(base, timeHeader, `${time}{`), base.body.subarray(1)),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'forged',
        title: "the time's last digit moved into the body: what is signed stays the same",
        request: withBody(
          withHeader(base, timeHeader, time.slice(0, -1)),
          time.slice(-1) + base.body.toString(),
        ),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'stale',
        title: 'years old: Discord names no bound, and there is none',
        request: old,
        expect: read,
      },
      {
        kind: 'stale',
        title: 'years old, where WEBHOOK_TOLERANCE_SECONDS is 300',
        request: old,
        environment: bounded,
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'future',
        title: 'years ahead, where WEBHOOK_TOLERANCE_SECONDS is 300',
        request: ahead,
        environment: bounded,
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
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the body',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a text, signed as they are',
        request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
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
        title: 'signed with the previous key',
        request: base,
        environment: { PUBLIC_KEY: second.publicKey, PUBLIC_KEY_PREVIOUS: first.publicKey },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'an HMAC by the public key, which everybody knows',
        request: withHeader(
          base,
          header,
          createHmac('sha512', first.publicKey).update(time).update(base.body).digest('hex'),
        ),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'wrong algorithm',
        title: 'the right signature in base64',
        request: withHeader(base, header, Buffer.from(signature, 'hex').toString('base64')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'replay under another id',
        title: 'the id is in the signed body: with another it is forged',
        request: withBody(base, base.body.toString().replace('212338', '212339')),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'handshake',
        title: "an interaction's PING",
        request: request('{"type":1,"id":"1171562339218837565","token":"A_UNIQUE_TOKEN","version":1}'),
        expect: { handshake: true },
      },
      {
        kind: 'handshake',
        title: "a webhook's PING",
        request: request('{"version":1,"application_id":"1234560123453231555","type":0}'),
        expect: { handshake: true },
      },
      {
        kind: 'handshake',
        title: 'a PING that somebody else signed',
        request: request('{"type":1}', { by: second }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'handshake',
        title: 'a webhook event, though its type is the number of the other PING',
        request: request(
          '{"version":1,"application_id":"1","type":1,"event":{"type":"APPLICATION_DEAUTHORIZED","timestamp":"2024-10-18T14:42:53.064834"}}',
        ),
        expect: {
          ids: ['b71ec825f9ba67c976ebc162a1862944b8c10afc627626210127300738ddb350'],
          types: ['APPLICATION_DEAUTHORIZED'],
        },
      },
    ],
    without: {
      'published vector': 'Discord publishes none',
      downgrade: 'there is one scheme',
    },
  };
}

async function acceptedByDiscord(body: string) {
  const time = String(now.getTime() / 1000);
  const key = createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${first.seed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const signature = sign(null, Buffer.from(time + body), key).toString('hex');
  if (!(await verifyKey(body, signature, time, first.publicKey))) throw new Error('verifyKey refuses it');
  return withHeader(withHeader(request(body), timeHeader, time), header, signature);
}
