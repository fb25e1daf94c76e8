import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What refusals from an address are counted under: an IPv4 address itself, also where IPv6 maps it
 * (`::ffff:192.0.2.1`); of IPv6 the first 64 bits, because a subscriber is given at least as many to
 * choose from (RFC 6177). What is no address is counted together, as `unknown`: a proxy may say anything.
 */
export function addressKey(address: string | undefined): string {
  const bare = withoutPort(address ?? '');
  if (isIP(bare) === 0) return 'unknown';
  const parsed = ipaddr.process(bare);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`;
}

/** Some proxies name the port too: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
function withoutPort(address: string): string {
  const [, ipv4, ipv6] = /^(?:(\d+(?:\.\d+){3})|\[([^\]]+)\])(?::\d+)?$/.exec(address) ?? [];
  return ipv4 ?? ipv6 ?? address;
}
