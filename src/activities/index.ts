import type { ActivityContext } from '../define.ts';
import { ConfigError } from '../errors.ts';
import { createChat, type ChatActivities } from './chat/index.ts';
import { createContacts, migrateContacts, type ContactActivities } from './contacts/index.ts';
import { createGit, type GitActivities } from './git/index.ts';
import { createIncidents, migrateIncidents, type IncidentActivities } from './incidents/index.ts';
import { createLedger, migrateLedger, type LedgerActivities } from './ledger/index.ts';
import { createMail, type MailActivities } from './mail/index.ts';
import { createPayments, type PaymentActivities } from './payments/index.ts';

export { migrateContacts } from './contacts/index.ts';
export { migrateIncidents } from './incidents/index.ts';
export { migrateLedger } from './ledger/index.ts';
export type { ContactFields } from './contacts/index.ts';
export type { OpenIncident } from './incidents/index.ts';
export type { PaymentRef } from './ledger/index.ts';

/** What the shipped workflows can have done in the outside world. */
export type Activities = LedgerActivities &
  PaymentActivities &
  MailActivities &
  GitActivities &
  ChatActivities &
  ContactActivities &
  IncidentActivities;

/**
 * The shipped activities, for a gateway's `activities`; each names its settings where it reads them.
 * Throws ConfigError when a row cannot work with what is set.
 */
export const createActivities = (context: ActivityContext): Activities => ({
  ...createLedger(context),
  ...createPayments(context),
  ...createMail(context),
  ...createGit(context),
  ...createChat(context),
  ...createContacts(context),
  ...createIncidents(context),
});

/** Brings the activities' stores up to date, for a gateway's `migrate`. Throws ConfigError without `DATABASE_URL`. */
export async function migrateStores({
  setting,
}: Pick<ActivityContext, 'setting'>): Promise<readonly string[]> {
  const databaseUrl = setting('DATABASE_URL');
  if (databaseUrl === undefined)
    throw new ConfigError('DATABASE_URL is not set: ledger, contacts and incidents are there');
  return [
    ...(await migrateLedger(databaseUrl)),
    ...(await migrateContacts(databaseUrl)),
    ...(await migrateIncidents(databaseUrl)),
  ];
}
