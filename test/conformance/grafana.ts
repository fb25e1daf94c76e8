import { createHmac } from 'node:crypto';
import { grafana } from '../../src/providers/grafana.ts';
import { fixture } from '../providers/fixture.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = grafana();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: 'secret', WEBHOOK_TIMESTAMP_HEADER: 'X-Grafana-Time' };
const untimed = { WEBHOOK_SECRET: 'secret' };
const header = 'x-grafana-alerting-signature';
const timeHeader = 'x-grafana-time';
const firing = fixture('grafana/firing.json');
const bodyWith = (text: string) =>
  JSON.stringify({ ...(JSON.parse(firing.toString()) as object), message: text });
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const request = (
  body: string | Buffer,
  { by = environment, at = now }: { by?: Readonly<Record<string, string>>; at?: Date } = {},
) => signed(provider, by, { body, type: 'firing', at, method: 'PUT' });
const read = {
  ids: ['firing-52fc5ca07a448747dfb34dd30c2a9ea0cf47f3cccbead33aa397cbac1782fc78-0'],
  types: ['firing'],
};

/** As github.com/grafana/alerting `http/hmac.go` does it. */
const hmacOf = (body: Buffer, time: number, algorithm = 'sha256') =>
  createHmac(algorithm, 'secret').update(`${time}:`).update(body).digest('hex');

/** grafana.com/docs, webhook notifier. Grafana publishes no vector, and its signer is Go: this one is independent. */
export function grafanaSuite(): ConformanceSuite {
  const base = request(firing);
  const signature = headerOf(base, header);
  const time = now.getTime() / 1000;
  return {
    name: 'grafana',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header, timeHeader] },
    cases: [
      {
        kind: 'official signer',
        title: 'signed by an independent implementation, over time, colon and body',
        request: withHeader(withHeader(base, timeHeader, `${time}`), header, hmacOf(firing, time)),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'signed over the body alone, where no header for the time is named',
        request: request(firing, { by: untimed }),
        environment: untimed,
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(firing, { by: { ...environment, WEBHOOK_SECRET: 'another' } }),
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
        title: 'signed, without the token that is demanded too',
        request: base,
        environment: { ...environment, WEBHOOK_TOKEN: 'token' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'stale',
        title: '300 s old',
        request: request(firing, { at: ago(300) }),
        expect: read,
      },
      {
        kind: 'stale',
        title: '301 s old',
        request: request(firing, { at: ago(301) }),
        expect: { refused: 'timestamp_stale' },
      },
      {
        kind: 'future',
        title: '301 s ahead',
        request: request(firing, { at: ago(-301) }),
        expect: { refused: 'timestamp_future' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, firing.subarray(0, -1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(firing.subarray(0, -1)),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the message, which makes no other event',
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
        request: withHeader(base, timeHeader, `${time}`, `${time}`),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { ...environment, WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: 'secret' },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'SHA-512',
        request: withHeader(base, header, hmacOf(firing, time, 'sha512')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'signed over the body alone, where the time is demanded',
        request: request(firing, { by: untimed }),
        expect: { refused: 'timestamp_missing' },
      },
      {
        kind: 'downgrade',
        title: 'a token instead of the signature',
        request: withHeader(withHeader(base, header), 'authorization', 'Bearer token'),
        environment: { ...environment, WEBHOOK_TOKEN: 'token' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'a token, and a signature that nobody can look at',
        request: withHeader(base, 'authorization', 'Bearer token'),
        environment: { WEBHOOK_TOKEN: 'token' },
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'the same bytes at the next flush: the same id',
        request: request(firing, { at: ago(-300) }),
        now: ago(-300),
        expect: read,
      },
    ],
    without: {
      'published vector': 'Grafana publishes none',
      handshake: 'Grafana has none; the test of a contact point is a notification',
    },
  };
}
