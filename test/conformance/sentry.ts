import { createHmac } from 'node:crypto';
import { sentry } from '../../src/providers/sentry.ts';
import { fixture } from '../providers/fixture.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = sentry();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: 'client secret' };
const header = 'sentry-hook-signature';
const resourceHeader = 'sentry-hook-resource';
const comment = fixture('sentry/comment.updated.json');
const bodyWith = (text: string) =>
  `{"action": "updated", "installation": {"uuid": "u"}, "data": {"comment_id": 1234, "issue_id": 100, "timestamp": "2026-11-20T11:51:44.118160Z", "comment": "${text}"}}`;
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'comment.updated', at: now });
const id = 'comment.updated:1234:2026-11-20T11:51:44.118160Z';
const read = { ids: [id], types: ['comment.updated'] };

/** docs.sentry.io/integrations/integration-platform/webhooks. Sentry publishes no vector: the signer is independent. */
export function sentrySuite(): ConformanceSuite {
  const base = request(comment);
  const signature = headerOf(base, header);
  const hmacOf = (algorithm: string) =>
    createHmac(algorithm, environment.WEBHOOK_SECRET).update(comment).digest('hex');
  return {
    name: 'sentry',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'official signer',
        title: "Python's JSON with its blanks and escapes, signed by an independent implementation",
        request: withHeader(base, header, hmacOf('sha256')),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(comment, { WEBHOOK_SECRET: 'another' }),
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
        title: 'the body written anew without its blanks',
        request: withBody(base, JSON.stringify(JSON.parse(comment.toString()))),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, comment.subarray(0, -1)),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(comment.subarray(0, -1)),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the comment',
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
        title: 'the resource came twice',
        request: withHeader(base, resourceHeader, 'comment', 'issue'),
        expect: { refused: 'field_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: { WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'SHA-512',
        request: withHeader(base, header, hmacOf('sha512')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'wrong algorithm',
        title: 'sha256= in front of it',
        request: withHeader(base, header, `sha256=${signature}`),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'replay under another id',
        title: 'under another Request-ID and time, as a retry comes: the same event',
        request: withHeader(withHeader(base, 'request-id', 'other'), 'sentry-hook-timestamp', '1'),
        expect: read,
      },
      {
        kind: 'replay under another id',
        title: 'the same signed body under another resource: known again by its bytes',
        request: withHeader(base, resourceHeader, 'metric_alert'),
        expect: {
          ids: ['metric_alert.updated:14b791a5b3f5fa59679a932d045f7dba3a2739b3968ead733ee06521297a4e70'],
          types: ['metric_alert.updated'],
          knownAgain: true,
        },
      },
    ],
    without: {
      'published vector': 'Sentry publishes none',
      stale: 'Sentry signs no time',
      future: 'Sentry signs no time',
      downgrade: 'Sentry has one scheme',
      handshake: 'Sentry has none',
    },
  };
}
