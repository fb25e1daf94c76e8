import { datadog } from '../../src/providers/datadog.ts';
import { fixture } from '../providers/fixture.ts';
import type { ConformanceSuite } from './conformance.ts';
import { signed, withBody, withHeader } from './requests.ts';

const provider = datadog();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_TOKEN: 'token', WEBHOOK_HEADER: 'X-Datadog-Token' };
const header = 'x-datadog-token';
const triggered = fixture('datadog/triggered.json');
const bodyWith = (text: string) =>
  JSON.stringify({ ...(JSON.parse(triggered.toString()) as object), title: text });
const request = (body: string | Buffer) =>
  signed(provider, environment, { body, type: 'query_alert_monitor', at: now });
const read = { ids: ['5485379890863845239:Triggered'], types: ['query_alert_monitor'] };

/** docs.datadoghq.com/integrations/webhooks */
export function datadogSuite(): ConformanceSuite {
  const base = request(triggered);
  return {
    name: 'datadog',
    provider,
    environment,
    now,
    base,
    covers: { body: false, headers: [header] },
    cases: [
      {
        kind: 'forged',
        title: 'another token',
        request: withHeader(base, header, 'other'),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no token',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'truncated',
        title: 'a cut body',
        request: withBody(base, triggered.subarray(0, -4)),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'truncated',
        title: 'a template without $ID',
        request: withBody(base, '{"event_type":"query_alert_monitor"}'),
        expect: { refused: 'field_missing' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the title',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in a form',
        request: withHeader(
          withBody(
            base,
            `id=5485379890863845239&event_type=query_alert_monitor&alert_transition=Triggered&title=${encodeURIComponent('žluťoučký 🐎')}`,
          ),
          'content-type',
          'application/x-www-form-urlencoded',
        ),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a text',
        request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'repeated header',
        title: 'the token came twice',
        request: withHeader(base, header, 'token', 'token'),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'the previous token',
        request: base,
        environment: { ...environment, WEBHOOK_TOKEN: 'new', WEBHOOK_TOKEN_PREVIOUS: 'token' },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'Bearer before the token, in a header whose whole value it is',
        request: withHeader(base, header, 'Bearer token'),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'downgrade',
        title: 'the token in Authorization, where another header is named',
        request: withHeader(withHeader(base, header), 'authorization', 'Bearer token'),
        expect: { refused: 'signature_missing' },
      },
    ],
    without: {
      'published vector': 'Datadog signs nothing',
      'official signer': 'Datadog signs nothing',
      stale: 'Datadog signs no time',
      future: 'Datadog signs no time',
      'replay under another id': 'Datadog signs nothing, and the id is in the body',
      handshake: 'Datadog has none',
    },
  };
}
