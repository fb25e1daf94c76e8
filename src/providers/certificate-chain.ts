import { X509Certificate, type KeyObject } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { derValues, type DerValue } from './der.ts';
import { signatureInvalid } from './signature.ts';

/** The most certificates in a chain's PEM, and so the most steps to a root. */
const limitCertificates = 8;
/** Twice what those of public roots have. */
const charactersEach = 8192;
const leastRsaBits = 2048;
const remembered = 16;

/** What a certificate must be good for. */
export interface CertificateDemands {
  /** The name that it is for, exactly. */
  readonly name: string;
  readonly now: Date;
}

/**
 * Gives the key of the certificate in a PEM that is for a name and leads to a trusted root. Throws WebhookError
 * `certificate_untrusted`, whatever else is in there.
 */
export type JudgeChain = (pem: string, demands: CertificateDemands) => KeyObject;

/**
 * Judges chains by RFC 5280, 6.1, of which Node's X509Certificate does little more than the signatures. Each step is valid
 * now, each issuer is a CA that may sign certificates of servers, path lengths are kept, and an extension that must be
 * understood is one that is. Trusted are Node's `rootCertificates`, and those given. docs/decisions/0013-certificates.md
 */
export function createChainJudge(given: readonly X509Certificate[]): JudgeChain {
  const own = bySubject(given);
  const rootsOf: Roots = (subject) => [...(publicRoots().get(subject) ?? []), ...(own.get(subject) ?? [])];
  const known = new Map<string, Signer>();
  return (pem, { name, now }) => {
    const place = `${name}\n${pem}`;
    const found = known.get(place);
    if (found !== undefined && isWithin(found, now)) return found.key;
    const signer = judged(() => findSigner(pem, { name, now }, rootsOf));
    known.delete(place);
    known.set(place, signer);
    const [oldest] = known.keys();
    if (known.size > remembered && oldest !== undefined) known.delete(oldest);
    return signer.key;
  };
}

/**
 * The certificates in a PEM, in their order, each once; what lies between them is skipped. Throws Error where there is
 * none, one is cut off or no certificate, or where there are more than is allowed: the length of a chain.
 */
export function certificatesIn(pem: string, { most = limitCertificates } = {}): X509Certificate[] {
  if (pem.length > most * charactersEach) throw new Error(`more than ${(most * charactersEach) / 1024} KiB`);
  const [, ...blocks] = pem.split('-----BEGIN CERTIFICATE-----');
  if (blocks.length === 0) throw new Error('no PEM certificate');
  if (blocks.length > most) throw new Error(`more than ${most} certificates`);
  const certificates = blocks.map((block) => {
    const end = block.indexOf('-----END CERTIFICATE-----');
    const text = end < 0 ? '' : block.slice(0, end).replace(/\s/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new Error('a certificate is cut off');
    return new X509Certificate(Buffer.from(text, 'base64'));
  });
  return [...new Map(certificates.map((one) => [one.fingerprint256, one])).values()];
}

/** A key that may be used, as long as no step of its chain expires. */
interface Signer {
  readonly key: KeyObject;
  readonly from: number;
  readonly to: number;
}

/** The trusted certificates of a subject. */
type Roots = (subject: string) => readonly X509Certificate[];

/** Whatever is in the bytes, one kind of error comes out. */
function judged(judge: () => Signer): Signer {
  try {
    return judge();
  } catch (error) {
    throw signatureInvalid('certificate_untrusted', (error as Error).message.slice(0, 200));
  }
}

function findSigner(pem: string, { name, now }: CertificateDemands, roots: Roots): Signer {
  const all = certificatesIn(pem);
  const last = all.filter((one) => !all.some((other) => other !== one && other.issuer === one.subject));
  const named = last.filter((one) => isFor(one, name));
  if (named.length === 0) throw new Error(`no certificate for ${name}`);
  const complaints: string[] = [];
  for (const leaf of named) {
    const found = chainOf(leaf, all, roots, now);
    if (typeof found !== 'string') return { key: leaf.publicKey, ...window(found) };
    complaints.push(found);
  }
  throw new Error(complaints[0]);
}

/** By the alternative names where there are any, else by the common name (RFC 6125, 6.4.4); no wildcards. */
const isFor = (certificate: X509Certificate, name: string): boolean =>
  certificate.checkHost(name, {
    wildcards: false,
    subject: certificate.subjectAltName === undefined ? 'always' : 'never',
  }) !== undefined;

/**
 * The way from a leaf to a trusted root, the shortest first; each certificate is looked at once, so that a crafted tangle
 * costs no more than a chain. Gives what is wrong where there is none.
 */
function chainOf(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: Roots,
  now: Date,
): X509Certificate[] | string {
  const wrong = faultOf(leaf, now);
  if (wrong !== undefined) return wrong;
  const isRoot = (one: X509Certificate) =>
    roots(one.subject).some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256);
  if (isRoot(leaf)) return [leaf];
  let complaint: string | undefined;
  const seen = new Set([leaf]);
  const paths: X509Certificate[][] = [[leaf]];
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    const subject = path.at(-1)!;
    const candidates = [
      ...roots(subject.issuer),
      ...others.filter((other) => other.subject === subject.issuer),
    ];
    for (const issuer of candidates) {
      if (seen.has(issuer) || !subject.verify(issuer.publicKey)) continue;
      seen.add(issuer);
      const fault =
        faultOf(issuer, now) ?? faultAsIssuer(issuer, path.length - 1) ?? faultOfSignature(subject);
      complaint ??= fault;
      if (fault !== undefined) continue;
      if (isRoot(issuer)) return [...path, issuer];
      paths.push([...path, issuer]);
    }
  }
  return complaint ?? 'it leads to no trusted root';
}

