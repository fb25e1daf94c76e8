import { ApplicationFailure } from '@temporalio/common';

/** Which clone URLs are fetched. */
export interface CloneRules {
  /** Hosts, with a port where it is not 443. */
  readonly hosts: readonly string[];
  /** In development: URLs that begin with one are fetched from the other, on this machine. */
  readonly standIn?: { readonly prefix: string; readonly target: string } | undefined;
}

/** A URL that may be fetched. */
export interface CloneUrl {
  /** As the sender named it, normalised: what a mirror is called by. */
  readonly name: string;
  /** Where git is sent. */
  readonly address: string;
  /** The only protocol that git may speak meanwhile. */
  readonly protocol: 'https' | 'http';
}

// What hosts put in their paths; no escapes, so that nothing reads differently further on.
const path = /^(\/[\w.~+-]+)+$/;

/**
 * Judges a clone URL that an event names: https to an allowed host, and nothing else in it. Fails for
 * good as `CloneUrlRefused`. The URL stays out of the message, because it may hold a password.
 */
export function cloneUrl(value: unknown, { hosts, standIn }: CloneRules): CloneUrl {
  // The constructor forgives blanks, backslashes and more; what is not written plainly is not taken.
  if (typeof value !== 'string' || !/^https:\/\/[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) {
    return refuse('it is not a plain https URL');
  }
  if (value.length > 1000) return refuse('it is longer than 1000 characters');
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || value.includes('@')) return refuse('it names a user');
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(value))
    return refuse('it has a query or a fragment');
  if (!path.test(url.pathname)) return refuse('its path is unusual');
  // No dots that climb, no upper case, no needless port: what it reads is what is fetched.
  if (url.href !== value) return refuse('it can be written more plainly');
  const name = value;
  if (standIn && name.startsWith(standIn.prefix)) {
    return { name, address: standIn.target + name.slice(standIn.prefix.length), protocol: 'http' };
  }
  if (!hosts.includes(url.host)) return refuse(`the host ${url.host} is not in EVERHOOK_GIT_HOSTS`);
  return { name, address: name, protocol: 'https' };
}

function refuse(why: string): never {
  throw ApplicationFailure.nonRetryable(`the clone URL is refused: ${why}`, 'CloneUrlRefused');
}
