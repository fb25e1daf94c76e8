import { X509Certificate, type KeyObject } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { createChainJudge } from '../../src/providers/certificate-chain.ts';
import {
  ecKeys,
  hierarchy,
  issue,
  rsaKeys,
  type Issued,
  type IssueOptions,
} from '../support/certificates.ts';

const name = 'signer.example.com';
const now = new Date('2026-11-20T12:00:00Z');
let pki: Awaited<ReturnType<typeof hierarchy>>;
beforeAll(async () => {
  pki = await hierarchy(name);
});

const judge = (
  chain: readonly (Issued | string)[],
  { roots = [pki.root], at = now }: { roots?: readonly Issued[]; at?: Date } = {},
): KeyObject => {
  const pem = chain.map((one) => (typeof one === 'string' ? one : one.pem)).join('\n');
  const trusted = roots.map((root) => new X509Certificate(root.pem));
  return createChainJudge(trusted)(pem, { name, now: at });
};
const refusal = (...given: Parameters<typeof judge>): string => {
  try {
    judge(...given);
    return 'accepted';
  } catch (error) {
    expect(error).toMatchObject({ code: 'signature_invalid', reason: 'certificate_untrusted' });
    return (error as { note: string }).note;
  }
};
/** A leaf of the intermediate's, which lacks nothing but what is said. */
const leafWith = (options: Partial<IssueOptions>) =>
  issue({ name, by: pki.intermediate, keys: pki.keys, dnsNames: [name], ...options });

describe('what is trusted', () => {
  test('a leaf and its intermediate, in either order, with or without the root, text around them', () => {
    const { leaf, intermediate, root } = pki;
    for (const chain of [
      [leaf, intermediate],
      [intermediate, leaf],
      [leaf, intermediate, root],
      [root, intermediate, leaf],
      [leaf, leaf, intermediate],
      ['subject=CN = x\r\n', leaf, 'issuer=CN = y\n', intermediate, '\n'],
      [leaf.pem.replaceAll('\n', '\r\n'), intermediate],
    ]) {
      const key = judge(chain);
      expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
      expect(key.export({ format: 'der', type: 'spki' })).toEqual(
        new X509Certificate(leaf.pem).publicKey.export({ format: 'der', type: 'spki' }),
      );
    }
  });

  test('a leaf alone, where the root or the given intermediate issued it', async () => {
    const direct = await leafWith({ by: pki.root });
    expect(refusal([direct])).toBe('accepted');
    expect(refusal([pki.leaf])).toBe('it leads to no trusted root');
    expect(refusal([pki.leaf], { roots: [pki.intermediate] })).toBe('accepted');
  });

  test('a leaf that is trusted by itself', async () => {
    const pinned = await issue({ name, keys: pki.keys });
    expect(refusal([pinned], { roots: [pinned] })).toBe('accepted');
    expect(refusal([pinned])).toBe('it leads to no trusted root');
  });

  test("Node's own roots, for their own names alone", () => {
    const roots = rootCertificates.slice(0, 3);
    for (const root of roots) expect(refusal([root])).toBe(`no certificate for ${name}`);
  });

  test('nothing of another hierarchy that has the same names', async () => {
    const other = await hierarchy(name);
    expect(refusal([other.leaf, other.intermediate, other.root])).toBe('it leads to no trusted root');
    expect(refusal([other.leaf, pki.intermediate, pki.root])).toBe('it leads to no trusted root');
    // In the company of what is trusted, too.
    expect(refusal([other.leaf, other.intermediate, pki.leaf, pki.intermediate])).toBe('accepted');
    const key = judge([other.leaf, other.intermediate, pki.leaf, pki.intermediate]);
    expect(key.export({ format: 'pem', type: 'spki' })).toBe(
      judge([pki.leaf, pki.intermediate]).export({ format: 'pem', type: 'spki' }),
    );
  });
});

describe('the name', () => {
  test.each<[string, Partial<IssueOptions>]>([
    ['another one', { name: 'x', dnsNames: ['signer.example.org'] }],
    ['a longer one', { name: 'x', dnsNames: [`${name}.evil.example`] }],
    ['one that ends like it', { name: 'x', dnsNames: [`x${name}`] }],
    ['a wildcard', { name: '*.example.com', dnsNames: ['*.example.com'] }],
    ['a common name beside an alternative name', { name, dnsNames: ['other.example.com'] }],
    ['a common name beside a mail address', { name, dnsNames: [], emails: ['a@example.com'] }],
    ['no name of a host', { name: 'x', dnsNames: [] }],
  ])('%s does not do', async (_title, options) => {
    expect(refusal([await leafWith(options), pki.intermediate])).toBe(`no certificate for ${name}`);
  });

  test.each<[string, Partial<IssueOptions>]>([
    ['the common name, where there is no alternative one', { name, dnsNames: [] }],
    ['an alternative name, whatever the common one is', { name: 'x', dnsNames: ['y.example.com', name] }],
  ])('%s does', async (_title, options) => {
    expect(refusal([await leafWith(options), pki.intermediate])).toBe('accepted');
  });
});

