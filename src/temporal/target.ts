import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError } from '../errors.ts';
import { readSetting, type Environment } from '../settings.ts';

/** Where Temporal is, as its own environment configuration says (`TEMPORAL_*`). */
export interface TemporalTarget {
  readonly connectionOptions: ConnectionOptions;
  readonly namespace: string;
}

/** Names a file by itself: the profiles of Temporal's own tools. */
const configFile = 'TEMPORAL_CONFIG_FILE';

const ours = (name: string): boolean => name.startsWith('TEMPORAL_') && name !== configFile;

/**
 * Reads `TEMPORAL_*` as Temporal's own tools do, each also as a file (`TEMPORAL_API_KEY_FILE`). Throws ConfigError.
 */
export function readTemporalTarget(environment: Environment): TemporalTarget {
  const names = new Set(
    Object.keys(environment)
      .filter(ours)
      .map((name) => name.replace(/_FILE$/, '')),
  );
  const values = [
    ...Object.entries(environment).filter(([name]) => !ours(name)),
    ...[...names].map((name) => [name, readSetting(environment, name)] as const),
  ];
  const overrideEnvVars = Object.fromEntries(
    values.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
    return { connectionOptions, namespace: namespace ?? 'default' };
  } catch (cause) {
    throw new ConfigError(`TEMPORAL_*: ${(cause as Error).message}`, { cause });
  }
}
