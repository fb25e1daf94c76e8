import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { holdPort } from '../../src/dev/ports.ts';

/** Whether somebody else can listen there; lets go of it at once. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

test("a held port is nobody else's until it is released, which can be repeated", async () => {
  const { port, release } = await holdPort({ name: 'PORT', host: '127.0.0.1', port: 0 });
  onTestFinished(release);
  expect(await isFree(port)).toBe(false);
  await release();
  await release();
  expect(await isFree(port)).toBe(true);
});

test('an address that is not of this machine is refused', async () => {
  await expect(holdPort({ name: 'PORT', host: '192.0.2.1', port: 0 })).rejects.toThrow(
    /^PORT: 192\.0\.2\.1:0 cannot be used: .*(EADDRNOTAVAIL|EINVAL)/,
  );
});
