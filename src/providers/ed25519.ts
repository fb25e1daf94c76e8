import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

// RFC 8410: what stands in front of the 32 bytes of a key, in SPKI and in PKCS 8.
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key of its 32 bytes. Throws Error when there are more or fewer, or they are no key. */
export function ed25519PublicKey(bytes: Buffer): KeyObject {
  if (bytes.length !== 32) throw new Error('an Ed25519 public key has 32 bytes');
  return createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' });
}

/** Whether any of the keys signed the bytes. All are tried, so that the time does not tell which. */
export const ed25519Matches = (keys: readonly KeyObject[], signed: Buffer, signature: Buffer): boolean =>
  keys.map((key) => verify(null, signed, key, signature)).includes(true);

/** Signs with a private key of its 32 bytes (RFC 8032's seed), base64. */
export const ed25519Sign = (seed: string, signed: Buffer): Buffer =>
  sign(null, signed, privateKey(Buffer.from(seed, 'base64')));

function privateKey(bytes: Buffer): KeyObject {
  if (bytes.length !== 32) throw new Error('an Ed25519 private key has 32 bytes');
  return createPrivateKey({ key: Buffer.concat([privatePrefix, bytes]), format: 'der', type: 'pkcs8' });
}

/** A key pair for development: the public key's bytes, and the private one's, base64. */
export function ed25519Pair(): { publicKey: Buffer; privateKey: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    publicKey: keyBytes(pair.publicKey.export({ format: 'der', type: 'spki' })),
    privateKey: keyBytes(pair.privateKey.export({ format: 'der', type: 'pkcs8' })).toString('base64'),
  };
}

const keyBytes = (der: Buffer): Buffer => der.subarray(der.length - 32);
