import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from './home.ts';

const addresses = z.object({
  api: z.string(),
  admin: z.string(),
  temporal: z.string(),
  namespace: z.string(),
  /** Absent where `TEMPORAL_ADDRESS` names somebody else's server. */
  ui: z.string().optional(),
  /** The embedded database with its password; absent where `DATABASE_URL` names another. */
  database: z.string().optional(),
});

/** Where a running `everhook start` is to be found, for commands beside it. */
export type Addresses = z.output<typeof addresses>;

const fileIn = (home: string) => join(home, 'addresses.json');

/** Told by a start once it is ready. */
export const writeAddresses = (home: string, found: Addresses): Promise<void> =>
  writeJson(fileIn(home), found, { mode: 0o600 });

/** Undefined where no start is running, or an old file is not understood. */
export async function readAddresses(home: string): Promise<Addresses | undefined> {
  return addresses.safeParse(await readJson(fileIn(home)).catch(() => undefined)).data;
}

/** A start takes its addresses with it. */
export const forgetAddresses = (home: string): Promise<void> => rm(fileIn(home), { force: true });
