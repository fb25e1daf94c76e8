import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request that has passed, and what its receiver and its sender were told. */
export interface Passed {
  readonly body: string;
  /** Undefined where it was kept from the receiver. */
  readonly answer:
    { readonly status: number; readonly event: string | null; readonly body: unknown } | undefined;
  /** What the sender was told. */
  readonly status: number;
}

/** What becomes of a request: passed on; kept back; or passed on, and its answer lost. */
export type Fate = 'pass' | 'keep' | 'lose';

/** Stands between a sender and Everhook until the test ends. Both bad fates answer 503. */
export async function startRelay(
  target: string,
  fateOf: (index: number) => Fate,
): Promise<{ url: string; passed: readonly Passed[] }> {
  const passed: Passed[] = [];
  let index = 0;
  const server = createServer((request, response) => {
    const fate = fateOf(index++);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void (async () => {
        const body = Buffer.concat(chunks);
        const { 'content-type': type = '', authorization = '' } = request.headers;
        const answer =
          fate === 'keep'
            ? undefined
            : await fetch(target, {
                method: 'POST',
                headers: { 'content-type': type, authorization },
                body,
              }).then(async (told) => ({
                status: told.status,
                event: told.headers.get('everhook-event'),
                body: await told.json(),
              }));
        const status = fate === 'pass' && answer ? answer.status : 503;
        passed.push({ body: body.toString(), answer, status });
        response.writeHead(status).end();
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, passed };
}
