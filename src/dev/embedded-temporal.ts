import { join } from 'node:path';
import type { Environment } from '../settings.ts';
import { writeText } from './home.ts';

/**
 * What points a process at a Temporal of ours, and at nothing else: a profile, key or certificate that the user
 * has for another one would not fit it. To be laid over the environment; undefined takes a name away.
 */
export async function embeddedTemporal(
  environment: Environment,
  { address, home }: { address: string; home: string },
): Promise<Environment> {
  // Says nothing, so that the file in its usual place is not read.
  const configFile = join(home, 'temporal.toml');
  await writeText(configFile, '[profile.default]\n');
  const others = Object.keys(environment).filter((name) => name.startsWith('TEMPORAL_'));
  return {
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    TEMPORAL_CONFIG_FILE: configFile,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
  };
}
