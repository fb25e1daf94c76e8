import { DeliveryHeaders, type Delivery } from '../providers/provider.ts';

/** A request as it was caught on its way, or is about to be sent. */
export interface Captured {
  readonly method: string;
  /** Whole (`https://hooks.example.com/webhooks/stripe`), or from the path on; the path token included. */
  readonly url: string;
  /** Names and values as they came; a repeated header comes more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** PEM by URL, for providers that sign with a certificate which lies elsewhere. */
  readonly certificates?: Readonly<Record<string, string>>;
}

/**
 * The request as the gateway would see it. `publicUrl` (`https://hooks.example.com`) stands before the path where it is
 * given, as EVERHOOK_PUBLIC_URL does; else a whole `url` is what the provider called.
 */
export function deliveryOf(
  { method, url, headers, body }: Captured,
  { receivedAt, publicUrl }: { receivedAt: Date; publicUrl?: string | undefined },
): Delivery {
  const [, origin = '', path = '/'] = /^(https?:\/\/[^/?#]*)?(.*)$/is.exec(url) ?? [];
  const base = publicUrl ?? (origin === '' ? undefined : origin);
  const [, before = '', token, query = ''] = /^([^?#]*\/webhooks\/[^/?#]+)\/([^/?#]+)(.*)$/s.exec(path) ?? [];
  return {
    method,
    url: token === undefined ? path : before + query,
    ...(base !== undefined && { publicUrl: base + path }),
    headers: new DeliveryHeaders(headers),
    body,
    ...(token !== undefined && { pathToken: unescaped(token) }),
    receivedAt,
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
