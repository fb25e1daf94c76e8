import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import { createPool } from '../store-pool.ts';
import { contacts, missingContacts } from './contacts.ts';

export { migrateContacts } from './migrate.ts';
export type { ContactChange, ContactFields, WrittenContact } from './contacts.ts';

export type ContactActivities = ReturnType<typeof contacts>;

const users = ['upsertContact'];

/** The contacts' activities over `DATABASE_URL`. Throws ConfigError when a row needs it and it is missing. */
export function createContacts({ setting, routes, onClose }: ActivityContext): ContactActivities {
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl !== undefined) {
    const pool = createPool(databaseUrl, 'contacts');
    onClose(() => pool.end());
    return contacts(pool);
  }
  const rows = rowsOf(routes, users);
  if (rows.length === 0) return missingContacts;
  throw new ConfigError(`DATABASE_URL is not set: contacts need it, for ${rows.join(', ')}`);
}
