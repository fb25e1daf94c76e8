import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import { createPool } from '../store-pool.ts';
import { incidents, missingIncidents } from './incidents.ts';

export { migrateIncidents } from './migrate.ts';
export type { IncidentEvent, IncidentRef, OpenIncident } from './incidents.ts';

export type IncidentActivities = ReturnType<typeof incidents>;

const users = ['manageIncident'];

/** The activities of incidents over `DATABASE_URL`. Throws ConfigError when a row needs it and it is missing. */
export function createIncidents({ setting, routes, onClose }: ActivityContext): IncidentActivities {
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl !== undefined) {
    const pool = createPool(databaseUrl, 'incidents');
    onClose(() => pool.end());
    return incidents(pool);
  }
  const rows = rowsOf(routes, users);
  if (rows.length === 0) return missingIncidents;
  throw new ConfigError(`DATABASE_URL is not set: incidents are kept there, for ${rows.join(', ')}`);
}
