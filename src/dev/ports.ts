import { createServer } from 'node:net';
import getPort, { clearLockedPorts, portNumbers } from 'get-port';
import { listen, type ListenAt } from '../listen.ts';

/**
 * Gives the first free port of 127.0.0.1 from `first` on, looking at a hundred, else any free one.
 * It says so when that is not `first`. `name` is what messages call the server.
 */
export async function freePort(
  first: number,
  { name, log }: { name: string; log: (line: string) => void },
): Promise<number> {
  // It keeps what it gave for some time, also from the very server that gives its port back.
  clearLockedPorts();
  const last = Math.min(first + 99, 65_535);
  const port = await getPort({ port: portNumbers(first, last), host: '127.0.0.1' });
  if (port !== first) log(`${name}: port ${first} is taken, using ${port}`);
  return port;
}

/**
 * Takes a port and holds it, for a server that starts later: a port that is taken is known before the work is
 * done, and a free one (0) has its number. Release it just before that listens; harmless when repeated. Throws
 * ConfigError.
 */
export async function holdPort(at: ListenAt): Promise<{ port: number; release(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  const { port } = await listen(server, at);
  return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}
