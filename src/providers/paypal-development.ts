import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { der } from './der.ts';
import { paypalEnvironments } from './paypal-certificate.ts';

const tenYearsMs = 10 * 365 * 86_400_000;

/**
 * A webhook of nobody's for development: its id, a root made up for it, and what that root issued in the name of
 * PayPal's sandbox. No other gateway trusts the root, so these prove nothing elsewhere.
 */
export function developmentPaypal(): Readonly<Record<string, string>> {
  const root = { name: 'Everhook development root', ...keys() };
  const leaf = { name: paypalEnvironments.sandbox.name, ...keys() };
  return {
    WEBHOOK_ID: randomBytes(8).toString('hex').toUpperCase(),
    ENVIRONMENT: 'sandbox',
    TRUSTED_ROOTS: certificate({ subject: root, issuer: root, extension: authority }),
    CERTIFICATE: certificate({ subject: leaf, issuer: root, extension: hostName(leaf.name) }),
    PRIVATE_KEY: leaf.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

const keys = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

interface Holder {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A certificate of version 3 with one extension, valid from yesterday on for ten years (RFC 5280, 4.1). */
function certificate({
  subject,
  issuer,
  extension,
}: {
  subject: Holder;
  issuer: Holder;
  extension: Buffer;
}): string {
  const from = Date.now() - 86_400_000;
  const body = der(
    sequence,
    der(0xa0, der(integer, Buffer.of(2))),
    // A serial number is positive, and not more than 20 bytes.
    der(integer, Buffer.concat([Buffer.of(0x01), randomBytes(8)])),
    sha256WithRsa,
    commonName(issuer.name),
    der(sequence, time(new Date(from)), time(new Date(from + tenYearsMs))),
    commonName(subject.name),
    subject.publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, der(sequence, extension)),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  const bytes = der(sequence, body, sha256WithRsa, der(0x03, Buffer.of(0), signature));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const [integer, octets, identifier, sequence] = [0x02, 0x04, 0x06, 0x30];
const oid = (hex: string) => der(identifier, Buffer.from(hex, 'hex'));
const sha256WithRsa = der(sequence, oid('2a864886f70d01010b'), der(0x05));

const commonName = (name: string) =>
  der(sequence, der(0x31, der(sequence, oid('550403'), der(0x0c, Buffer.from(name)))));

/** UTCTime, which serves until 2049: `261120120000Z`. */
const time = (moment: Date) =>
  der(
    0x17,
    Buffer.from(
      moment
        .toISOString()
        .slice(2)
        .replace(/[-:T]|\.\d{3}/g, ''),
    ),
  );

/** basicConstraints, critical: a CA. */
const authority = der(
  sequence,
  oid('551d13'),
  der(0x01, Buffer.of(0xff)),
  der(octets, der(sequence, der(0x01, Buffer.of(0xff)))),
);

/** subjectAltName: a dNSName. */
const hostName = (name: string) =>
  der(sequence, oid('551d11'), der(octets, der(sequence, der(0x82, Buffer.from(name)))));
