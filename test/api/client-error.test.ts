import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { watchAnswers } from '../../src/api/client-error.ts';
import { signed, testApp } from './support.ts';

test('of connections that go away in the middle nothing is kept, whatever stood in line on them', async () => {
  const server = createServer(() => undefined);
  const underWay = watchAnswers(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const get = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
  const sockets = Array.from({ length: 5 }, () =>
    connect(port, '127.0.0.1', function (this: { write(text: string): void }) {
      this.write(get + get + get);
    }),
  );
  await expect.poll(() => [...underWay.values()].map((answers) => answers.size)).toEqual([3, 3, 3, 3, 3]);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => underWay.size).toBe(0);
});

test('answers that were given are not under way', async () => {
  const server = createServer((_request, response) => void response.end());
  const underWay = watchAnswers(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let answered = 0;
  socket.on('data', (chunk: Buffer) => (answered += chunk.toString().split('HTTP/1.1 200').length - 1));
  for (let index = 1; index <= 3; index++) {
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(() => answered).toBe(index);
  }
  expect([...underWay.values()].map((answers) => answers.size)).toEqual([0]);
});

test('a delivery that came whole is answered, and junk behind it ends the connection and is told of', async () => {
  let accept = () => undefined as void;
  const accepted = new Promise<void>((resolve) => (accept = resolve));
  const app = await testApp({
    accept: async ({ events }) => {
      await accepted;
      return events.map(() => 'new');
    },
  });
  const body = '{"id":"e1","type":"payment.succeeded"}';
  const lines = Object.entries({
    host: 'x',
    'content-length': String(body.length),
    ...signed('/webhooks/payment', body),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = app.raw(
    `POST /webhooks/payment HTTP/1.1\r\n${lines.join('')}\r\n${body}`,
    'no HTTP\r\n\r\n',
  );
  await expect.poll(() => app.observed.length).toBe(1);
  accept();
  expect(await answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*"received":true/i);
  expect(app.observed.map(({ kind }) => kind)).toEqual(['refused', 'answered']);
});
