import { ApplicationFailure } from '@temporalio/common';

// One address and nothing that could begin a second one, a name or a header. RFC 5321 4.5.3.1.3
const address = /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[^\s@<>()[\]\\,;:"\p{C}]{1,189}$/u;

/** Fails for good as `AddressInvalid`; the address stays out of the message. */
export function requireAddress(value: string): string {
  if (address.test(value)) return value;
  throw ApplicationFailure.nonRetryable('the mail address is none', 'AddressInvalid');
}
