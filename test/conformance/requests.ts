import type { AnyProvider } from '../../src/define.ts';
import type { Captured } from '../../src/judge/captured.ts';

/** What to sign. */
export interface SignOptions {
  readonly body: string | Buffer;
  readonly type: string;
  readonly at: Date;
  readonly id?: string;
  readonly url?: string;
  readonly privateKey?: string;
  readonly method?: string;
}

/** A request as the provider's own `sign` makes it. For vectors and official signers headers are written by hand. */
export function signed(
  provider: AnyProvider,
  environment: Readonly<Record<string, string>>,
  { body, type, at, id, privateKey, method = 'POST', url = `/webhooks/${provider.name}` }: SignOptions,
): Captured {
  const bytes = Buffer.from(body);
  const proof = {
    ...(provider.proof.parse(environment) as object),
    ...(privateKey !== undefined && { privateKey }),
  };
  const headers = provider.sign(
    { method, url, body: bytes, type, ...(id !== undefined && { id }) },
    proof,
    at,
  );
  return { method, url, headers: Object.entries(headers), body: bytes };
}

/** The request with this header in place of any of that name: once, several times, or, with nothing, not at all. */
export const withHeader = (request: Captured, name: string, ...values: readonly string[]): Captured => ({
  ...request,
  headers: [
    ...request.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()),
    ...values.map((value) => [name, value] as const),
  ],
});

export const withBody = (request: Captured, body: string | Buffer): Captured => ({
  ...request,
  body: Buffer.from(body),
});

/** A header of a request, which must be there. */
export function headerOf({ headers }: Captured, name: string): string {
  const found = headers.find(([other]) => other.toLowerCase() === name.toLowerCase());
  if (!found) throw new Error(`no ${name}`);
  return found[1];
}
