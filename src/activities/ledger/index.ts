import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import { createPool } from '../store-pool.ts';
import { ledger, missingLedger } from './ledger.ts';

export { migrateLedger } from './migrate.ts';
export type { PaymentRef, Posted, Posting } from './ledger.ts';

export type LedgerActivities = ReturnType<typeof ledger>;

const users = ['fulfillPayment', 'recoverPayment'];

/** The ledger's activities over `DATABASE_URL`. Throws ConfigError when a row needs it and it is missing. */
export function createLedger({ setting, routes, onClose }: ActivityContext): LedgerActivities {
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl !== undefined) {
    const pool = createPool(databaseUrl, 'ledger');
    onClose(() => pool.end());
    return ledger(pool);
  }
  const rows = rowsOf(routes, users);
  if (rows.length === 0) return missingLedger;
  throw new ConfigError(`DATABASE_URL is not set: the ledger needs it, for ${rows.join(', ')}`);
}
