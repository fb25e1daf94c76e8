import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { temporalCli } from '../../src/dev/binaries.ts';
import { findBinary } from '../../src/dev/find-binary.ts';
import { runFile } from '../../src/dev/leftovers.ts';
import { acquireHome } from '../../src/dev/lock.ts';
import { stampOf, until } from '../../src/dev/processes.ts';
import { startTemporalServer } from '../../src/dev/temporal-server.ts';
import { prepareNamespace } from '../../src/temporal/prepare.ts';
import { searchAttributeNames } from '../../src/temporal/search-attributes.ts';
import { ConfigError } from '../../src/errors.ts';
import { env, listener, program, takenPort, temporaryFolder } from './support.ts';
import type { TemporalServerOptions } from '../../src/dev/temporal-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

const dayMs = 86_400_000;
let cli = '';
beforeAll(async () => {
  cli = await findBinary(temporalCli, { env: process.env, log: listener().log });
});

async function start(home: string, options: Partial<TemporalServerOptions> = {}) {
  const { log, lines } = listener();
  const server = await startTemporalServer({ cli, home, env, log, ...options });
  onTestFinished(() => server.stop());
  return { ...server, lines };
}

async function connect(address: string): Promise<Connection> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

async function stateOf({ workflowService, operatorService }: Connection) {
  const { config } = await workflowService.describeNamespace({ namespace: 'default' });
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
  return {
    retentionDays: tsToMs(config?.workflowExecutionRetentionTtl ?? undefined) / dayMs,
    attributes: searchAttributeNames.map((name) => customAttributes[name]),
  };
}
const prepared = { retentionDays: 30, attributes: [2, 2, 2, 2] };

test('it serves with 30 days of retention, the search attributes and the UI', async () => {
  const { address, uiUrl } = await start(await temporaryFolder());
  expect(await stateOf(await connect(address))).toEqual(prepared);
  expect((await fetch(uiUrl)).status).toBe(200);
});

test('its UI has payloads decoded where it is told', async () => {
  const codecEndpoint = 'http://127.0.0.1:3001/codec';
  const { uiUrl } = await start(await temporaryFolder(), { codecEndpoint });
  const settings: unknown = await (await fetch(`${uiUrl}/api/v1/settings`)).json();
  expect(settings).toMatchObject({ Codec: { Endpoint: codecEndpoint } });
});

test('a file from before is prepared too, and its runs are there', async () => {
  const home = await temporaryFolder();
  const first = await start(home);
  const connection = await connect(first.address);
  await new Client({ connection }).workflow.start('any', { taskQueue: 'none', workflowId: 'kept' });
  await connection.workflowService.updateNamespace({
    namespace: 'default',
    config: { workflowExecutionRetentionTtl: msToTs(dayMs) },
  });
  await connection.operatorService.removeSearchAttributes({
    namespace: 'default',
    searchAttributes: ['WebhookKey'],
  });
  await first.stop();
  const second = await connect((await start(home)).address);
  expect(await stateOf(second)).toEqual(prepared);
  expect((await new Client({ connection: second }).workflow.getHandle('kept').describe()).status.name).toBe(
    'RUNNING',
  );
});

