import { readFileSync } from 'node:fs';
import { ConfigError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A setting from the environment: `NAME`, or the file that `NAME_FILE` names, whose one final newline
 * is dropped. Undefined when neither is set. Throws ConfigError when both are, when the file cannot
 * be read, and when the value is blank.
 */
export function readSetting(environment: Environment, name: string): string | undefined {
  const file = environment[`${name}_FILE`];
  const value = environment[name];
  if (file !== undefined && value !== undefined) {
    throw new ConfigError(`${name} and ${name}_FILE are both set: keep one`);
  }
  const setting = file === undefined ? value : readSecretFile(`${name}_FILE`, file);
  if (setting !== undefined && setting.trim() === '') {
    throw new ConfigError(`${file === undefined ? name : `${name}_FILE`} is blank: set it or remove it`);
  }
  return setting;
}

function readSecretFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new ConfigError(`${name}: cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
