import type { Plan } from '../accept.ts';
import type { AnyProvider, AnyRow } from '../define.ts';
import type { ReadEvent } from '../providers/provider.ts';

/** The task queue of rows that name none. */
export const defaultTaskQueue = 'everhook';

/** Picks the row of the most specific type, else of a wider one, else `*`; else the event is ignored. */
export function route(
  { types, payload }: Pick<ReadEvent, 'types' | 'payload'>,
  table: Readonly<Record<string, AnyRow>> | undefined,
  schemas: AnyProvider['schemas'],
): Plan {
  const name = [...types, '*'].find((type) => table !== undefined && Object.hasOwn(table, type));
  const row = name === undefined ? undefined : table?.[name];
  if (row === undefined) return { state: 'ignored' };
  const complaint = judge(types, payload, schemas);
  if (complaint !== undefined) return { state: 'parked', why: 'payload_unexpected', note: complaint };
  return { state: 'accepted', ...runOf(row) };
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
  return `/${issue?.path.map(String).join('/') ?? ''}: ${issue?.message ?? 'unexpected'}`;
}

/** The workflow, queue and priority that a row says. */
export function runOf(row: AnyRow): { workflow: string; taskQueue: string; priority?: number } {
  if (typeof row === 'string') return { workflow: row, taskQueue: defaultTaskQueue };
  if ('external' in row) return { workflow: row.external, taskQueue: row.taskQueue };
  const { workflow, taskQueue = defaultTaskQueue, priority } = row;
  return { workflow, taskQueue, ...(priority !== undefined && { priority }) };
}
