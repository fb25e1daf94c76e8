import type { AnyProvider } from '../../src/define.ts';
import type { Captured } from '../../src/judge/captured.ts';
import type { ConformanceCase } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

export const now = new Date('2026-11-20T12:00:00Z');
export const seconds = String(now.getTime() / 1000);
export const later = (by: number) => new Date(now.getTime() + by * 1000);
export const bodyWith = (text: string) => `{"id":"evt_1","type":"thing.happened","note":"${text}"}`;
export const read = { ids: ['evt_1'], types: ['thing.happened'] };
export const places = { id: '/id', type: '/type' };

export const noTime = { stale: 'no time is signed', future: 'no time is signed' };
export const noHandshake = { handshake: 'there is none' };
export const idInBody = { 'replay under another id': 'the id is in the signed body' };
export const idUnsigned = {
  'replay under another id': 'nothing is signed: who has the secret can say any id',
};

export type Environment = Readonly<Record<string, string>>;
export type Request = (body: string | Buffer, by?: Environment, at?: Date) => Captured;

export const requestOf =
  (
    provider: AnyProvider,
    environment: Environment,
    extra: { privateKey?: string; url?: string } = {},
  ): Request =>
  (body, by = environment, at = now) =>
    signed(provider, by, { body, type: 'thing.happened', at, id: 'id-1', ...extra });

/** What is the same whatever proves it. */
export function bodies(request: Request): ConformanceCase[] {
  return [
    {
      kind: 'truncated',
      title: 'a cut body, proven as it is',
      request: request(bodyWith('plain').slice(0, -1)),
      expect: { refused: 'not_json' },
    },
    {
      kind: 'truncated',
      title: 'an empty body, proven as it is',
      request: request(''),
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
      title: 'bytes FF FE in a text, proven as they are',
      request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
      expect: { refused: 'not_utf8' },
    },
  ];
}

/** What is the same of every signature in one header. */
export function signatures(base: Captured, header: string): ConformanceCase[] {
  const signature = headerOf(base, header);
  return [
    {
      kind: 'forged',
      title: 'no signature',
      request: withHeader(base, header),
      expect: { refused: 'signature_missing' },
    },
    {
      kind: 'truncated',
      title: 'the last byte of the body is missing',
      request: withBody(base, base.body.subarray(0, -1)),
      expect: { refused: 'signature_mismatch' },
    },
    {
      kind: 'truncated',
      title: 'the last character of the signature is missing',
      request: withHeader(base, header, signature.slice(0, -1)),
      expect: { refused: 'signature_malformed' },
    },
    {
      kind: 'repeated header',
      title: 'the signature came twice',
      request: withHeader(base, header, signature, signature),
      expect: { refused: 'signature_repeated' },
    },
  ];
}

/** What is the same of every signed time. */
export function times(base: Captured, header: string, request: Request): ConformanceCase[] {
  return [
    {
      kind: 'stale',
      title: 'signed 301 s ago',
      request: request(bodyWith('plain'), undefined, later(-301)),
      expect: { refused: 'timestamp_stale' },
    },
    {
      kind: 'stale',
      title: 'signed 300 s ago',
      request: request(bodyWith('plain'), undefined, later(-300)),
      expect: read,
    },
    {
      kind: 'stale',
      title: 'no time',
      request: withHeader(base, header),
      expect: { refused: 'timestamp_missing' },
    },
    {
      kind: 'future',
      title: 'signed for 301 s ahead',
      request: request(bodyWith('plain'), undefined, later(301)),
      expect: { refused: 'timestamp_future' },
    },
  ];
}

/** What is the same of senders that sign nothing. */
export const unsigned = {
  ...noTime,
  ...idUnsigned,
  ...noHandshake,
  'wrong algorithm': 'there is none',
} as const;
