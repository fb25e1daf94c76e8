import { ApplicationFailure } from '@temporalio/common';

/**
 * What a store's database says, as a failure of an activity: `<name>Missing` is tried again, for a migration heals it;
 * `<name>Refused` is for good. `called` begins the message: `the ledger is`.
 */
export function storeFailure(error: unknown, { name, called }: { name: string; called: string }): unknown {
  const { code = '', message } = error as { code?: string; message: string };
  // undefined_table, undefined_column, invalid_schema_name: heals once the schema is there.
  if (['42P01', '42703', '3F000'].includes(code)) {
    return ApplicationFailure.retryable(
      `${called} not there yet: run \`everhook migrate\``,
      `${name}Missing`,
    );
  }
  // Classes 22 and 23, the data and the constraints: the same values will be refused again.
  if (/^2[23]/.test(code)) return ApplicationFailure.nonRetryable(message, `${name}Refused`);
  return error;
}
