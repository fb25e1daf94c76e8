// The API as `everhook api` runs it, on any free port.
import { readRoleConfig } from '../src/app.ts';
import gateway from '../src/gateway.ts';
import { createLogger } from '../src/log.ts';
import { startApi } from '../src/server.ts';

const config = await readRoleConfig(gateway, {});
const server = await startApi(gateway, config, createLogger({ level: config.logLevel, terminal: false }));
process.stdout.write(`${JSON.stringify({ port: Number(new URL(server.url).port) })}\n`);
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
