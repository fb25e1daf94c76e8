import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Gate {
  /** PostgreSQL's address, through the gate. */
  readonly url: string;
  /** Breaks what is connected, and lets nobody in. */
  shut(): void;
  open(): void;
}

/** A way to PostgreSQL that can be cut. */
export async function gateTo(
  to: string,
  after: (cleanUp: () => void) => void = onTestFinished,
): Promise<Gate> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((socket) => {
    if (!isOpen) return socket.destroy();
    const onward = connect(Number(port), hostname);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined).on('close', () => (other.destroy(), sockets.delete(one)));
    }
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(to);
  url.host = `127.0.0.1:${(server.address() as { port: number }).port}`;
  const shut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  after(() => {
    shut();
    server.close();
  });
  return { url: url.href, shut, open: () => void (isOpen = true) };
}
