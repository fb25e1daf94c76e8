import type { Plan, PlannedRun } from '../accept.ts';
import type { AnyProvider, AnyRow } from '../define.ts';
import type { WebhookEvent } from '../event.ts';
import { storableNote } from '../storable.ts';

/** The task queue of rows that name none. */
export const defaultTaskQueue = 'everhook';

/** How long keyed events wait for earlier ones, in seconds, where the row does not say. */
export const defaultSettlingSeconds = 2;

/** Picks the row of the most specific type, else of a wider one, else `*`; else the event is ignored. */
export function route(
  event: WebhookEvent,
  types: readonly string[],
  table: Readonly<Record<string, AnyRow>> | undefined,
  schemas: AnyProvider['schemas'],
): Plan {
  const name = [...types, '*'].find((type) => table !== undefined && Object.hasOwn(table, type));
  const row = name === undefined ? undefined : table?.[name];
  if (name === undefined || row === undefined) return { state: 'ignored' };
  const complaint = judge(types, event.payload, schemas);
  const turnKey = turnKeyOf(row, event);
  if (typeof turnKey === 'object') {
    return { state: 'parked', route: name, why: 'key_unusable', note: turnKey.complaint };
  }
  const run: PlannedRun = {
    state: 'accepted',
    route: name,
    ...runOf(row),
    ...(turnKey !== undefined && { turnKey, settlingSeconds: settlingOf(row) }),
  };
  if (complaint === undefined) return run;
  return { state: 'parked', route: name, why: 'payload_unexpected', note: complaint, run };
}

/**
 * A run of an event that occurred before its source's memory begins waits for a person: nobody knows whether it has
 * run before. What has no run, because no row takes it or its key is of no use, stays as it is.
 */
export function parkTooOld(plan: Plan, { occurredAt }: WebhookEvent, memoryBegins: Date | undefined): Plan {
  const run = plan.state === 'accepted' ? plan : plan.state === 'parked' ? plan.run : undefined;
  if (run === undefined || occurredAt === undefined || memoryBegins === undefined) return plan;
  if (!(Date.parse(occurredAt) < memoryBegins.getTime())) return plan;
  const note = `it occurred at ${occurredAt}, and ids are remembered since ${memoryBegins.toISOString()}`;
  return { state: 'parked', route: run.route, why: 'too_old', note, run };
}

/** What the user's own schema says against a payload. It judges; the payload stays as it came. */
function judge(
  types: readonly string[],
  payload: unknown,
  schemas: AnyProvider['schemas'],
): string | undefined {
  const type = types.find((candidate) => schemas !== undefined && Object.hasOwn(schemas, candidate));
  const result = type === undefined ? undefined : schemas?.[type]?.safeParse(payload);
  if (result === undefined || result.success) return undefined;
  const issue = result.error.issues[0];
  // It may quote the sender's own words.
  return storableNote(`/${issue?.path.map(String).join('/') ?? ''}: ${issue?.message ?? 'unexpected'}`);
}

/** The key of a keyed row. The function is the user's: what it throws, or gives, may be of no use. */
function turnKeyOf(row: AnyRow, event: WebhookEvent): string | undefined | { complaint: string } {
  const keyBy = typeof row === 'string' || 'external' in row ? undefined : (row.feedBy ?? row.inOrderBy);
  if (keyBy === undefined) return undefined;
  try {
    const key: unknown = keyBy(event);
    const text = typeof key === 'number' ? String(key) : key;
    if (typeof text === 'string' && /^[^\0]{1,512}$/su.test(text) && text.isWellFormed()) return text;
    return { complaint: `the row's key is ${typeof key}, not text of 1 to 512 characters or a number` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { complaint: storableNote(`the row's key: ${why}`) };
  }
}

const settlingOf = (row: AnyRow): number =>
  (typeof row === 'object' && 'workflow' in row ? row.settlingSeconds : undefined) ?? defaultSettlingSeconds;

/** The kind, workflow, queue and priority that a row says. */
export function runOf(row: AnyRow): Pick<PlannedRun, 'kind' | 'workflow' | 'taskQueue' | 'priority'> {
  if (typeof row === 'string') return { kind: 'plain', workflow: row, taskQueue: defaultTaskQueue };
  if ('external' in row) return { kind: 'external', workflow: row.external, taskQueue: row.taskQueue };
  const { workflow, taskQueue = defaultTaskQueue, priority, inOrderBy, feedBy } = row;
  const kind = feedBy ? 'feedBy' : inOrderBy ? 'inOrderBy' : 'plain';
  return { kind, workflow, taskQueue, ...(priority !== undefined && { priority }) };
}
