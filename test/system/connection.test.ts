import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { connectTemporal, temporalServes } from '../../src/temporal/connection.ts';

test('asking Temporal leaves the process without an AsyncLocalStorage in use', async () => {
  const use = vi.spyOn(AsyncLocalStorage.prototype, 'run');
  onTestFinished(() => use.mockRestore());
  const client = connectTemporal({
    connectionOptions: { address: inject('temporalAddress') },
    namespace: 'default',
  });
  onTestFinished(() => client.connection.close());
  expect(await temporalServes(client)).toBe(true);
  await client.workflowService.describeNamespace({ namespace: 'default' });
  expect(use).not.toHaveBeenCalled();
});
