import { ConfigError } from '../errors.ts';

/** Gives the parts that are signed, one after another. */
export type Template = (timestamp: string, body: Buffer) => (string | Buffer)[];

/**
 * `{timestamp}.{body}` as a function. Throws ConfigError, which names the provider, where the body is not in it once, or
 * a time without a header that carries it.
 */
export function compileTemplate(
  provider: string,
  signed: string,
  timestampHeader: string | undefined,
): Template {
  const parts = signed.split(/(\{[^}]*\})/).filter((part) => part !== '');
  const unknown = parts.find((part) => part.startsWith('{') && part !== '{body}' && part !== '{timestamp}');
  if (unknown !== undefined)
    throw new ConfigError(`${provider}: signed knows {body} and {timestamp}, not ${unknown}`);
  if (parts.filter((part) => part === '{body}').length !== 1) {
    throw new ConfigError(`${provider}: signed must name {body} once: ${signed}`);
  }
  if (parts.includes('{timestamp}') !== (timestampHeader !== undefined)) {
    throw new ConfigError(`${provider}: {timestamp} in signed and timestampHeader go together`);
  }
  return (timestamp, body) =>
    parts.map((part) => (part === '{body}' ? body : part === '{timestamp}' ? timestamp : part));
}

/** A header's name in lower case. Throws ConfigError where no header could be called that (RFC 9110, 5.6.2). */
export function headerName(provider: string, option: string, name: string): string {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return name.toLowerCase();
  throw new ConfigError(`${provider}: ${option} is no name of a header: ${name || 'nothing'}`);
}

/** Throws ConfigError where an id, a type or a key is looked for in the header that holds the secret. */
export function requireOtherHeaders(provider: string, secret: string, others: readonly string[]): void {
  if (others.includes(secret)) {
    throw new ConfigError(
      `${provider}: id, type and key cannot be in ${secret}, which is secret and not kept`,
    );
  }
}
