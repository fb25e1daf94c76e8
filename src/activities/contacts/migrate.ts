import { migrateSchema } from '../../postgres/migrate.ts';
import { migrations } from './migrations.ts';

/** Brings the contacts' schema up to date, as `migrateSchema` says. */
export const migrateContacts = (databaseUrl: string): Promise<readonly string[]> =>
  // 'contacts' in ASCII.
  migrateSchema(databaseUrl, { name: 'contacts', lockKey: '7165066978298918003', migrations });
