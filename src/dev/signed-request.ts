import { randomUUID } from 'node:crypto';
import type { AnyProvider } from '../define.ts';
import { ConfigError } from '../errors.ts';

/** A request as the provider would send it. */
export interface SignedRequest {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** The path that a source's sender is given, its secret last segment included where it has one. */
export function webhookPath(source: string, provider: AnyProvider, proof: unknown): string {
  const token = provider.pathToken?.(proof);
  return `/webhooks/${source}${token === undefined ? '' : `/${encodeURIComponent(token)}`}`;
}

export interface SampleRequest {
  readonly provider: AnyProvider;
  readonly proof: unknown;
  readonly type: string;
  readonly url: string;
  /** The bytes to send; default the provider's sample of that type. */
  readonly data?: Buffer;
  /** Changes to the body, by dotted path (`data.object.amount`); it is re-serialised then. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/**
 * One event, ready to be signed as often as it is sent: a repetition has the same bytes and id, and a
 * signature of its own. Throws ConfigError when there is neither a sample nor data, and
 * when what is to be changed is no JSON object.
 */
export function sampleRequest({
  provider,
  proof,
  type,
  url,
  data,
  set = {},
}: SampleRequest): () => SignedRequest {
  const body = withChanges(data ?? sampleBody(provider, type), set);
  const id = randomUUID();
  return () => ({ body, headers: provider.sign({ method: 'POST', url, body, type, id }, proof, new Date()) });
}

function sampleBody(provider: AnyProvider, type: string): Buffer {
  const samples = provider.samples as Record<string, (() => unknown) | undefined>;
  const sample = Object.hasOwn(samples, type) ? samples[type]?.() : undefined;
  if (sample === undefined) {
    const known = Object.keys(samples);
    const others = known.length === 0 ? '' : `, or choose of ${known.join(', ')}`;
    throw new ConfigError(`there is no sample of ${type}: give its body with --data${others}`);
  }
  return Buffer.from(typeof sample === 'string' ? sample : JSON.stringify(sample));
}

function withChanges(body: Buffer, set: Readonly<Record<string, unknown>>): Buffer {
  const changes = Object.entries(set);
  if (changes.length === 0) return body;
  const value = parseObject(body);
  for (const [path, change] of changes) assign(value, path.split('.'), change);
  return Buffer.from(JSON.stringify(value));
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new ConfigError('--set: the body is no JSON object, of which a member could be changed');
}

function assign(target: Record<string, unknown>, [step = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    Object.defineProperty(target, step, { value, enumerable: true, writable: true, configurable: true });
    return;
  }
  const inner = Object.hasOwn(target, step) ? target[step] : undefined;
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  if (next !== inner) assign(target, [step], next);
  assign(next, rest, value);
}
