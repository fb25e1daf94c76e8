import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { Pool } from 'pg';
import type { Logger } from '../log.ts';
import { isNotFound } from '../temporal/not-found.ts';

/** What was stored is kept for the namespace's retention and this long, whoever holds it, in seconds. */
export const blobMarginSeconds = 86_400;
/** How often a workflow that Temporal knows is asked after, in seconds. */
const lookAgainSeconds = 21_600;
/** How long one process has for a batch before another takes it, in seconds. */
const leaseSeconds = 600;
const batchUses = 50;

export interface CollectorParts {
  readonly pool: Pool;
  /** Of `connectTemporal`, whose calls have deadlines. */
  readonly client: Client;
  /** Default the clock. */
  readonly now?: () => Date;
  /** How many uses are looked at, at most. Default 50. */
  readonly limit?: number;
}

export interface Collected {
  /** Uses that Temporal was asked about; fewer than the limit: there are no more for now. */
  readonly looked: number;
  readonly collected: number;
  readonly bytes: number;
}

interface Use {
  readonly key: string;
  readonly namespace: string;
  readonly workflow_id: string;
  readonly used_at: Date;
}

/**
 * Deletes payloads that no run can ask for any more. A use ends when Temporal does not know its workflow,
 * and the payload was stored for it longer ago than the namespace's retention and a day: by then a start
 * whose outcome was unknown has happened or not, and what else names the payload (a child's result is noted
 * for the parent) has outlived its own retention. A blob goes with its last use. Where Temporal does not
 * answer, nothing goes. Throws what the database throws.
 */
export async function collectBlobs({
  pool,
  client,
  now = () => new Date(),
  limit = batchUses,
}: CollectorParts): Promise<Collected> {
  const { rows: uses } = await pool.query<Use>(due, [now(), leaseSeconds, limit]);
  const retentions = new Map<string, Promise<number | undefined>>();
  const retentionOf = (namespace: string) => {
    const known = retentions.get(namespace) ?? retentionSeconds(client, namespace);
    retentions.set(namespace, known);
    return known;
  };
  let collected = 0;
  let bytes = 0;
  for (const use of uses) {
    const values = [use.key, use.namespace, use.workflow_id];
    const retention = await retentionOf(use.namespace);
    if (retention === undefined) {
      await pool.query(lookLater, [...values, new Date(now().getTime() + lookAgainSeconds * 1000)]);
      continue;
    }
    const keepSeconds = retention + blobMarginSeconds;
    const known = await lookFor(client, use);
    const until = use.used_at.getTime() + keepSeconds * 1000;
    if (known !== undefined) {
      await noteAncestors(pool, use, known);
      await pool.query(lookLater, [...values, new Date(now().getTime() + lookAgainSeconds * 1000)]);
    } else if (until > now().getTime()) {
      await pool.query(lookLater, [...values, new Date(until)]);
    } else {
      const { rows } = await remove(pool, use, new Date(now().getTime() - keepSeconds * 1000));
      collected += rows.length;
      bytes += rows.reduce((sum, row) => sum + row.bytes, 0);
    }
  }
  return { looked: uses.length, collected, bytes };
}

/** Leased: two processes take different ones, and what one of them leaves is due again. */
const due = `
update everhook.blob_uses u set look_at = $1::timestamptz + make_interval(secs => $2)
from (
  select key, namespace, workflow_id from everhook.blob_uses
  where look_at <= $1::timestamptz order by look_at limit $3 for update skip locked
) d
where u.key = d.key and u.namespace = d.namespace and u.workflow_id = d.workflow_id
returning u.key, u.namespace, u.workflow_id, u.used_at`;

const lookLater = `
update everhook.blob_uses set look_at = $4 where key = $1 and namespace = $2 and workflow_id = $3`;

/** The use, unless it was stored anew meanwhile, and the blob when nobody else holds it. */
async function remove(pool: Pool, { key, namespace, workflow_id }: Use, before: Date) {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('begin');
    // Whoever stores it has the blob's row first, then the use: so do we.
    await client.query('select from everhook.blobs where key = $1 for update', [key]);
    await client.query(
      `delete from everhook.blob_uses
      where key = $1 and namespace = $2 and workflow_id = $3 and used_at < $4`,
      [key, namespace, workflow_id, before],
    );
    const gone = await client.query<{ bytes: number }>(
      `delete from everhook.blobs b
      where key = $1 and not exists (select from everhook.blob_uses u where u.key = b.key)
      returning length(data) as bytes`,
      [key],
    );
    await client.query('commit');
    broken = false;
    return gone;
  } finally {
    client.release(broken);
  }
}

type Known = NonNullable<
  Awaited<ReturnType<Client['workflowService']['describeWorkflowExecution']>>['workflowExecutionInfo']
>;

/** What Temporal knows of a workflow id; undefined: nothing, so that nothing of it can run or be shown. */
async function lookFor(client: Client, { namespace, workflow_id: workflowId }: Use) {
  try {
    const { workflowExecutionInfo } = await client.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId },
    });
    return workflowExecutionInfo ?? {};
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A child's input is in its parent's history, too: who started it holds the payload as well. */
async function noteAncestors(pool: Pool, { key, namespace }: Use, known: Known): Promise<void> {
  const parent = known.parentExecution?.workflowId;
  // A parent in another namespace is known by that namespace's id alone, which no call takes.
  const ids = [parent, known.rootExecution?.workflowId].filter(
    (id) => id && id !== known.execution?.workflowId,
  );
  for (const id of new Set(ids)) {
    await pool.query(
      `insert into everhook.blob_uses (key, namespace, workflow_id, look_at) values ($1, $2, $3, now())
      on conflict do nothing`,
      [key, namespace, id],
    );
  }
}

/** Undefined where there is no such namespace: its workflows would all seem gone. */
async function retentionSeconds(client: Client, namespace: string): Promise<number | undefined> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    return tsToMs(config?.workflowExecutionRetentionTtl ?? undefined) / 1000;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export interface BlobCollector {
  /** Waits for the pass under way, which ends with its current use. */
  stop(): Promise<void>;
}

/** Collects in the background, a batch at a time; after a full batch the next follows in a second. */
export function startBlobCollector({
  pool,
  client,
  log,
  limit = batchUses,
  intervalMs = 60_000,
  ...options
}: CollectorParts & { readonly log: Logger; readonly intervalMs?: number }): BlobCollector {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pass = async (): Promise<number> => {
    try {
      const { looked, collected, bytes } = await collectBlobs({ pool, client, limit, ...options });
      if (collected > 0) log.info({ collected, bytes }, 'large payloads of finished runs were deleted');
      return looked < limit ? intervalMs : Math.min(intervalMs, 1000);
    } catch (error) {
      // Both stores are told about elsewhere; nothing is lost but space.
      if (!signal.aborted) log.debug({ err: error }, 'large payloads could not be collected');
      return intervalMs;
    }
  };
  const running = (async () => {
    for (let wait = intervalMs; ; wait = await pass()) {
      try {
        await delay(wait, undefined, { signal, ref: false });
      } catch {
        return;
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
