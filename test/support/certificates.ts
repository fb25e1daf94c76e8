// oxlint-disable-next-line import/no-unassigned-import -- the library looks for it among the globals
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

// Its types are the browser's.
cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);

/** A certificate, and the key that goes with it. */
export interface Issued {
  readonly name: string;
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** What to issue. An extension that is not named is not there. */
export interface IssueOptions {
  /** The subject's common name. */
  readonly name: string;
  /** Default itself. */
  readonly by?: Issued;
  /** Default from 2020 to 2040. */
  readonly from?: string;
  readonly to?: string;
  /** basicConstraints: a CA, with so many CAs below it at most; `'no'` says that it is none. */
  readonly ca?: number | 'any' | 'no';
  /** keyUsage. */
  readonly usage?: 'keyCertSign' | 'digitalSignature';
  readonly dnsNames?: readonly string[];
  readonly emails?: readonly string[];
  /** Others, as DER. */
  readonly extensions?: readonly {
    readonly id: string;
    readonly critical: boolean;
    readonly value: string;
  }[];
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly hash?: 'SHA-1' | 'SHA-256';
}

const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) };

export const rsaKeys = (bits = 2048): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey({ ...rsa, modulusLength: bits }, true, ['sign', 'verify']);

export const ecKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);

/** Issues a certificate by a library that has nothing to do with the one under test. */
export async function issue({ name, by, hash = 'SHA-256', ...options }: IssueOptions): Promise<Issued> {
  const keys = options.keys ?? (await ecKeys());
  const signingKey = (by?.keys ?? keys).privateKey;
  const { ca, usage, dnsNames = [], emails = [] } = options;
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...emails.map((value) => ({ type: 'email' as const, value })),
  ];
  const extensions = [
    ...(ca === undefined
      ? []
      : [new BasicConstraintsExtension(ca !== 'no', typeof ca === 'number' ? ca : undefined, true)]),
    ...(usage === undefined ? [] : [new KeyUsagesExtension(KeyUsageFlags[usage], true)]),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
    ...(options.extensions ?? []).map(
      ({ id, critical, value }) => new Extension(id, critical, Buffer.from(value, 'hex')),
    ),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
      .toString('hex')
      .replace(/^./, '1'),
    subject: [{ CN: [name] }],
    issuer: [{ CN: [by?.name ?? name] }],
    notBefore: new Date(options.from ?? '2020-01-01T00:00:00Z'),
    notAfter: new Date(options.to ?? '2040-01-01T00:00:00Z'),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm:
      signingKey.algorithm.name === 'ECDSA' ? { name: 'ECDSA', hash } : { name: 'RSASSA-PKCS1-v1_5', hash },
    extensions,
  });
  return { name, pem: certificate.toString('pem'), keys };
}

/** The private key of a pair, PKCS 8 as PEM. */
export async function privateKeyOf({ keys }: Pick<Issued, 'keys'>): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return `-----BEGIN PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

/** A root, an intermediate, and what they issued for a name. */
export async function hierarchy(name: string) {
  const root = await issue({ name: 'Test Root', ca: 'any', usage: 'keyCertSign' });
  const intermediate = await issue({ name: 'Test CA 1', by: root, ca: 0, usage: 'keyCertSign' });
  const keys = await rsaKeys();
  const leaf = await issue({ name, by: intermediate, keys, dnsNames: [name], usage: 'digitalSignature' });
  return { root, intermediate, leaf, keys };
}
