import { blanked } from '../api/blank.ts';
import { bounded } from '../api/bounds.ts';
import type { AnyProvider } from '../define.ts';
import { WebhookError } from '../errors.ts';
import type { CertificateLookup, Delivery, ReadEvent } from '../providers/provider.ts';

/** What a gateway would say of a delivery, its journal aside. */
export type Judgement =
  | { readonly accepted: true; readonly handshake: boolean; readonly events: readonly ReadEvent[] }
  | { readonly accepted: false; readonly refusal: WebhookError };

/** Proves and reads a delivery as the gateway does, at the moment it was received. Throws what is no refusal. */
export async function judge(
  delivery: Delivery,
  {
    provider,
    proof,
    certificate,
  }: { provider: AnyProvider; proof: unknown; certificate?: CertificateLookup },
): Promise<Judgement> {
  try {
    await provider.verify(delivery, proof, {
      now: delivery.receivedAt,
      ...(certificate !== undefined && { certificate }),
    });
    const reading = provider.read(blanked(delivery, provider));
    return 'handshake' in reading
      ? { accepted: true, handshake: true, events: [] }
      : { accepted: true, handshake: false, events: reading.events.map(bounded) };
  } catch (error) {
    if (error instanceof WebhookError) return { accepted: false, refusal: error };
    throw error;
  }
}
