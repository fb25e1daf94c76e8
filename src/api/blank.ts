import type { AnyProvider } from '../define.ts';
import type { Delivery } from '../providers/provider.ts';

/** A proven delivery without what its provider wants erased: all that comes after sees this one alone. */
export function blanked(delivery: Delivery, { blank }: AnyProvider): Delivery {
  const body = blank?.(delivery.body) ?? delivery.body;
  return body.equals(delivery.body) ? delivery : { ...delivery, body, redacted: true };
}

/** A refused delivery, whose bytes may be anything: what cannot be blanked is kept without its body. */
export function blankedOrBare(delivery: Delivery, provider: AnyProvider): Delivery {
  try {
    return blanked(delivery, provider);
  } catch {
    return { ...delivery, body: Buffer.alloc(0), redacted: true };
  }
}
