import { NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { classify } from '../../src/temporal/answers.ts';

const grpcError = (code: number, details: string) =>
  new ServiceError('failed', {
    cause: Object.assign(new Error(details), { code, details, metadata: {} }),
  });

test.each([
  [14, 'No connection established. Last error: connect ECONNREFUSED', 'unavailable'],
  [14, 'Connection dropped', 'unknown'],
  [14, 'read ECONNRESET', 'unknown'],
  [8, 'namespace rate limit exceeded', 'busy'],
  [8, 'grpc: received message larger than max (5000000 vs. 4194304)', 'event_refused'],
  [4, 'Deadline exceeded', 'unknown'],
  [10, 'aborted', 'unknown'],
  [1, 'cancelled', 'unknown'],
  [13, 'internal', 'unknown'],
  [3, 'Blob data size exceeds limit.', 'event_refused'],
  [3, 'WorkflowId length exceeds limit.', 'event_refused'],
  [3, 'Namespace default has no mapping defined for search attribute WebhookKey', 'setup_refused'],
  [3, 'something else', 'argument_refused'],
  [5, 'not found', 'setup_refused'],
  [7, 'denied', 'setup_refused'],
  [12, 'unimplemented', 'setup_refused'],
  [16, 'who are you', 'setup_refused'],
] as const)('gRPC %i %j is %s', (code, details, failure) => {
  expect(classify(grpcError(code, details))).toMatchObject({ name: 'StartError', failure });
});

test('a namespace that is not there is our set-up', () => {
  expect(classify(new NamespaceNotFoundError('hooks'))).toMatchObject({
    failure: 'setup_refused',
    message: 'namespace hooks does not exist',
  });
});

test('what is no answer of Temporal leaves the start unknown', () => {
  expect(classify(new Error('socket closed'))).toMatchObject({ failure: 'unknown' });
});
