import { Webhook } from 'standardwebhooks';
import type { AnyProvider } from '../../src/define.ts';
import type { ConformanceCase } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

export const now = new Date('2026-11-20T12:00:00Z');
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const agoSeconds = (seconds: number) => new Date(now.getTime() - seconds * 1000);

export interface StandardScheme {
  readonly provider: AnyProvider;
  readonly set: 'webhook-' | 'svix-';
  /** The name of the variable with the secret. */
  readonly variable: string;
  readonly type: string;
  readonly bodyWith: (text: string) => string;
}

/** What is asked of everyone whose `v1` signatures are those of Standard Webhooks. */
export function standardCases({ provider, set, variable, type, bodyWith }: StandardScheme) {
  const environment = { [variable]: secret };
  const request = (
    body: string | Buffer = bodyWith('plain'),
    { by = secret, at = now }: { by?: string; at?: Date } = {},
  ) => signed(provider, { [variable]: by }, { body, type, at, id: 'msg_1' });
  const base = request();
  const name = `${set}signature`;
  const signature = headerOf(base, name);
  const withSignature = (...values: string[]) => withHeader(base, name, ...values);
  const cut = base.body.subarray(0, -1);
  const official = bodyWith('signed by standardwebhooks 🐎');
  const read = { ids: ['msg_1'], types: [type] };
  const cases: ConformanceCase[] = [
    {
      kind: 'official signer',
      title: 'signed by standardwebhooks',
      request: withHeader(request(official), name, new Webhook(secret).sign('msg_1', now, official)),
      expect: read,
    },
    {
      kind: 'forged',
      title: 'signed with another secret',
      request: request(bodyWith('plain'), { by: other }),
      expect: { refused: 'signature_mismatch' },
    },
    {
      kind: 'forged',
      title: 'signed with the text of the secret, not with the bytes that it spells',
      request: withSignature(new Webhook(secret, { format: 'raw' }).sign('msg_1', now, base.body.toString())),
      expect: { refused: 'signature_mismatch' },
    },
    {
      kind: 'forged',
      title: 'no signature',
      request: withSignature(),
      expect: { refused: 'signature_missing' },
    },
    {
      kind: 'forged',
      title: 'no id',
      request: withHeader(base, `${set}id`),
      expect: { refused: 'signature_missing' },
    },
    {
      kind: 'forged',
      title: 'no time',
      request: withHeader(base, `${set}timestamp`),
      expect: { refused: 'timestamp_missing' },
    },
    {
      kind: 'forged',
      title: 'another time beside the signature',
      request: withHeader(base, `${set}timestamp`, String(now.getTime() / 1000 - 1)),
      expect: { refused: 'signature_mismatch' },
    },
    { kind: 'stale', title: '300 s old', request: request(undefined, { at: agoSeconds(300) }), expect: read },
    {
      kind: 'stale',
      title: '301 s old',
      request: request(undefined, { at: agoSeconds(301) }),
      expect: { refused: 'timestamp_stale' },
    },
    {
      kind: 'stale',
      title: '11 s old, where 10 are allowed',
      request: request(undefined, { at: agoSeconds(11) }),
      environment: { ...environment, WEBHOOK_TOLERANCE_SECONDS: '10' },
      expect: { refused: 'timestamp_stale' },
    },
    {
      kind: 'future',
      title: '300 s ahead',
      request: request(undefined, { at: agoSeconds(-300) }),
      expect: read,
    },
    {
      kind: 'future',
      title: '301 s ahead',
      request: request(undefined, { at: agoSeconds(-301) }),
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
      title: 'the id came twice',
      request: withHeader(base, `${set}id`, 'msg_1', 'msg_1'),
      expect: { refused: 'signature_repeated' },
    },
    {
      kind: 'repeated header',
      title: 'the time came twice',
      request: withHeader(
        base,
        `${set}timestamp`,
        ...Array<string>(2).fill(headerOf(base, `${set}timestamp`)),
      ),
      expect: { refused: 'signature_repeated' },
    },
    {
      kind: 'repeated header',
      title: 'the signatures came in two headers: they are a list',
      request: withSignature(`v1,${Buffer.alloc(32).toString('base64')}`, signature),
      expect: read,
    },
    {
      kind: 'repeated header',
      title: 'the list was folded with a comma on the way',
      request: withSignature(`v1,${Buffer.alloc(32).toString('base64')}, ${signature}`),
      expect: read,
    },
    {
      kind: 'rotated proof',
      title: 'signed with the previous secret',
      request: base,
      environment: { [variable]: other, [`${variable}_PREVIOUS`]: secret },
      expect: read,
    },
    {
      kind: 'rotated proof',
      title: 'signed with both, the right one last',
      request: withSignature(`${headerOf(request(undefined, { by: other }), name)} ${signature}`),
      expect: read,
    },
    {
      kind: 'wrong algorithm',
      title: 'v1 in hex',
      request: withSignature(`v1,${Buffer.from(signature.slice(3), 'base64').toString('hex')}`),
      expect: { refused: 'signature_malformed' },
    },
    {
      kind: 'wrong algorithm',
      title: 'the HMAC as v1a',
      request: withSignature(signature.replace('v1,', 'v1a,')),
      expect: { refused: 'signature_missing' },
    },
    {
      kind: 'downgrade',
      title: 'a version that nobody knows',
      request: withSignature(signature.replace('v1,', 'v0,')),
      expect: { refused: 'signature_missing' },
    },
    {
      kind: 'replay under another id',
      title: 'the id is signed: with another it is forged',
      request: withHeader(base, `${set}id`, 'msg_2'),
      expect: { refused: 'signature_mismatch' },
    },
  ];
  return { base, cases, environment, read, request, signature, withSignature };
}