test('after a SIGKILL the next start serves the same runs, and onExit was told', async () => {
  const home = await temporaryFolder();
  const onExit = vi.fn<(code: number | null) => void>();
  const first = await start(home, { onExit });
  const client = new Client({ connection: await connect(first.address) });
  await client.workflow.start('any', { taskQueue: 'none', workflowId: 'kept' });
  process.kill(first.pid, 'SIGKILL');
  await vi.waitFor(() => expect(onExit).toHaveBeenCalledExactlyOnceWith(null));
  const second = new Client({ connection: await connect((await start(home)).address) });
  expect((await second.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
});

test('a server that a killed start left running is ended by the next one', async () => {
  const home = await temporaryFolder();
  const first = await start(home);
  const held = await acquireHome(home, { log: listener().log });
  onTestFinished(() => held.release());
  expect(await until(async () => (await stampOf(first.pid)) === undefined, { timeoutMs: 5000 })).toBe(true);
  await start(home);
});

test('a stop ends it, is not told as an exit, and can be repeated', async () => {
  const home = await temporaryFolder();
  const onExit = vi.fn<(code: number | null) => void>();
  const { stop, pid } = await start(home, { onExit });
  await stop();
  await stop();
  expect(await stampOf(pid)).toBeUndefined();
  expect(onExit).not.toHaveBeenCalled();
  await expect(stat(runFile(home, 'temporal'))).rejects.toThrow('ENOENT');
});

test('taken ports lead to the next, and are said', async () => {
  const ports = { server: await takenPort(), ui: await takenPort() };
  const { address, uiUrl, lines } = await start(await temporaryFolder(), { ports });
  expect(Number(address.split(':')[1])).toBeGreaterThan(ports.server);
  expect(Number(new URL(uiUrl).port)).toBeGreaterThan(ports.ui);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^Temporal: port \d+ is taken, using \d+$/);
});

test('a port that is taken in the last moment leads to another try, however much is said of it', async () => {
  const home = await temporaryFolder();
  const again = join(home, 'again');
  const words =
    'level=ERROR msg="unable to start server" error="listen tcp 127.0.0.1:7233: bind: address already in use"';
  const fake = await program(
    join(home, 'fake'),
    `if [ -e ${again} ]; then exec ${cli} "$@"; fi
touch ${again}; echo '${words}'; for line in $(seq 200); do echo "goroutine $line"; done; exit 2`,
  );
  await expect(start(home, { cli: fake })).resolves.toMatchObject({ address: expect.any(String) as string });
});

test('what it complained of first is what is told, however much follows', async () => {
  const home = await temporaryFolder();
  const fake = await program(
    join(home, 'fake'),
    `echo starting; echo 'level=ERROR msg="no room on the disk"'; for line in $(seq 200); do echo "goroutine $line"; done; exit 2`,
  );
  await expect(start(home, { cli: fake })).rejects.toThrow(
    /\):\nlevel=ERROR msg="no room on the disk"\ngoroutine 1\n/,
  );
});

test('a file that was never finished is moved aside', async () => {
  const home = await temporaryFolder();
  await writeFile(join(home, 'temporal.db'), '');
  const { lines } = await start(home);
  expect(lines.join()).toContain('was never finished');
});

test('its file and its log are closed to other users', async () => {
  const home = await temporaryFolder();
  await start(home);
  for (const name of ['temporal.db', 'temporal.db-wal', 'logs/temporal.log']) {
    expect((await stat(join(home, name))).mode & 0o007).toBe(0);
  }
});

test("neither secrets nor a client's settings reach it", async () => {
  const home = await temporaryFolder();
  const fake = await program(join(home, 'fake'), 'env; exit 3');
  const secrets = {
    ...env,
    STRIPE_WEBHOOK_SECRET: 'whsec_1',
    TEMPORAL_API_KEY: 'key',
    TEMPORAL_ADDRESS: 'far:7233',
  };
  await expect(start(home, { cli: fake, env: secrets })).rejects.toThrow('Temporal did not start');
  const output = await readFile(join(home, 'logs', 'temporal.log'), 'utf8');
  expect(output).toContain('PATH=');
  expect(output).not.toMatch(/STRIPE|TEMPORAL/);
});

test('a server that ends at once, and one that is not there, say so soon', async () => {
  const home = await temporaryFolder();
  const fake = await program(join(home, 'fake'), 'echo "no such flag" >&2; exit 1');
  await expect(start(home, { cli: fake })).rejects.toThrow(
    /Temporal did not start .*temporal\.log[^]*no such flag/,
  );
  await expect(start(home, { cli: join(home, 'missing') })).rejects.toThrow('ENOENT');
});

test('preparing changes nothing the second time, and never lowers a retention', async () => {
  const connection = await connect((await start(await temporaryFolder())).address);
  await prepareNamespace(connection, 'default', { retentionDays: 7 });
  await prepareNamespace(connection, 'default');
  expect(await stateOf(connection)).toEqual(prepared);
});

test('an attribute of another type is a ConfigError that names it', async () => {
  const connection = await connect((await start(await temporaryFolder())).address);
  const { operatorService } = connection;
  await operatorService.removeSearchAttributes({ namespace: 'default', searchAttributes: ['WebhookKey'] });
  const integer: number = 3;
  await operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries([['WebhookKey', integer]]),
  });
  const preparing = prepareNamespace(connection, 'default');
  await expect(preparing).rejects.toThrow(ConfigError);
  await expect(preparing).rejects.toThrow('WebhookKey');
});
