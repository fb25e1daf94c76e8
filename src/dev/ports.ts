import { createServer, type AddressInfo } from 'node:net';
import getPort, { clearLockedPorts, portNumbers } from 'get-port';

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
 * Takes any free port of a host and holds it, for a server that starts later but whose address must be known
 * now. Release it just before that listens; harmless when repeated. Throws what the system says.
 */
export async function holdPort(host: string): Promise<{ port: number; release(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}
