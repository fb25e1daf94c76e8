import { WebhookError } from '../errors.ts';
import { certificatesIn } from '../providers/certificate-chain.ts';
import type { CertificateLookup } from '../providers/provider.ts';
import type { RateLimit } from '../rate-limit.ts';
import { boundedBytes, messageOf } from './fetched.ts';
import { createLimiter } from './limiter.ts';

export interface CertificateLookupOptions {
  /** Default the process's. */
  readonly fetch?: typeof fetch;
  /** How long a delivery waits for a certificate, in milliseconds. */
  readonly waitMs?: number;
  /** How long a fetch may take, in milliseconds. A delivery that could not wait finds what it brought when it comes again. */
  readonly fetchMs?: number;
  /** How long a certificate that could not be had is not asked for again, in milliseconds. */
  readonly failureMs?: number;
  /** How many are fetched in a window: each forged delivery may name another, and we shall be no nuisance. */
  readonly fetchLimit?: RateLimit;
}

const limitBytes = 65_536;
const mostKept = 100;
const mostFailures = 1000;

/**
 * Fetches certificates, once until they expire. Whoever has it do so has judged the URL: nothing here does. Fails with
 * `certificate_untrusted` where what lies there is no certificate, and with `certificate_unavailable`, so that the
 * provider sends again, where nobody knows.
 */
export function createCertificateLookup({
  fetch = globalThis.fetch,
  waitMs = 1200,
  fetchMs = 10_000,
  failureMs = 10_000,
  fetchLimit = { limit: 60, windowSeconds: 60 },
}: CertificateLookupOptions = {}): CertificateLookup {
  const kept = new Map<string, Kept<string>>();
  const failures = new Map<string, Kept<Failure>>();
  const underWay = new Map<string, Promise<string>>();
  const limiter = createLimiter(fetchLimit, { policy: 'certificates' });

  const start = async (url: string): Promise<string> => {
    try {
      if ((await limiter('')).over) throw new Failure('unavailable', 'too many certificates are asked for');
      const pem = await fetchText(url, fetch, AbortSignal.timeout(fetchMs));
      // One that has expired is not fetched for each delivery either.
      const until = Math.max(expiryOf(pem), Date.now() + failureMs);
      remember(kept, url, { value: pem, until }, mostKept);
      return pem;
    } catch (error) {
      const value = error instanceof Failure ? error : new Failure('unavailable', messageOf(error));
      remember(failures, url, { value, until: Date.now() + failureMs }, mostFailures);
      throw value;
    } finally {
      underWay.delete(url);
    }
  };

  return async ({ href }) => {
    const known = recall(kept, href);
    if (known !== undefined) return known;
    const failed = recall(failures, href);
    if (failed !== undefined) throw failed.refusal();
    const fetched = underWay.get(href) ?? start(href);
    underWay.set(href, fetched);
    try {
      return await within(fetched, waitMs);
    } catch (error) {
      throw error instanceof Failure ? error.refusal() : error;
    }
  };
}

interface Kept<Value> {
  readonly value: Value;
  readonly until: number;
}

/** Why there is no certificate: nobody knows yet, or what lies there is none. */
class Failure extends Error {
  override readonly name = 'CertificateFailure';
  readonly kind: 'unavailable' | 'untrusted';

  constructor(kind: Failure['kind'], message: string) {
    super(message);
    this.kind = kind;
  }

  /** A new one for each delivery that it befalls. */
  refusal(): WebhookError {
    const { message: note } = this;
    return this.kind === 'unavailable'
      ? new WebhookError('not_durable', { reason: 'certificate_unavailable', note })
      : new WebhookError('signature_invalid', { reason: 'certificate_untrusted', note });
  }
}

async function fetchText(url: string, fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<string> {
  // A redirect would lead to where nobody has judged.
  const { status, body } = await fetch(url, { redirect: 'manual', signal });
  if (status !== 200) {
    await body?.cancel();
    throw new Failure(
      passes(status) ? 'unavailable' : 'untrusted',
      `the certificate's host answered ${status}`,
    );
  }
  const bytes = await boundedBytes(body, limitBytes);
  if (bytes === undefined) throw new Failure('untrusted', 'the certificate has more than 64 KiB');
  return bytes.toString('latin1');
}

/** Whether another answer may come of the same URL: not of one that leads elsewhere, or nowhere. */
const passes = (status: number): boolean => status >= 500 || [403, 408, 425, 429].includes(status);

function expiryOf(pem: string): number {
  try {
    return Math.min(...certificatesIn(pem).map(({ validTo }) => Date.parse(validTo)));
  } catch (error) {
    throw new Failure('untrusted', messageOf(error));
  }
}

function recall<Value>(map: Map<string, Kept<Value>>, url: string): Value | undefined {
  const found = map.get(url);
  if (found === undefined) return undefined;
  map.delete(url);
  if (found.until <= Date.now()) return undefined;
  // The last one used is the last to go.
  map.set(url, found);
  return found.value;
}

function remember<Value>(map: Map<string, Kept<Value>>, url: string, kept: Kept<Value>, most: number): void {
  map.set(url, kept);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

/** What comes in time; the fetch goes on for the others. */
async function within(fetched: Promise<string>, waitMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Failure('unavailable', `no certificate within ${waitMs} ms`)),
      waitMs,
    );
  });
  try {
    return await Promise.race([fetched, late]);
  } finally {
    clearTimeout(timer);
  }
}
