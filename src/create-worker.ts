import { readRoleConfig, type AppOptions } from './app.ts';
import type { Gateway } from './define.ts';
import { createLogger } from './log.ts';
import { startWorker, type RunningWorker } from './worker.ts';

export interface CreateWorkerOptions extends AppOptions {
  /** Which task queues to serve; default all that the routes name, external ones aside. */
  readonly taskQueues?: readonly string[];
}

/** The gateway's worker, for a process of your own; it is at work when this returns. Throws ConfigError. */
export async function createWorker(
  gateway: Gateway,
  options: CreateWorkerOptions = {},
): Promise<RunningWorker> {
  const config = await readRoleConfig(gateway, options);
  const log = options.log ?? createLogger({ level: config.logLevel, terminal: false });
  return await startWorker(gateway, config, log, options);
}
