import type { ExternalStorage, Payload, PayloadCodec } from '@temporalio/common';
import {
  decodeReferencePayload,
  ExternalStorageRunner,
  isReferencePayload,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import { readBody, swallowRest, type ByteBudget } from '../api/body.ts';
import { sendProblem } from '../api/problem.ts';
import { SealError } from '../encryption/seal.ts';
import { WebhookError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { requireAccess, requireOrigin, type Access } from './access.ts';

/** The largest body, in bytes (10 MiB): a page of Temporal's UI asks for a history's payloads at once. */
const bodyLimitBytes = 10_485_760;
/** Temporal's own pages of a history have 1000 events at most. */
const payloadLimit = 10_000;
const bodyTimeoutMs = 10_000;
/** Bytes of bodies in memory at once (40 MiB). */
const inFlightBytes = 41_943_040;
/** Bytes of large payloads in one answer (32 MiB); further ones stay references. */
const resolvedBytes = 33_554_432;
/** How long a browser may remember that it may ask, in seconds. */
const preflightSeconds = 600;

export interface CodecParts {
  readonly codec: PayloadCodec;
  /** Where large payloads are kept: what stands for one is resolved first. */
  readonly externalStorage?: ExternalStorage | undefined;
  readonly access: Access;
  readonly log: Logger;
}

/**
 * `POST /encode` and `POST /decode`, the remote codec of Temporal's UI and CLI: `{"payloads":[{"metadata",
 * "data"}]}` with base64 values, both ways (https://docs.temporal.io/codec-server). What cannot be decoded
 * comes back as it was, so that one lost key does not hide the rest of a history; its metadata names the key.
 */
export function codecRouter({ codec, externalStorage, access, log }: CodecParts): Router {
  const budget: ByteBudget = { limitBytes: inFlightBytes, usedBytes: 0 };
  const router = express.Router({ caseSensitive: true });
  router.use(cors(access, log));
  router.post(
    '/encode',
    answer((payloads) => codec.encode([...payloads])),
  );
  router.post(
    '/decode',
    answer((payloads) => decodeEach({ codec, resolve: resolverOf(externalStorage) }, payloads, log)),
  );
  return router;

  function answer(convert: (payloads: readonly Payload[]) => Promise<Payload[]>): RequestHandler {
    return async (request, response) => {
      try {
        requireAccess(request, access);
        const limits = { limitBytes: bodyLimitBytes, timeoutMs: bodyTimeoutMs, budget };
        const { body, release } = await readBody(request, response, limits);
        try {
          const { given, payloads } = parse(request, body);
          const converted = await convert(payloads);
          // What was left alone goes back as it came, with fields that are not ours to know.
          const items = converted.map((item, index) =>
            item === payloads[index] ? given[index] : toJson(item),
          );
          response.set('cache-control', 'no-store').json({ payloads: items });
        } finally {
          release();
        }
      } catch (error) {
        if (!(error instanceof WebhookError)) throw error;
        await swallowRest(request);
        refuse(request, response, error, log);
      }
    };
  }
}

/** Answers the browser's question whether a page may ask; pages of other origins get no answer at all. */
const cors =
  (access: Access, log: Logger): RequestHandler =>
  (request, response, next) => {
    response.vary('origin');
    try {
      const origin = requireOrigin(request, access);
      if (origin !== undefined) response.set('access-control-allow-origin', origin);
    } catch (error) {
      return refuse(request, response, error as WebhookError, log);
    }
    if (request.method !== 'OPTIONS') return next();
    response
      .set('access-control-allow-methods', 'POST')
      .set('access-control-allow-headers', 'content-type, x-namespace, authorization')
      .set('access-control-max-age', String(preflightSeconds))
      .sendStatus(204);
  };

/** One by one: each is opened, or left sealed and counted in the log. */
async function decodeEach(
  { codec, resolve }: { readonly codec: PayloadCodec; readonly resolve: Resolve },
  payloads: readonly Payload[],
  log: Logger,
): Promise<Payload[]> {
  const failures: Record<string, number> = {};
  const count = (name: string) => void (failures[name] = (failures[name] ?? 0) + 1);
  const all: Payload[] = [];
  for (const payload of payloads) {
    try {
      const whole = await resolve(payload);
      all.push((await codec.decode([whole]))[0]!);
    } catch (error) {
      if (error instanceof UnresolvedError) count(error.message);
      else if (!(error instanceof SealError)) throw error;
      else count(error.keyId === undefined ? error.failure : `${error.failure} ${error.keyId}`);
      all.push(payload);
    }
  }
  if (Object.keys(failures).length > 0) log.warn({ failures }, 'payloads could not be decoded');
  return all;
}

/** What a reference stands for; other payloads as they are. Rejects with UnresolvedError. */
type Resolve = (payload: Payload) => Promise<Payload>;

class UnresolvedError extends Error {
  override readonly name = 'UnresolvedError';
}

/** For one answer, which holds `resolvedBytes` of payloads at most. */
function resolverOf(externalStorage: ExternalStorage | undefined): Resolve {
  if (externalStorage === undefined) return (payload) => Promise.resolve(payload);
  const runner = new ExternalStorageRunner(externalStorage);
  let room = resolvedBytes;
  return async (payload) => {
    if (!isReferencePayload(payload)) return payload;
    let whole: Payload;
    try {
      const bytes = Number(decodeReferencePayload(payload).claimData['bytes']);
      if (!(bytes <= room)) throw new UnresolvedError('too_large');
      room -= bytes;
      [whole = payload] = await runner.retrieve([payload]);
    } catch (cause) {
      if (cause instanceof UnresolvedError) throw cause;
      throw new UnresolvedError(`unresolved ${(cause as Error).name}`, { cause });
    }
    return whole;
  };
}

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
const payload = z.object({
  metadata: z.record(z.string(), base64).nullable().default(null),
  data: base64.nullable().default(null),
});
const list = z.object({ payloads: z.array(z.unknown()).max(payloadLimit) });

function parse(request: Request, body: Buffer): { given: readonly unknown[]; payloads: readonly Payload[] } {
  // No form and no plain text: those a page may send without asking first.
  if (request.is('application/json') === false) throw unreadable('not_json', 'content-type');
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw unreadable('not_json');
  }
  const given = checked(list, value).payloads;
  return { given, payloads: given.map((item) => checked(payload, item)) };
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw unreadable('field_malformed', result.error.issues[0]?.path.join('.'));
}

const toJson = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});

const unreadable = (reason: 'not_json' | 'field_malformed', note?: string) =>
  new WebhookError('payloads_unreadable', {
    reason,
    ...(note !== undefined && { note: note.slice(0, 128) }),
  });

function refuse(request: Request, response: Response, error: WebhookError, log: Logger): void {
  const { code, reason, note } = error;
  log.warn(
    { path: request.baseUrl + request.path, remoteAddress: request.ip, code, reason, ...(note && { note }) },
    'admin request refused',
  );
  if (code === 'admin_unauthorized') response.set('www-authenticate', 'Bearer');
  sendProblem(response, error, !request.complete);
}
