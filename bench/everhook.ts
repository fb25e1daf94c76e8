// The API as `everhook api` runs it, on any free port.
import type * as App from '../src/app.ts';
import type * as Gateway from '../src/gateway.ts';
import type * as Log from '../src/log.ts';
import type * as Server from '../src/server.ts';

/** As the package installs it: what runs from sources is slower by the names that the loader keeps. */
const built = async <Module>(file: string): Promise<Module> =>
  (await import(new URL(`../dist/${file}.js`, import.meta.url).href)) as Module;

const { readRoleConfig } = await built<typeof App>('app');
const { default: gateway } = await built<typeof Gateway>('gateway');
const { createLogger } = await built<typeof Log>('log');
const { startApi } = await built<typeof Server>('server');

const config = await readRoleConfig(gateway, {});
const server = await startApi(gateway, config, createLogger({ level: config.logLevel, terminal: false }));
process.stdout.write(`${JSON.stringify({ port: Number(new URL(server.url).port) })}\n`);
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
