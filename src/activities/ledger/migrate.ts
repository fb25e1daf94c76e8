import { migrateSchema } from '../../postgres/migrate.ts';
import { migrations } from './migrations.ts';

/** Brings the ledger's schema up to date, as `migrateSchema` says. */
export const migrateLedger = (databaseUrl: string): Promise<readonly string[]> =>
  // 'ledger' in ASCII.
  migrateSchema(databaseUrl, { name: 'ledger', lockKey: '119182731994482', migrations });