function faultOf(certificate: X509Certificate, now: Date): string | undefined {
  const { from, to } = window([certificate]);
  if (!(now.getTime() >= from)) return `${titleOf(certificate)} is not valid before ${certificate.validFrom}`;
  if (!(now.getTime() <= to)) return `${titleOf(certificate)} expired on ${certificate.validTo}`;
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < leastRsaBits) {
    return `${titleOf(certificate)} has an RSA key of less than ${leastRsaBits} bits`;
  }
  const { extensions } = structureOf(certificate);
  const strange = extensions.find(
    ({ id, critical }) => id === nameConstraints || (critical && !understood.has(id)),
  );
  return strange && `${titleOf(certificate)} has an extension that is not understood: ${strange.id}`;
}

/** `ca` is OpenSSL's X509_check_ca: basicConstraints says so, and keyUsage, where it is there, has keyCertSign. */
function faultAsIssuer(certificate: X509Certificate, intermediates: number): string | undefined {
  if (!certificate.ca) return `${titleOf(certificate)} is no CA`;
  const usages = certificate.keyUsage as readonly string[] | undefined;
  if (usages !== undefined && !usages.some((usage) => serverUsages.has(usage))) {
    return `${titleOf(certificate)} may not vouch for the names of servers`;
  }
  const constraints = structureOf(certificate).extensions.find(({ id }) => id === basicConstraints);
  const [sequence] = derValues(constraints?.value ?? Buffer.alloc(0));
  const limit = derValues(sequence?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === 0x02);
  if (
    limit === undefined ||
    intermediates <= limit.content.readUIntBE(0, Math.min(limit.content.length, 6))
  ) {
    return undefined;
  }
  return `${titleOf(certificate)} may not have ${intermediates} CAs below it`;
}

/** TLS servers, and anything: a CA for mail or clients alone may have let anybody choose a common name. */
const serverUsages = new Set(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']);

/** MD5 and SHA-1 have collisions, by which a CA can be made to sign something else. */
const faultOfSignature = (certificate: X509Certificate): string | undefined =>
  soundAlgorithms.has(structureOf(certificate).algorithm)
    ? undefined
    : `${titleOf(certificate)} is signed by a weak or unknown algorithm`;

// Object identifiers as DER has them, hex (RFC 5280, 4.2; RFC 4055; RFC 5758; RFC 8410).
const basicConstraints = '551d13';
/** Which names a CA may speak for. Rare, and not judged here: such a chain is refused. */
const nameConstraints = '551d1e';
const understood = new Set([
  basicConstraints,
  '551d0f', // keyUsage
  '551d11', // subjectAltName
  '551d20', // certificatePolicies: none is asked for
  '551d25', // extKeyUsage
]);
const soundAlgorithms = new Set([
  ...['0b', '0c', '0d'].map((last) => `2a864886f70d0101${last}`), // RSA with SHA-256, SHA-384, SHA-512
  ...['02', '03', '04'].map((last) => `2a8648ce3d0403${last}`), // ECDSA with the same
  '2b6570', // Ed25519
]);

interface Structure {
  /** Of the signature. */
  readonly algorithm: string;
  readonly extensions: readonly { readonly id: string; readonly critical: boolean; readonly value: Buffer }[];
}

/** What Node does not tell of a certificate, which OpenSSL has read before: its form is right. */
function structureOf({ raw }: X509Certificate): Structure {
  const [certificate] = derValues(raw);
  const [body, algorithm] = derValues(certificate!.content);
  const wrapped = derValues(body!.content).find(({ tag }) => tag === 0xa3);
  const [list] = wrapped === undefined ? [] : derValues(wrapped.content);
  return {
    algorithm: derValues(algorithm!.content)[0]!.content.toString('hex'),
    extensions: (list === undefined ? [] : derValues(list.content)).map(extensionOf),
  };
}

function extensionOf({ content }: DerValue): Structure['extensions'][number] {
  const [id, ...rest] = derValues(content);
  const critical = rest.some((value) => value.tag === 0x01 && value.content[0] !== 0);
  return { id: id!.content.toString('hex'), critical, value: rest.at(-1)!.content };
}

/** From when to when all of them are valid; the last second counts. */
const window = (chain: readonly X509Certificate[]) => ({
  from: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
  to: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))) + 999,
});

const isWithin = ({ from, to }: Signer, now: Date): boolean => now.getTime() >= from && now.getTime() <= to;

const titleOf = ({ subject }: X509Certificate): string =>
  subject === undefined ? 'a certificate' : (subject.split('\n').at(-1) ?? subject);

let parsedRoots: ReturnType<typeof bySubject> | undefined;
/** Parsed when the first chain is judged: it takes 20 ms, and most gateways have no PayPal. */
const publicRoots = () =>
  (parsedRoots ??= bySubject(rootCertificates.map((pem) => new X509Certificate(pem))));

function bySubject(
  certificates: readonly X509Certificate[],
): ReadonlyMap<string, readonly X509Certificate[]> {
  const map = new Map<string, X509Certificate[]>();
  for (const one of certificates) map.set(one.subject, [...(map.get(one.subject) ?? []), one]);
  return map;
}
