import { blanked } from '../api/blank.ts';
import { requireUncompressed, tooLarge } from '../api/body.ts';
import { bounded } from '../api/bounds.ts';
import { requireMethod } from '../api/webhook.ts';
import { readProof, readPublicUrl, settledProvider } from '../config.ts';
import type { AnyProvider } from '../define.ts';
import { WebhookError } from '../errors.ts';
import { fingerprint } from '../journal/fingerprint.ts';
import type { ReadEvent } from '../providers/provider.ts';
import { readSetting, type Environment } from '../settings.ts';
import { deliveryOf, type Captured } from './captured.ts';

/** What a gateway would say of a request, its journal, its limits of rate and HTTPS aside. */
export type Judgement =
  | { readonly accepted: true; readonly handshake: boolean; readonly events: readonly ReadEvent[] }
  | { readonly accepted: false; readonly refusal: WebhookError };

/** A source, as far as it judges. */
export interface Judge {
  readonly name: string;
  readonly provider: AnyProvider;
  readonly bodyLimitBytes?: number;
}

/** By what a request is judged: the settings, and the moment it came. */
export interface Circumstances {
  /** Proofs by their whole names (`STRIPE_WEBHOOK_SECRET`), and EVERHOOK_PUBLIC_URL. */
  readonly environment: Environment;
  readonly now: Date;
}

/**
 * Proves and reads a request as the gateway does, without a network: certificates are those captured with it.
 * Throws ConfigError where the source's proof is missing or wrong.
 */
export async function judge(
  captured: Captured,
  given: Judge,
  circumstances: Circumstances,
): Promise<Judgement> {
  const source = settledJudge(given, circumstances);
  const { provider } = source;
  const refusal = await prove(captured, { ...circumstances, ...provenBy(source, circumstances), source });
  if (refusal !== undefined) return { accepted: false, refusal };
  try {
    const delivery = deliveryOf(captured, { receivedAt: circumstances.now });
    const reading = provider.read(blanked(delivery, provider));
    if ('handshake' in reading) return { accepted: true, handshake: true, events: [] };
    const events = reading.events.map(bounded);
    // Nothing takes what is too deep to be written again.
    for (const { sameness, payload } of events) fingerprint(sameness ?? payload);
    return { accepted: true, handshake: false, events };
  } catch (error) {
    return { accepted: false, refusal: refusalOf(error) };
  }
}

/** The source by the scheme that the settings give it, where it leaves that to them. */
export const settledJudge = (source: Judge, { environment }: Pick<Circumstances, 'environment'>): Judge => ({
  ...source,
  provider: settledProvider(source.name, source.provider, (wanted) => readSetting(environment, wanted)),
});

/** What proves a source's requests. Throws ConfigError where it is missing or wrong. */
export function provenBy({ name, provider }: Judge, { environment }: Circumstances): Proven {
  const setting = (wanted: string) => readSetting(environment, wanted);
  return {
    proof: readProof(name, provider, setting),
    publicUrl: readPublicUrl(setting('EVERHOOK_PUBLIC_URL')),
  };
}

interface Proven {
  readonly proof: unknown;
  readonly publicUrl: string | undefined;
}

/** Why a request is refused before it is read; undefined where it is genuine. */
export async function prove(
  captured: Captured,
  {
    source: { provider, bodyLimitBytes },
    proof,
    publicUrl,
    now,
  }: Proven & { readonly source: Judge; readonly now: Date },
): Promise<WebhookError | undefined> {
  try {
    requireMethod(captured);
    const delivery = deliveryOf(captured, { receivedAt: now, publicUrl });
    requireUncompressed(delivery.headers.get('content-encoding'));
    if (bodyLimitBytes !== undefined && captured.body.length > bodyLimitBytes) throw tooLarge(bodyLimitBytes);
    await provider.verify(delivery, proof, { now, certificate: (url) => certificateOf(captured, url) });
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): WebhookError {
  if (error instanceof WebhookError) return error;
  throw error;
}

function certificateOf({ certificates = {} }: Captured, { href }: URL): Promise<string> {
  const pem = Object.hasOwn(certificates, href) ? certificates[href] : undefined;
  return pem === undefined
    ? Promise.reject(new Error(`no certificate was captured for ${href}`))
    : Promise.resolve(pem);
}