describe('the dates', () => {
  test('a leaf that has expired, or is not valid yet', async () => {
    const expired = await leafWith({ to: '2026-11-20T11:59:59Z' });
    expect(refusal([expired, pki.intermediate])).toMatch(/^CN=signer\.example\.com expired on Nov 20 /);
    const early = await leafWith({ from: '2026-11-20T12:00:01Z' });
    expect(refusal([early, pki.intermediate])).toMatch(/is not valid before Nov 20 /);
  });

  test('the first and the last second count', async () => {
    const leaf = await leafWith({ from: '2026-11-20T12:00:00Z', to: '2026-11-20T12:00:10Z' });
    const judgeChain = createChainJudge([new X509Certificate(pki.root.pem)]);
    const at = (time: string) => () =>
      judgeChain(`${leaf.pem}\n${pki.intermediate.pem}`, { name, now: new Date(time) });
    // One judge, which remembers what it found: only as long as that holds.
    expect(at('2026-11-20T11:59:59.999Z')).toThrow('not valid before');
    expect(at('2026-11-20T12:00:00Z')).not.toThrow();
    expect(at('2026-11-20T12:00:10.999Z')).not.toThrow();
    expect(at('2026-11-20T12:00:11Z')).toThrow('expired');
    expect(at('2026-11-20T12:00:00Z')).not.toThrow();
  });

  test('an intermediate or a root that has expired', async () => {
    const intermediate = await issue({ name: 'Test CA 2', by: pki.root, ca: 0, to: '2026-01-01T00:00:00Z' });
    const leaf = await leafWith({ by: intermediate });
    expect(refusal([leaf, intermediate])).toMatch(/^CN=Test CA 2 expired/);
    const root = await issue({ name: 'Old Root', ca: 'any', to: '2026-01-01T00:00:00Z' });
    expect(refusal([await leafWith({ by: root })], { roots: [root] })).toMatch(/^CN=Old Root expired/);
    expect(refusal([await leafWith({ by: root })], { roots: [root], at: new Date('2025-06-01') })).toBe(
      'accepted',
    );
  });

  test('one of two intermediates of a name that is valid still', async () => {
    const keys = await ecKeys();
    const old = await issue({ name: 'Twice', by: pki.root, ca: 0, keys, to: '2026-01-01T00:00:00Z' });
    const renewed = await issue({ name: 'Twice', by: pki.root, ca: 0, keys });
    expect(refusal([await leafWith({ by: old }), old, renewed])).toBe('accepted');
  });
});

