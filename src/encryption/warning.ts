import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';

/** One line at the start of a production process that sends payloads to Temporal in the clear. */
export function warnIfClear({ development, encryption }: Config, log: Logger): void {
  if (development || encryption.current !== undefined) return;
  log.warn(
    'payloads are not encrypted: whoever may read the Temporal namespace may read them. Set EVERHOOK_ENCRYPTION_KEY',
  );
}
