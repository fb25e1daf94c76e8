import { migrateSchema } from '../../postgres/migrate.ts';
import { migrations } from './migrations.ts';

/** Brings the schema of incidents up to date, as `migrateSchema` says. */
export const migrateIncidents = (databaseUrl: string): Promise<readonly string[]> =>
  // 'incident' in ASCII.
  migrateSchema(databaseUrl, { name: 'incidents', lockKey: '7597118925727690356', migrations });