describe('who may issue', () => {
  test('no leaf: not with a usage of its own, not without any', async () => {
    const keys = await rsaKeys();
    const plain = await leafWith({ name: 'some.example.com', dnsNames: ['some.example.com'], keys });
    const usage = await leafWith({
      name: 'some.example.com',
      dnsNames: ['some.example.com'],
      keys,
      usage: 'digitalSignature',
    });
    const forged = await leafWith({ by: plain });
    for (const issuer of [plain, usage]) {
      expect(refusal([forged, issuer, pki.intermediate])).toBe('CN=some.example.com is no CA');
    }
  });

  test.each<[string, Partial<IssueOptions>, string]>([
    ['says that it is no CA', { ca: 'no', usage: 'keyCertSign' }, 'CN=Test CA 3 is no CA'],
    ['says nothing of being one', { usage: 'keyCertSign' }, 'CN=Test CA 3 is no CA'],
    ['may not sign certificates', { ca: 0, usage: 'digitalSignature' }, 'CN=Test CA 3 is no CA'],
    [
      'is for mail alone',
      // extKeyUsage: emailProtection
      { ca: 0, extensions: [{ id: '2.5.29.37', critical: false, value: '300a06082b06010505070304' }] },
      'CN=Test CA 3 may not vouch for the names of servers',
    ],
    [
      'is limited to names',
      // nameConstraints: example.org
      {
        ca: 0,
        extensions: [{ id: '2.5.29.30', critical: false, value: '3011a00f300d820b6578616d706c652e6f7267' }],
      },
      'CN=Test CA 3 has an extension that is not understood: 551d1e',
    ],
    [
      'has a critical extension that nobody knows',
      { ca: 0, extensions: [{ id: '1.2.3.4', critical: true, value: '0500' }] },
      'CN=Test CA 3 has an extension that is not understood: 2a0304',
    ],
    [
      'is signed with SHA-1',
      { ca: 0, hash: 'SHA-1' },
      'CN=Test CA 3 is signed by a weak or unknown algorithm',
    ],
  ])('not an intermediate that %s', async (_title, options, complaint) => {
    const intermediate = await issue({ name: 'Test CA 3', by: pki.root, ...options });
    expect(refusal([await leafWith({ by: intermediate }), intermediate])).toBe(complaint);
  });

  test.each<[string, Partial<IssueOptions>]>([
    ['without keyUsage', { ca: 'any' }],
    // extKeyUsage: serverAuth
    [
      'for servers',
      { ca: 0, extensions: [{ id: '2.5.29.37', critical: true, value: '300a06082b06010505070301' }] },
    ],
    ['with another extension', { ca: 0, extensions: [{ id: '1.2.3.4', critical: false, value: '0500' }] }],
  ])('but an intermediate %s', async (_title, options) => {
    const intermediate = await issue({ name: 'Test CA 4', by: pki.root, ...options });
    expect(refusal([await leafWith({ by: intermediate }), intermediate])).toBe('accepted');
  });

  test('not a trusted certificate that is no CA', async () => {
    const root = await issue({ name: 'No Root' });
    expect(refusal([await leafWith({ by: root })], { roots: [root] })).toBe('CN=No Root is no CA');
  });

  test('as many CAs below another as its path length allows', async () => {
    const second = await issue({ name: 'Second', by: pki.intermediate, ca: 'any' });
    expect(refusal([await leafWith({ by: second }), second, pki.intermediate])).toBe(
      'CN=Test CA 1 may not have 1 CAs below it',
    );
    const first = await issue({ name: 'First', by: pki.root, ca: 1 });
    const below = await issue({ name: 'Below', by: first, ca: 0 });
    expect(refusal([await leafWith({ by: below }), below, first])).toBe('accepted');
  });

  test('not in a circle', async () => {
    const [a, b] = await Promise.all([ecKeys(), ecKeys()]);
    const one = await issue({ name: 'A', by: { name: 'B', pem: '', keys: b }, keys: a, ca: 'any' });
    const other = await issue({ name: 'B', by: one, keys: b, ca: 'any' });
    expect(refusal([await leafWith({ by: one }), one, other])).toBe('it leads to no trusted root');
  });
});

test('RSA keys of less than 2048 bits are too weak, at any step', async () => {
  const keys = await rsaKeys(1024);
  expect(refusal([await leafWith({ keys }), pki.intermediate])).toContain('less than 2048 bits');
  const intermediate = await issue({ name: 'Weak CA', by: pki.root, ca: 0, keys });
  expect(refusal([await leafWith({ by: intermediate }), intermediate])).toContain(
    'CN=Weak CA has an RSA key',
  );
});

describe('what is no chain', () => {
  const garbled = (pem: string) => pem.replace(/[A-Za-z]{4}\n/, 'AAAA\n');
  test.each<[string, () => string, string | RegExp]>([
    ['nothing', () => '', 'no PEM certificate'],
    ['a page of HTML', () => '<!doctype html>', 'no PEM certificate'],
    [
      'a private key',
      () => '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
      'no PEM certificate',
    ],
    ['one that is cut off', () => pki.leaf.pem.slice(0, 400), 'a certificate is cut off'],
    [
      'one that is cut off after another',
      () => pki.leaf.pem + pki.intermediate.pem.slice(0, 90),
      'a certificate is cut off',
    ],
    [
      'no base64',
      () => '-----BEGIN CERTIFICATE-----\n<>\n-----END CERTIFICATE-----',
      'a certificate is cut off',
    ],
    ['no certificate in it', () => '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----', /./],
    ['bytes that were changed', () => garbled(pki.leaf.pem) + pki.intermediate.pem, /./],
    ['more than 64 KiB', () => pki.leaf.pem + '\n'.repeat(65_536), 'more than 64 KiB'],
    ['nine certificates', () => `${pki.leaf.pem}\n`.repeat(9), 'more than 8 certificates'],
  ])('%s', (_title, pem, complaint) => {
    expect(refusal([pem()])).toMatch(complaint);
  });

  test('a certificate with any one byte changed', () => {
    const bytes = new X509Certificate(pki.leaf.pem).raw;
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      const pem = `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n`;
      expect(refusal([pem, pki.intermediate]), `byte ${at}`).not.toBe('accepted');
    }
  });
});
