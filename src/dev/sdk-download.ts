import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from './home.ts';
import { runCommand } from './run-command.ts';
import type { Socket } from 'node:net';
import type { Binary, DownloadContext } from './binaries.ts';
import type { Environment } from '../settings.ts';

const host = 'temporal.download';
const probeMs = 3000;
const downloadMs = 900_000;

// The SDK downloads a server only to start it. Its native runtime takes over this process's signals,
// so it lives in one of its own. Arguments: the SDK's file, which server, its version, the folder.
const script = `
const [testing, server, version, downloadDir] = process.argv.slice(1);
const { TestWorkflowEnvironment } = require(testing);
const executable = { type: 'cached-download', version, downloadDir };
const options = { server: { executable } };
(server === 'dev-server' ? TestWorkflowEnvironment.createLocal(options) : TestWorkflowEnvironment.createTimeSkipping(options))
  .then((environment) => environment.teardown())
  .then(() => process.exit(0), (error) => { process.stderr.write(String(error.message ?? error)); process.exit(1); });
`;

/**
 * Has the SDK download a program, as its own test environments do: at most 3 s to reach the host,
 * then the time it needs, up to 15 minutes. Gives the file's path. Throws, saying why not.
 */
export async function downloadBySdk(binary: Binary, { folder, env, log }: DownloadContext): Promise<string> {
  await probe(env);
  log(`downloading ${binary.name} ${binary.version} from ${host}`);
  const testing = createRequire(import.meta.url).resolve('@temporalio/testing');
  const failure = await runCommand(
    process.execPath,
    ['-e', script, testing, binary.server, `v${binary.version}`, folder],
    {
      env,
      timeoutMs: downloadMs,
      progress: { everyMs: 5000, report: (seconds) => log(`downloading ${binary.name}: ${seconds} s`) },
    },
  ).then(() => undefined, messageOf);
  // The SDK gives the file this name once it is whole, so a server that was slow to start is no failure.
  const name = (await readdir(folder)).find(
    (file) => file.startsWith(`${binary.name}-`) && !file.endsWith('.downloading'),
  );
  if (name === undefined) throw new Error(failure ?? 'the SDK left no file');
  return join(folder, name);
}

/** Reaches the download's host, or the proxy that leads to it, within `timeoutMs` (default 3000), or throws. */
export async function probe(
  env: Environment,
  {
    timeoutMs = probeMs,
    target = { host, port: 443 },
  }: { timeoutMs?: number; target?: { host: string; port: number } } = {},
): Promise<void> {
  const proxy = proxyOf(env);
  const socket: Socket = proxy
    ? connectPlain(proxy)
    : connectTls({ ...target, ...(isIP(target.host) ? {} : { servername: target.host }) });
  const place = proxy ? `the proxy ${proxy.host}:${proxy.port}` : `${target.host}:${target.port}`;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      socket.once(proxy ? 'connect' : 'secureConnect', () => resolve());
      socket.on('error', reject);
    });
  } catch (error) {
    throw new Error(`${place} cannot be reached: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function proxyOf(env: Environment): { host: string; port: number } | undefined {
  const told = env['HTTPS_PROXY'] ?? env['https_proxy'] ?? env['ALL_PROXY'] ?? env['all_proxy'];
  if (told === undefined || !URL.canParse(told)) return undefined;
  const { hostname, port, protocol } = new URL(told);
  return {
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}
