import type { Logger } from '../log.ts';
import { onSignals } from './signals.ts';

/**
 * Runs a role until SIGTERM or SIGINT, then stops it; a second signal ends the process at once.
 * `done` may end it earlier.
 */
export async function runUntilSignal(
  log: Logger,
  { stop, done }: { stop: () => Promise<void>; done?: Promise<void> },
): Promise<void> {
  const signalled = new Promise<void>((resolve) => {
    onSignals(['SIGTERM', 'SIGINT'], (signal) => {
      log.info({ signal }, 'stopping');
      resolve();
    });
  });
  await Promise.race(done ? [signalled, done] : [signalled]);
  await stop();
  log.info('stopped');
}
