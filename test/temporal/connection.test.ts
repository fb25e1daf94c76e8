import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectTemporal, temporalServes } from '../../src/temporal/connection.ts';
import { createStart } from '../../src/temporal/start.ts';

/** A client of something that takes connections and never says a word. */
async function clientOfSilence() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connectTemporal({ connectionOptions: { address }, namespace: 'default' });
  onTestFinished(async () => {
    await client.connection.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return client;
}

const deadlineExceeded = { code: 4 };

test('a call ends by itself, also where nobody answers, and sooner where its caller says so', async () => {
  const client = await clientOfSilence();
  const namespace = 'default';
  const ended: string[] = [];
  const own = client.workflowService
    .describeNamespace({ namespace })
    .finally(() => void ended.push('by its limit'));
  const hurried = client
    .withDeadline(Date.now() + 200, () => client.workflowService.describeNamespace({ namespace }))
    .finally(() => void ended.push('by its caller'));
  await expect(hurried).rejects.toMatchObject(deadlineExceeded);
  await expect(own).rejects.toMatchObject(deadlineExceeded);
  expect(ended).toEqual(['by its caller', 'by its limit']);
  expect(await temporalServes(client)).toBe(false);
});

test('a start that was sent to a server that dies then is unknown, also where nobody listens at the next try', async () => {
  let calls = 0;
  const server = createHttp2Server();
  server.on('session', (session) => session.on('error', () => undefined));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.once('data', () => {
      calls += 1;
      server.close();
      stream.session?.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connectTemporal({ connectionOptions: { address }, namespace: 'default' });
  onTestFinished(() => client.connection.close());
  const event = {
    id: 'e1',
    source: 'payment',
    type: 'payment.succeeded',
    receivedAt: new Date().toISOString(),
    payload: {},
  };
  const start = () => createStart(client)({ event, workflow: 'recordEvent', taskQueue: 'nobody', n: 1 });
  await expect(start()).rejects.toMatchObject({ failure: 'unknown' });
  expect(calls).toBe(1);
  await expect(start()).rejects.toMatchObject({ failure: 'unavailable' });
});
