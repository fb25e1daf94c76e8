import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Option } from 'commander';
import { register } from 'tsx/esm/api';
import type { Gateway } from '../define.ts';
import { ConfigError } from '../errors.ts';

/** `--gateway <file>`, the same for every command. */
export const gatewayOption = (): Option =>
  new Option('-g, --gateway <file>', 'the gateway to run (default: src/gateway.ts or gateway.ts here)');

/** Loads a gateway; TypeScript through tsx. Throws ConfigError when there is none, or it is none. */
export async function loadGateway(file: string | undefined): Promise<Gateway> {
  const path = file === undefined ? findGateway() : resolve(file);
  if (!existsSync(path)) throw new ConfigError(`--gateway: ${path} does not exist`);
  if (!path.endsWith('.js')) register();
  const module = (await import(pathToFileURL(path).href).catch((cause: unknown) => {
    throw explain(path, cause);
  })) as { default?: unknown };
  if (!isGateway(module.default)) {
    throw new ConfigError(`${path} has no default export made by defineGateway`);
  }
  return module.default;
}

/** Where the gateway is, as a path, so that another process can load the same. */
export function findGateway(): string {
  const names = ['src/gateway.ts', 'src/gateway.js', 'gateway.ts', 'gateway.js'];
  const found = names.map((name) => resolve(name)).find((path) => existsSync(path));
  return found ?? shippedGateway();
}

function shippedGateway(): string {
  const source = fileURLToPath(new URL('../gateway.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('../gateway.js', import.meta.url));
}

/** Node takes TypeScript for CommonJS where the project does not say otherwise. */
function explain(path: string, cause: unknown): unknown {
  const { code } = cause as { code?: string };
  if (code !== 'ERR_REQUIRE_CYCLE_MODULE' && code !== 'ERR_REQUIRE_ESM') return cause;
  return new ConfigError(`${path} is an ES module: put "type": "module" into the package.json above it`, {
    cause,
  });
}

const isGateway = (value: unknown): value is Gateway =>
  typeof value === 'object' &&
  value !== null &&
  ['sources', 'routes', 'workflowsPath', 'activities'].every((part) => part in value);
