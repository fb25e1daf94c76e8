import { readdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import { createMail } from '../../src/activities/mail/index.ts';
import { messageName } from '../../src/activities/mail/message-id.ts';
import { ConfigError } from '../../src/errors.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { contextOf, event, row, run } from './context.ts';

const mail = {
  event,
  step: 'receipt',
  to: 'jenny.rosen@example.com',
  subject: 'Your receipt',
  text: 'Thank you.\n',
};

/** A mail server that keeps what it takes. */
async function mailServer(options: SMTPServerOptions = {}) {
  const received: ParsedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      simpleParser(stream).then((parsed) => {
        received.push(parsed);
        done();
      }, done);
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return { received, url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` };
}

const mailBy = (url: string) =>
  createMail(contextOf({ environment: { SMTP_URL: url, MAIL_FROM: 'Shop <shop@example.com>' } }));

const answering = (responseCode: number): SMTPServerOptions => ({
  onRcptTo: ({ address }, _session, done) =>
    done(Object.assign(new Error(`5.1.1 <${address}> unknown`), { responseCode })),
});

test('a mail arrives as it was written', async () => {
  const { received, url } = await mailServer();
  expect(await run(mailBy(url).sendMail, mail)).toEqual({ outcome: 'sent' });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    subject: 'Your receipt',
    text: 'Thank you.\n',
    from: { text: '"Shop" <shop@example.com>' },
    to: { text: 'jenny.rosen@example.com' },
    messageId: '<stripe%3Aevt_1%3Areceipt@everhook.invalid>',
  });
});

test('every attempt carries the same Message-ID, every step its own', async () => {
  const { received, url } = await mailServer();
  const { sendMail } = mailBy(url);
  for (const step of ['receipt', 'receipt', 'reminder-1']) await run(sendMail, { ...mail, step });
  const [first, second, other] = received.map(({ messageId }) => messageId);
  expect(second).toBe(first);
  expect(other).not.toBe(first);
});

test('a 550 is final, and the failure does not name the address', async () => {
  const { url } = await mailServer(answering(550));
  const failure: unknown = await run(mailBy(url).sendMail, mail).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    type: 'MailRefused',
    nonRetryable: true,
    message: 'the mail server: 550 EENVELOPE',
  });
  expect(failure).toMatchObject({ cause: undefined });
});

test('a 451 is tried again', async () => {
  const { url } = await mailServer(answering(451));
  await expect(run(mailBy(url).sendMail, mail)).rejects.toMatchObject({
    type: 'MailUnavailable',
    nonRetryable: false,
    message: 'the mail server: 451 EENVELOPE',
  });
});

test('a message refused after it was sent is final', async () => {
  const { url } = await mailServer({
    onData(stream, _session, done) {
      stream.resume().on('end', () => done(Object.assign(new Error('spam'), { responseCode: 554 })));
    },
  });
  await expect(run(mailBy(url).sendMail, mail)).rejects.toMatchObject({
    type: 'MailRefused',
    nonRetryable: true,
  });
});

test('a wrong password is tried again: it is not the fault of the mail', async () => {
  const { url } = await mailServer({
    authOptional: false,
    onAuth: (_auth, _session, done) => done(Object.assign(new Error('no'), { responseCode: 535 })),
  });
  const { sendMail } = mailBy(url.replace('//', '//user:wrong@'));
  await expect(run(sendMail, mail)).rejects.toMatchObject({ type: 'MailUnavailable', nonRetryable: false });
});

test('a server that is away is tried again', async () => {
  await expect(run(mailBy('smtp://127.0.0.1:1').sendMail, mail)).rejects.toMatchObject({
    type: 'MailUnavailable',
    nonRetryable: false,
  });
});

test.each([
  'jenny',
  'jenny@',
  '@example.com',
  'a@example.com, b@example.com',
  'a@example.com;b@example.com',
  'Jenny <a@example.com>',
  'a@b@example.com',
  'a@example.com\r\nBcc: b@example.com',
  'a@exam\u0000ple.com',
  'a@exam\u202eple.com',
  `${'a'.repeat(65)}@example.com`,
])('%j is no address, and nothing is sent', async (to) => {
  const { received, url } = await mailServer();
  await expect(run(mailBy(url).sendMail, { ...mail, to })).rejects.toMatchObject({
    type: 'AddressInvalid',
    nonRetryable: true,
    message: 'the mail address is none',
  });
  expect(received).toHaveLength(0);
});

test('a subject cannot add a header', async () => {
  const { received, url } = await mailServer();
  const { sendMail } = mailBy(url);
  await expect(run(sendMail, { ...mail, subject: 'Hi\r\nBcc: b@example.com' })).rejects.toMatchObject({
    type: 'MailRefused',
  });
  expect(received).toHaveLength(0);
});

test('an event id cannot add a header', async () => {
  const { received, url } = await mailServer();
  await run(mailBy(url).sendMail, { ...mail, event: { source: 'payment', id: 'a>\r\nBcc: b@example.com' } });
  expect(received[0]?.bcc).toBeUndefined();
  expect(received[0]?.messageId).toBe(
    '<payment%3Aa%3E%0D%0ABcc%3A%20b%40example%2Ecom%3Areceipt@everhook.invalid>',
  );
});

test('long and similar keys give short and different names', () => {
  const long = messageName(`stripe:${'é'.repeat(512)}:receipt`);
  expect(long).toMatch(/^[\w%-]{1,180}$/);
  expect(messageName(`stripe:${'é'.repeat(512)}:reminder`)).not.toBe(long);
  expect(messageName('stripe:../../x:receipt')).toBe('stripe%3A%2E%2E%2F%2E%2E%2Fx%3Areceipt');
});

test('in development mail is written to a file, and an attempt that comes again overwrites it', async () => {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const { sendMail } = createMail(contextOf({ development: true, home }));
  await run(sendMail, mail);
  await run(sendMail, mail);
  expect(await readdir(join(home, 'mail'))).toEqual(['stripe%3Aevt_1%3Areceipt.eml']);
  const parsed = await simpleParser(await readFile(join(home, 'mail', 'stripe%3Aevt_1%3Areceipt.eml')));
  expect(parsed).toMatchObject({ subject: 'Your receipt', text: 'Thank you.\n' });
});

test.each(['recoverPayment', 'welcomeCustomer'])(
  'in production %s cannot do without SMTP_URL',
  (workflow) => {
    const make = () => createMail(contextOf({ routes: [row(workflow)] }));
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(
      `SMTP_URL is not set: mail is what these rows do: stripe thing.happened (${workflow})`,
    );
  },
);

test('fulfillPayment can do without, and is told that nothing was sent', async () => {
  const { sendMail } = createMail(contextOf({ routes: [row('fulfillPayment')] }));
  expect(await run(sendMail, mail)).toEqual({ outcome: 'not_configured' });
});

test.each([
  [{ SMTP_URL: 'smtp://localhost' }, 'MAIL_FROM is not set'],
  [{ SMTP_URL: 'http://localhost', MAIL_FROM: 'a@example.com' }, 'SMTP_URL must be'],
  [{ SMTP_URL: 'user:hunter2', MAIL_FROM: 'a@example.com' }, /^SMTP_URL must be (?!.*hunter2)/],
  [{ MAIL_FROM: 'a@example.com\nBcc: b@example.com' }, 'MAIL_FROM has control characters'],
])('%j stops the start', (environment, message) => {
  expect(() => createMail(contextOf({ environment }))).toThrow(message);
});
