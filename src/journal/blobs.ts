import { createHash } from 'node:crypto';
import {
  ExternalStorage,
  StorageDriverClaim,
  type Payload,
  type StorageDriver,
  type StorageDriverTargetInfo,
} from '@temporalio/common';
import { encodeReferencePayload } from '@temporalio/common/lib/internal-non-workflow/index.js';
import protocol from '@temporalio/proto';
import type { Pool, PoolClient } from 'pg';
import { ConfigError } from '../errors.ts';
import { BlobError } from './blob-error.ts';
import { createPool } from './connection.ts';

const { Payload: wire } = protocol.temporal.api.common.v1;

/** Payloads from this many bytes on (256 KiB), as they travel, go to the journal instead of to Temporal. */
export const blobThresholdBytes = 262_144;
/** What one statement writes or reads at most, unless a single payload is larger (16 MiB). */
const batchBytes = 16_777_216;
const batchBlobs = 100;
const connections = 4;
/** A workflow that was just named is looked at for the first time after this long, in seconds. */
const firstLookSeconds = 600;
/** In every reference in Temporal's histories: never to be changed. */
const driverName = 'everhook-journal';
const keyPrefix = 'sha256:';

export interface Blobs {
  readonly storage: ExternalStorage;
  readonly pool: Pool;
  close(): Promise<void>;
}

/**
 * The blobs of a journal, on connections of their own: 25 MiB must not hold up an append. Throws ConfigError
 * where the installation cannot write references.
 */
export function openBlobs(databaseUrl: string): Blobs {
  requireReferences();
  const pool = createPool(databaseUrl, { name: 'everhook-blobs', connections });
  return { pool, storage: blobStorage(pool), close: () => pool.end() };
}

/**
 * Temporal's packages find each other's messages by their class: with two copies of protobufjs in between, each
 * start with a large payload would fail, and nothing before it.
 */
function requireReferences(): void {
  try {
    encodeReferencePayload({ driverName, claim: new StorageDriverClaim({}), sizeBytes: 0 });
  } catch (cause) {
    throw new ConfigError(
      'large payloads cannot travel: @temporalio/common and @temporalio/proto use different copies of protobufjs; ' +
        '"npm ls protobufjs" shows them, and a dependency on protobufjs 8.8.1 at the root makes them one',
      { cause },
    );
  }
}

/**
 * Keeps large payloads in the journal. The SDK encodes first and stores then: what comes here is sealed where
 * there is a key, and the reference that goes to Temporal instead is in the clear. A blob's key is the SHA-256
 * of the whole payload, its metadata included; sealing the same value twice gives two blobs.
 */
export const blobStorage = (pool: Pool): ExternalStorage =>
  new ExternalStorage({ drivers: [blobDriver(pool)], payloadSizeThreshold: blobThresholdBytes });

const blobDriver = (pool: Pool): StorageDriver => ({
  name: driverName,
  type: 'everhook.journal',

  async store({ abortSignal, target }, payloads) {
    const blobs = payloads.map(blobOf);
    const unique = [...new Map(blobs.map((blob) => [blob.key, blob])).values()];
    // One order for all, so that no two transactions wait for each other.
    unique.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const batch of batches(unique)) {
      await withConnection(pool, abortSignal, (client) => write(client, batch, holderOf(target)));
    }
    return blobs.map(({ key, data }) => new StorageDriverClaim({ key, bytes: String(data.length) }));
  },

  async retrieve({ abortSignal }, claims) {
    const keys = [...new Set(claims.map(keyOf))];
    const found = new Map<string, Payload>();
    for (const key of keys) {
      const data = await withConnection(pool, abortSignal, (client) => read(client, key));
      found.set(key, payloadOf(key, data));
    }
    return claims.map((claim) => found.get(keyOf(claim))!);
  },
});

interface Blob {
  readonly key: string;
  readonly data: Buffer;
}

function blobOf(payload: Payload): Blob {
  const encoded = wire.encode(payload).finish();
  const data = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  return { key: keyFor(data), data };
}

const keyFor = (data: Buffer) => keyPrefix + createHash('sha256').update(data).digest('hex');

function payloadOf(key: string, data: Buffer | undefined): Payload {
  if (data === undefined) {
    throw new BlobError(
      'missing',
      `the payload ${key} is not in the journal (everhook.blobs): it was collected, or DATABASE_URL is another journal's`,
    );
  }
  if (keyFor(data) !== key) {
    throw new BlobError(
      'damaged',
      `the payload ${key} in the journal (everhook.blobs) is not what was stored`,
    );
  }
  return wire.decode(data);
}

function keyOf({ claimData }: StorageDriverClaim): string {
  const key = claimData['key'];
  if (key === undefined) throw new BlobError('missing', 'a reference to a payload in the journal has no key');
  return key;
}

interface Holder {
  readonly namespace: string;
  /** Empty where nobody is named whom Temporal could be asked about: the blob is kept for good. */
  readonly workflowId: string;
}

const holderOf = (target: StorageDriverTargetInfo | undefined): Holder => ({
  namespace: target?.namespace ?? '',
  workflowId: (target?.kind === 'workflow' ? target.id : undefined) ?? '',
});

function* batches(blobs: readonly Blob[]): Generator<readonly Blob[]> {
  let batch: Blob[] = [];
  let bytes = 0;
  for (const blob of blobs) {
    if (batch.length === batchBlobs || (batch.length > 0 && bytes + blob.data.length > batchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(blob);
    bytes += blob.data.length;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Blobs and who holds them, in one statement. The collector's deletions look at `used_at` again once they have
 * the row, so that what is stored anew stays.
 */
async function write(
  client: PoolClient,
  blobs: readonly Blob[],
  { namespace, workflowId }: Holder,
): Promise<void> {
  const values = blobs.map((_, index) => `($${2 * index + 4}, $${2 * index + 5}::bytea)`);
  await client.query(
    `with blob as (
      insert into everhook.blobs (key, data) values ${values.join(', ')}
      on conflict (key) do update set used_at = now()
      returning key
    )
    insert into everhook.blob_uses (key, namespace, workflow_id, look_at)
    select key, $1, $2, case when $2 = '' then 'infinity' else now() + make_interval(secs => $3) end from blob
    on conflict (key, namespace, workflow_id) do update set used_at = now()`,
    [namespace, workflowId, firstLookSeconds, ...blobs.flatMap(({ key, data }) => [key, data])],
  );
}

async function read(client: PoolClient, key: string): Promise<Buffer | undefined> {
  const { rows } = await client.query<{ data: Buffer }>('select data from everhook.blobs where key = $1', [
    key,
  ]);
  return rows[0]?.data;
}

/** One connection for one use; when the caller gives up, it is broken off, for pg knows no other way. */
async function withConnection<Result>(
  pool: Pool,
  signal: AbortSignal | undefined,
  use: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const client = await pool.connect().catch(unavailable);
  let given = false;
  const release = (broken: boolean) => {
    if (!given) client.release(broken);
    given = true;
  };
  const abort = () => release(true);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    const result = await use(client);
    release(false);
    return result;
  } catch (error) {
    // What failed by its query's fault leaves a sound connection, but a timed-out one does not.
    release(true);
    signal?.throwIfAborted();
    return unavailable(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function unavailable(cause: unknown): never {
  throw new BlobError(
    'unavailable',
    `the journal's large payloads cannot be had: ${(cause as Error).message}`,
    {
      cause,
    },
  );
}
