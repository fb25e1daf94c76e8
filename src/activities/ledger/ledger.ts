import { ApplicationFailure } from '@temporalio/common';
import type { Pool } from 'pg';
import { eventName, type EventRef } from '../../event.ts';
import { storeFailure } from '../store-failure.ts';

/** A payment, as every event that tells of it names it. */
export interface PaymentRef {
  /** Whose ids these are: `stripe`, `payment`. */
  readonly provider: string;
  /** Whose account at the provider; '' is its only or own one. */
  readonly account: string;
  readonly paymentId: string;
}

/** A payment that has been received. */
export interface Posting extends PaymentRef {
  readonly event: EventRef;
  /** In minor units: cents. */
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Where a payment is in the ledger. */
export interface Posted {
  readonly entryId: string;
  /** True when the entry was there before: made by another event, or by an attempt whose answer was lost. */
  readonly alreadyPosted: boolean;
  /** The event that made the entry, `<source>:<event id>`: the same in every answer. */
  readonly postedBy: string;
}

interface Entry {
  readonly id: string;
  readonly event: string;
  readonly amount_minor: string;
  readonly currency: string;
}

const effect = 'payment';

const insert = `
  insert into ledger.entries (provider, account, payment_id, effect, event, amount_minor, currency)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (provider, account, payment_id, effect) do nothing
  returning id, event, amount_minor, currency`;

const select = `
  select id, event, amount_minor, currency from ledger.entries
  where provider = $1 and account = $2 and payment_id = $3 and effect = $4`;

/** The ledger: what has been received, each payment once, whatever number of events tell of it. */
export const ledger = (pool: Pick<Pool, 'query'>) => ({
  /**
   * Posts a payment, or finds it posted. Fails for good as `LedgerConflict` when it was posted with
   * another amount or currency.
   */
  async postPayment(posting: Posting): Promise<Posted> {
    const { event, provider, account, paymentId, amountMinor, currency } = posting;
    const key = [provider, account, paymentId, effect];
    const money = [String(amountMinor), currency.toUpperCase()] as const;
    const inserted = await query(pool, insert, [...key, eventName(event), ...money]);
    // Entries never go, so what the insert ran into is there for this second look.
    const entry = inserted ?? (await query(pool, select, key));
    if (!entry) throw new Error(`the ledger entry of ${paymentId} is neither new nor there`);
    if (entry.amount_minor !== money[0] || entry.currency !== money[1]) {
      throw ApplicationFailure.nonRetryable(
        `${paymentId} was posted by ${entry.event} with ${entry.amount_minor} ${entry.currency}, ` +
          `and ${eventName(event)} says ${money.join(' ')}`,
        'LedgerConflict',
      );
    }
    return { entryId: entry.id, alreadyPosted: inserted === undefined, postedBy: entry.event };
  },

  /** The entry of a payment; null when there is none. */
  async findPayment({ provider, account, paymentId }: PaymentRef): Promise<{ entryId: string } | null> {
    const entry = await query(pool, select, [provider, account, paymentId, effect]);
    return entry ? { entryId: entry.id } : null;
  },
});

/** The ledger where no database is named: no shipped row needs it, and a row of one's own is told so. */
export const missingLedger: ReturnType<typeof ledger> = { postPayment: refuse, findPayment: refuse };

function refuse(): Promise<never> {
  throw ApplicationFailure.nonRetryable('DATABASE_URL is not set: the ledger needs it', 'LedgerMissing');
}

async function query(pool: Pick<Pool, 'query'>, sql: string, values: string[]): Promise<Entry | undefined> {
  try {
    const { rows } = await pool.query<Entry>(sql, values);
    return rows[0];
  } catch (error) {
    throw storeFailure(error, { name: 'Ledger', called: 'the ledger is' });
  }
}
