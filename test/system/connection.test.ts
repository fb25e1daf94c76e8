import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { connectTemporal, temporalServes } from '../../src/temporal/connection.ts';
import { createRing } from '../../src/temporal/ring.ts';
import { createStart } from '../../src/temporal/start.ts';
import { createNamespace, unique } from './support.ts';

test('what is asked of Temporal leaves the process without an AsyncLocalStorage in use', async () => {
  const { options } = await createNamespace(inject('temporalAddress'));
  const client = connectTemporal({
    connectionOptions: { address: inject('temporalAddress') },
    namespace: options.namespace,
  });
  onTestFinished(() => client.connection.close());
  const use = vi.spyOn(AsyncLocalStorage.prototype, 'run');
  onTestFinished(() => use.mockRestore());
  expect(await temporalServes(client)).toBe(true);
  await client.workflowService.describeNamespace({ namespace: options.namespace });
  const event = {
    id: unique('e'),
    source: 'payment',
    type: 'payment.succeeded',
    receivedAt: new Date().toISOString(),
    payload: {},
  };
  const run = { event, workflow: 'recordEvent', taskQueue: 'nobody', n: 1 };
  expect(await createStart(client)(run)).toBe('started');
  expect(await createStart(client)({ ...run, again: true })).toBe('duplicate');
  await createRing(client)({
    turn: 'payment~recordEvent:k',
    kind: 'inOrderBy',
    workflow: 'recordEvent',
    taskQueue: 'nobody',
    source: 'payment',
    key: 'k',
  });
  expect(use).not.toHaveBeenCalled();
});
