import type { Pool } from 'pg';
import type { SearchAttributePair } from '@temporalio/common';
import { eventName, type WebhookEvent } from '../event.ts';
import type { NamedRun } from '../temporal/start.ts';
import { storableNote } from '../storable.ts';
import { searchAttributes } from '../temporal/search-attributes.ts';
import { readStored, storedColumns, UnreadableError, type StoredEvent } from './read-event.ts';
import type { JournalSource } from './rows.ts';

/** What a keyed run asks for: its next event, having finished another. */
export interface TurnQuery {
  /** The keyed run's workflow id. */
  readonly turn: string;
  /** The run that it has finished. */
  readonly handled?: string;
}

/** The next event of a turn; how long it still settles, in milliseconds; or nothing, when none waits. */
export type NextTurn =
  | {
      readonly run: string;
      readonly event: WebhookEvent;
      /** A later event of this key was handled before. */
      readonly stale: boolean;
      /** How `inOrderBy` starts it: as a plain row would have. */
      readonly start: {
        readonly workflow: string;
        readonly workflowId: string;
        readonly taskQueue: string;
        readonly priority?: number;
        readonly memo: { readonly everhookEvent: NamedRun; readonly everhookStale?: true };
        readonly attributes: SearchAttributePair[];
        readonly summary: string;
      };
    }
  | { readonly waitMs: number }
  | { readonly none: true };

/** With how many of the latest handled ones an event is compared to tell whether it is late. */
const staleWindow = 100;

const order = (events: string) => `(coalesce(${events}.occurred_at, ${events}.received_at), ${events}.id)`;

const takeNextSql = `
with done as (
  update everhook.runs set state = 'handled', state_at = now(), last_error = null
  where id = $2 and turn = $1 and state = 'accepted'
)
select r.id as run, r.n, r.workflow, r.workflow_id, r.task_queue, r.priority, ${storedColumns},
  extract(epoch from e.received_at - now())::float8 + r.settling_seconds as wait_seconds,
  exists (
    select from (
      select event from everhook.runs where turn = $1 and state = 'handled' order by id desc limit ${staleWindow}
    ) handled join everhook.events other on other.id = handled.event
    where ${order('other')} > ${order('e')}
  ) as stale
from everhook.runs r
join everhook.events e on e.id = r.event
join everhook.deliveries d on d.id = e.delivery_id
where r.turn = $1 and r.state = 'accepted' and r.id is distinct from $2
  and not exists (select from everhook.pauses p where p.source = r.source and p.route in ('', r.route))
order by coalesce(e.occurred_at, e.received_at), e.id
limit 1`;

/**
 * Marks a keyed run's finished event as handled, and gives its next, in the order of (occurredAt or receivedAt,
 * row). Asking twice gives the same again: nothing is taken away. What cannot be read any more is parked,
 * and passed over.
 */
export async function takeNext(
  pool: Pool,
  sources: Readonly<Record<string, JournalSource>>,
  { turn, handled }: TurnQuery,
): Promise<NextTurn> {
  const { rows } = await pool.query<TurnRow>(takeNextSql, [turn, handled]);
  const [row] = rows;
  if (row === undefined) return { none: true };
  if (row.wait_seconds > 0) return { waitMs: Math.ceil(row.wait_seconds * 1000) };
  try {
    return nextOf(row, readStored(row, sources));
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    await parkTurn(pool, row.run, `unreadable: ${error.message}`);
    return await takeNext(pool, sources, { turn });
  }
}

/** A run that will never have its turn by itself. */
export async function parkTurn(pool: Pool, run: string, error: string): Promise<void> {
  await pool.query(
    `update everhook.runs set state = 'parked', state_at = now(), last_error = $2 where id = $1 and state = 'accepted'`,
    [run, storableNote(error)],
  );
}

function nextOf(row: TurnRow, event: WebhookEvent): NextTurn {
  const { run, n, stale, workflow, workflow_id, task_queue, priority } = row;
  return {
    run,
    event,
    stale,
    start: {
      workflow,
      workflowId: workflow_id ?? '',
      taskQueue: task_queue,
      ...(priority !== null && { priority }),
      memo: { everhookEvent: { event: eventName(event), n }, ...(stale && { everhookStale: true }) },
      attributes: searchAttributes(event),
      summary: `${event.source} ${event.type}`,
    },
  };
}

interface TurnRow extends StoredEvent {
  readonly run: string;
  readonly n: number;
  readonly workflow: string;
  readonly workflow_id: string | null;
  readonly task_queue: string;
  readonly priority: number | null;
  readonly wait_seconds: number;
  readonly stale: boolean;
}
