import { path } from '../../src/providers/path.ts';
import type { ConformanceSuite } from './conformance.ts';
import { now, bodyWith, read, places, unsigned, requestOf, bodies } from './generic.ts';
import { withHeader } from './requests.ts';

export function pathSuite(): ConformanceSuite {
  const provider = path(places);
  const environment = { WEBHOOK_PATH_TOKEN: 'ünguessable/0' };
  const at = (token: string) => `/webhooks/path/${encodeURIComponent(token)}`;
  const request = requestOf(provider, environment, { url: at('ünguessable/0') });
  const base = request(bodyWith('plain'));
  return {
    name: 'path',
    provider,
    environment,
    now,
    base,
    covers: { body: false, headers: [] },
    cases: [
      {
        kind: 'official signer',
        title: 'the token, escaped as URLs are',
        request: base,
        expect: read,
      },
      {
        kind: 'forged',
        title: 'another token',
        request: { ...base, url: at('ünguessable/1') },
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no token',
        request: { ...base, url: '/webhooks/path' },
        expect: { refused: 'signature_missing' },
      },
      ...bodies(request),
      {
        kind: 'rotated proof',
        title: 'the previous token',
        request: base,
        environment: { WEBHOOK_PATH_TOKEN: 'new', WEBHOOK_PATH_TOKEN_PREVIOUS: 'ünguessable/0' },
        expect: read,
      },
      {
        kind: 'downgrade',
        title: 'the token in a header',
        request: withHeader({ ...base, url: '/webhooks/path' }, 'authorization', 'Bearer ünguessable/0'),
        expect: { refused: 'signature_missing' },
      },
    ],
    without: {
      ...unsigned,
      'published vector': 'nobody has published one',
      'repeated header': 'no header is looked at',
    },
  };
}
