// A user's first minutes in this checkout: `npm start`, a signed event, its run, Ctrl-C, and once more.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { register } from 'tsx/esm/api';

register();
const { developmentKey } = await import('../src/dev/encryption-key.ts');
const { createDataConverter } = await import('../src/temporal/data-converter.ts');

const secondStartMs = 15_000;
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// Any ports: others may run on this machine.
const env = { ...process.env, PORT: '0', EVERHOOK_ADMIN_PORT: '0' };
delete env.EVERHOOK_HOME;

let passed = 0;
let failed = 0;
let current;
try {
  await first();
  await second();
} catch (error) {
  check(error.stack, false);
  await current?.end();
}
print(`everhook: ${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 ? 0 : 1);

async function first() {
  const start = await npmStart();
  check(`the first start is ready in ${start.seconds} s`, true);
  await followEvent();
  await stop(start);
}

async function second() {
  const start = await npmStart();
  check(`the second start is ready in ${start.seconds} s`, start.seconds * 1000 < secondStartMs);
  await followEvent();
  await stop(start);
}

/** Sends a payment twice, and follows it to what its one run gave. */
async function followEvent() {
  const printed = await command('npx', 'everhook', 'send', 'payment', 'payment.succeeded', '--duplicate');
  check('the event is received', printed.includes('200 {"received":true'));
  check('its repetition is a duplicate', printed.includes('"duplicate":true'));
  const id = decodeURIComponent(/workflows\/(\S+)/.exec(printed)?.[1] ?? '');
  const { temporal, namespace } = JSON.parse(await readFile('.everhook/addresses.json', 'utf8'));
  const connection = await Connection.connect({ address: temporal });
  try {
    const keys = { current: await developmentKey('.everhook'), previous: undefined };
    const client = new Client({ connection, namespace, dataConverter: createDataConverter({ keys }) });
    const result = await within(30_000, resultOf(client, id), `${id} does not complete`);
    check(`${id} completed: ${JSON.stringify(result)}`, typeof result.entryId === 'string');
  } finally {
    await connection.close();
  }
}

/** The run is started after the answer: it may not be there yet. */
async function resultOf(client, id) {
  for (;;) {
    try {
      return await client.workflow.getHandle(id).result();
    } catch (error) {
      if (error.name !== 'WorkflowNotFoundError') throw error;
      await delay(50);
    }
  }
}

/** Ctrl-C: what it started must be gone. */
async function stop(start) {
  const names = (await readdir('.everhook/run')).filter((name) => name.endsWith('.json'));
  const marks = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(`.everhook/run/${name}`))),
  );
  check(
    `${names.length} processes are written down`,
    names.length >= 4 && marks.every(({ pid }) => runs(pid)),
  );
  const began = performance.now();
  const code = await start.end();
  check(`Ctrl-C ends it in ${seconds(began)} s with ${code}`, code === 0);
  check('it says so', start.text().includes('Stopped.'));
  check('nothing is left running', !marks.some(({ pid }) => runs(pid)));
}

async function npmStart() {
  const began = performance.now();
  const child = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
  }
  const closed = once(child, 'close').then(([code, signal]) => code ?? signal);
  const end = async () => {
    child.kill('SIGINT');
    return await within(30_000, closed, 'npm start does not end').catch((error) => {
      if (child.exitCode === null) process.kill(-Number(child.pid), 'SIGTERM');
      throw error;
    });
  };
  current = { end };
  for (let left = 1800; !text.includes('Ready in'); left--) {
    if (child.exitCode !== null || left === 0) throw new Error('npm start is not ready');
    await delay(100);
  }
  return { seconds: seconds(began), text: () => text, end };
}

async function command(name, ...args) {
  const child = spawn(name, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const closed = once(child, 'close');
  await within(60_000, closed, `${name} ${args.join(' ')} does not end`);
  process.stdout.write(text);
  if (child.exitCode !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${child.exitCode}`);
  return text;
}

function check(what, held) {
  if (held) passed += 1;
  else failed += 1;
  print(`${held ? 'ok    ' : 'FAILED'} ${what}`);
}

async function within(milliseconds, promise, message) {
  const late = new AbortController();
  const timeout = delay(milliseconds, undefined, { signal: late.signal }).then(() => {
    throw new Error(message);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    late.abort();
    timeout.catch(() => undefined);
  }
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

function seconds(began) {
  return Number(((performance.now() - began) / 1000).toFixed(1));
}

function runs(pid) {
  return existsSync(`/proc/${pid}`);
}
