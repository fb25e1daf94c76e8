import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { ed25519 } from '../../src/providers/generic-ed25519.ts';
import type { ConformanceSuite } from './conformance.ts';
import {
  now,
  seconds,
  bodyWith,
  read,
  places,
  noHandshake,
  idInBody,
  requestOf,
  bodies,
  signatures,
  times,
} from './generic.ts';
import { withHeader } from './requests.ts';

/** RFC 8032, 7.1, tests 2 and 3: their seeds and keys. */
const rfc8032 = {
  seed: Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex'),
  key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  other: {
    seed: Buffer.from('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7', 'hex'),
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  },
};

export function ed25519Suite(): ConformanceSuite {
  const header = 'x-webhook-signature';
  const timeHeader = 'x-time';
  const provider = ed25519({ ...places, signed: '{timestamp}{body}', timestampHeader: timeHeader });
  const environment = { PUBLIC_KEY: rfc8032.key };
  const privateKey = rfc8032.seed.toString('base64');
  const request = requestOf(provider, environment, { privateKey });
  const base = request(bodyWith('plain'));
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), rfc8032.seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const independent = sign(null, Buffer.from(seconds + base.body.toString()), key).toString('hex');
  const other = requestOf(provider, environment, { privateKey: rfc8032.other.seed.toString('base64') });
  return {
    name: 'ed25519',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header, timeHeader] },
    caseless: [header],
    cases: [
      {
        kind: 'official signer',
        title: 'signed with node:crypto',
        request: withHeader(base, header, independent),
        expect: read,
      },
      {
        kind: 'official signer',
        title: 'the key as base64',
        request: base,
        environment: { PUBLIC_KEY: Buffer.from(rfc8032.key, 'hex').toString('base64') },
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another key',
        request: other(bodyWith('plain')),
        expect: { refused: 'signature_mismatch' },
      },
      ...signatures(base, header),
      ...times(base, timeHeader, request),
      ...bodies(request),
      {
        kind: 'rotated proof',
        title: 'signed with the previous key',
        request: base,
        environment: { PUBLIC_KEY: rfc8032.other.key, PUBLIC_KEY_PREVIOUS: rfc8032.key },
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'an HMAC by the public key, as if it were a secret',
        request: withHeader(
          base,
          header,
          createHmac('sha512', Buffer.from(rfc8032.key, 'hex'))
            .update(seconds)
            .update(base.body)
            .digest('hex'),
        ),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'downgrade',
        title: 'signed, without the path token that is demanded besides',
        request: base,
        environment: { ...environment, WEBHOOK_PATH_TOKEN: 'secret-path' },
        expect: { refused: 'signature_missing' },
      },
    ],
    without: {
      'published vector': "RFC 8032's sign no time; test/providers/generic.test.ts has them",
      ...idInBody,
      ...noHandshake,
    },
  };
}
