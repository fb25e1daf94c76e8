import { alertmanager } from '../../src/providers/alertmanager.ts';
import { fixture } from '../providers/fixture.ts';
import type { ConformanceSuite } from './conformance.ts';
import { signed, withBody, withHeader } from './requests.ts';

const provider = alertmanager();
const now = new Date('2026-11-26T19:20:40Z');
const environment = { WEBHOOK_TOKEN: 'token' };
const header = 'authorization';
const bodyWith = (text: string) =>
  JSON.stringify({
    receiver: 'everhook',
    status: 'firing',
    alerts: [{ status: 'firing', startsAt: '2026-11-26T19:20:10Z', fingerprint: '2d93568ee0a39cf4' }],
    commonAnnotations: { summary: text },
    groupKey: '{}:{alertname="DiskFull"}',
    truncatedAlerts: 0,
  });
const request = (body: string | Buffer) => signed(provider, environment, { body, type: 'firing', at: now });
const id = 'firing-b4fc97aba1481a4fb59caa31b124cb57f0648a24c130b005c77ee580949a60bc-0';
const read = { ids: [id], types: ['firing'] };
const basicOf = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** prometheus.io/docs/alerting/latest/configuration; a body as Alertmanager 0.25.0 sent it. */
export function alertmanagerSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  return {
    name: 'alertmanager',
    provider,
    environment,
    now,
    base,
    covers: { body: false, headers: [] },
    cases: [
      {
        kind: 'official signer',
        title: 'as Alertmanager 0.25.0 sent it, with `authorization: { credentials }`',
        request: {
          method: 'POST',
          url: '/webhooks/alertmanager',
          headers: [
            ['User-Agent', 'Alertmanager/0.25.0'],
            ['Authorization', 'Bearer token'],
            ['Content-Type', 'application/json'],
          ],
          body: fixture('alertmanager/firing.json'),
        },
        expect: {
          ids: ['firing-9d4b8d5ef60afe89079aeafca479cde729f95b5f3700d5598479404033a4cc5e-0'],
          types: ['firing'],
        },
      },
      {
        kind: 'forged',
        title: 'another token',
        request: withHeader(base, header, 'Bearer other'),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no authorization',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'no path token where one is demanded beside the token',
        request: base,
        environment: { ...environment, WEBHOOK_PATH_TOKEN: 'path' },
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'truncated',
        title: 'a cut body',
        request: withBody(base, base.body.subarray(0, -1)),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'truncated',
        title: 'a payload of its own, which tells of no group',
        request: withBody(base, '{"text":"The disk is full"}'),
        expect: { refused: 'field_missing' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in an annotation, which makes no other event',
        request: request(bodyWith('žluťoučký 🐎')),
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
        title: 'the authorization came twice',
        request: withHeader(base, header, 'Bearer token', 'Bearer token'),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'the previous token',
        request: base,
        environment: { WEBHOOK_TOKEN: 'new', WEBHOOK_TOKEN_PREVIOUS: 'token' },
        expect: read,
      },
      {
        kind: 'rotated proof',
        title: 'the previous password',
        request: withHeader(base, header, basicOf('am:old')),
        environment: { WEBHOOK_BASIC: 'am:new', WEBHOOK_BASIC_PREVIOUS: 'am:old' },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'the bare token, without Bearer',
        request: withHeader(base, header, 'token'),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'downgrade',
        title: 'the token as a password',
        request: withHeader(base, header, basicOf('token:token')),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'replay under another id',
        title: 'the same notification four minutes later: a retry, the same id',
        request: base,
        now: new Date(now.getTime() + 240_000),
        expect: read,
      },
      {
        kind: 'replay under another id',
        title: 'the same notification four hours later: a repeat, an event of its own',
        request: base,
        now: new Date(now.getTime() + 14_400_000),
        expect: { ids: [id.replace(/0$/, '48')], types: ['firing'] },
      },
    ],
    without: {
      'published vector': 'Alertmanager signs nothing',
      stale: 'Alertmanager signs no time',
      future: 'Alertmanager signs no time',
      handshake: 'Alertmanager has none',
    },
  };
}
