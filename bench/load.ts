import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a load found: seconds of each answer, and how many had which status. */
export interface LoadResult {
  readonly seconds: number;
  readonly latencies: Float64Array;
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Sends requests, given as whole HTTP/1.1 messages, over a number of kept connections, each waiting for its
 * answer before the next. Plain sockets: the sender shall cost less than what it measures. With `perSecond`
 * each has its moment, from which its latency counts, also where no connection was free.
 */
export async function load(
  port: number,
  requests: readonly Buffer[],
  { connections, perSecond }: { connections: number; perSecond?: number },
): Promise<LoadResult> {
  const latencies = new Float64Array(requests.length);
  const statuses: Record<string, number> = {};
  let next = 0;
  const began = performance.now();
  const one = async () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const answers = reader(socket);
    while (next < requests.length) {
      const at = next++;
      const due = perSecond === undefined ? undefined : began + (at / perSecond) * 1000;
      if (due !== undefined) await delay(due - performance.now());
      const sent = due ?? performance.now();
      socket.write(requests[at]!);
      const status = await answers();
      latencies[at] = (performance.now() - sent) / 1000;
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, one));
  return { seconds: (performance.now() - began) / 1000, latencies: latencies.toSorted(), statuses };
}

/** Gives the status of one answer after another; each carries its content-length. */
function reader(socket: Socket): () => Promise<string> {
  let buffered = '';
  let waiting: { resolve: (status: string) => void; reject: (error: Error) => void } | undefined;
  const look = () => {
    const head = buffered.indexOf('\r\n\r\n');
    if (head < 0 || !waiting) return;
    const length = Number(/content-length: (\d+)/i.exec(buffered.slice(0, head))?.[1] ?? NaN);
    if (Number.isNaN(length))
      return waiting.reject(new Error(`no content-length:\n${buffered.slice(0, head)}`));
    if (buffered.length < head + 4 + length) return;
    const status = buffered.slice(9, 12);
    buffered = buffered.slice(head + 4 + length);
    const { resolve } = waiting;
    waiting = undefined;
    resolve(status);
  };
  const fail = () => waiting?.reject(new Error('the connection was closed'));
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    buffered += chunk;
    look();
  });
  socket.on('close', fail).on('error', fail);
  return () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      look();
    });
}

/** The value below which a share of sorted values lies. */
export const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
