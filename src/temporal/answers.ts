import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';

import { BlobError } from '../journal/blob-error.ts';

/**
 * What a refused start means:
 * - `unavailable`: nothing was started; try again.
 * - `busy`: Temporal refuses load; nothing was started; try again later.
 * - `unknown`: it may have been started; trying again under the same id is safe.
 * - `event_refused`: this event can never be started (its size, its id).
 * - `setup_refused`: our own set-up is wrong (an unregistered attribute, the namespace, permission).
 * - `argument_refused`: an argument is wrong for a reason not known here.
 * - `id_taken`: another event's run, or somebody else's, has this workflow id.
 */
export type StartFailure =
  'unavailable' | 'busy' | 'unknown' | 'event_refused' | 'setup_refused' | 'argument_refused' | 'id_taken';

/** A start that did not happen, or may not have. The message is for operators. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly failure: StartFailure;

  constructor(failure: StartFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

const grpc = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Reads an error of the client's `start` by the table in docs/lifecycle.md. */
export function classify(error: unknown): StartError {
  if (error instanceof NamespaceNotFoundError) {
    return new StartError('setup_refused', `namespace ${error.namespace} does not exist`, { cause: error });
  }
  const status = error instanceof ServiceError ? error.cause : error;
  if (status instanceof BlobError) return new StartError('unavailable', status.message, { cause: error });
  if (!isGrpcServiceError(status)) {
    return new StartError('unknown', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
  const details = status.details || status.message;
  return new StartError(failureOf(status.code, details), `${details} (gRPC ${status.code})`, {
    cause: error,
  });
}

/** Whether a call certainly never left this process. */
export const neverSent = ({ code, details }: { readonly code: number; readonly details: string }): boolean =>
  code === grpc.unavailable && /no connection established|ECONNREFUSED|name resolution/i.test(details);

function failureOf(code: number, details: string): StartFailure {
  switch (code) {
    case grpc.unavailable:
      return neverSent({ code, details }) ? 'unavailable' : 'unknown';
    case grpc.resourceExhausted:
      return /larger than max/i.test(details) ? 'event_refused' : 'busy';
    case grpc.invalidArgument:
      if (/blob data size|exceeds (length )?limit|length exceeds/i.test(details)) return 'event_refused';
      return /search attribute|no mapping defined|namespace/i.test(details)
        ? 'setup_refused'
        : 'argument_refused';
    case grpc.notFound:
    case grpc.permissionDenied:
    case grpc.unimplemented:
    case grpc.unauthenticated:
      return 'setup_refused';
    default:
      return 'unknown';
  }
}
