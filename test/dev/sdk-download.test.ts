import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporalCli } from '../../src/dev/binaries.ts';
import { findBinary } from '../../src/dev/find-binary.ts';
import { downloadBySdk } from '../../src/dev/sdk-download.ts';
import { env, listener, program, temporaryFolder } from './support.ts';
import type { AddressInfo } from 'node:net';

vi.setConfig({ testTimeout: 300_000 });

/** A proxy that can be reached and lets nothing through. */
async function closedProxy(): Promise<string> {
  const server = createServer((socket) =>
    socket.on('error', () => undefined).once('data', () => socket.destroy()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the SDK runs the server that it finds in its folder, and the file is given', async () => {
  const folder = await temporaryFolder();
  const cli = await findBinary(temporalCli, { env: process.env, log: listener().log });
  // The name that the SDK gives to this version, so that nothing need be downloaded.
  const file = await program(join(folder, 'temporal-v1.9.1'), `echo run >>${folder}/ran; exec ${cli} "$@"`);
  const context = { folder, env: { ...env, HTTPS_PROXY: await closedProxy() }, log: listener().log };
  expect(await downloadBySdk(temporalCli, context)).toBe(file);
  expect(await readFile(join(folder, 'ran'), 'utf8')).toBe('run\n');
});

test('a download that fails says why, in the words of the SDK', async () => {
  const folder = await temporaryFolder();
  const context = { folder, env: { ...env, HTTPS_PROXY: await closedProxy() }, log: listener().log };
  await expect(downloadBySdk(temporalCli, context)).rejects.toThrow(/download/);
});

test('a proxy that is not there is given up at once', async () => {
  const context = { folder: '/nowhere', env: { HTTPS_PROXY: 'http://127.0.0.1:9' }, log: listener().log };
  await expect(downloadBySdk(temporalCli, context)).rejects.toThrow(
    'the proxy 127.0.0.1:9 cannot be reached',
  );
});
