import { isGrpcServiceError } from '@temporalio/client';

// gRPC's NOT_FOUND.
const notFound = 5;

/** Whether Temporal says that it knows no such thing: a workflow, or the namespace it was asked in. */
export const isNotFound = (error: unknown): boolean =>
  isGrpcServiceError(error) && (error.code as number) === notFound;
