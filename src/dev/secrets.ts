import { join } from 'node:path';
import { z } from 'zod';
import { environmentPrefix, proofNames, settled, type Config } from '../config.ts';
import type { AnyProvider, Gateway } from '../define.ts';
import { ConfigError } from '../errors.ts';
import { ensureHome, readJson, writeJson } from './home.ts';

const file = z.record(z.string(), z.string());

/** Development's own proofs: values by environment name, and the names that were made just now. */
export interface DevelopmentSecrets {
  /** `{ STRIPE_WEBHOOK_SECRET: '…' }`, only for sources of which nothing is set. */
  readonly values: Readonly<Record<string, string>>;
  readonly path: string;
}

/**
 * Makes up proofs for sources that have none, and keeps them in `<home>/secrets.json` (mode 0600), so
 * that the next start, and `everhook send`, find the same. Throws ConfigError when the file is broken.
 */
export async function developmentSecrets(
  gateway: Gateway,
  config: Pick<Config, 'home' | 'sources' | 'setting'>,
): Promise<DevelopmentSecrets> {
  const path = join(await ensureHome(config.home), 'secrets.json');
  const kept = file.safeParse((await readJson(path)) ?? {});
  if (!kept.success) throw new ConfigError(`${path} is not a list of names and values: remove it`);
  const { sources } = settled(gateway, config);
  const values: Record<string, string> = {};
  for (const name of config.sources) {
    const provider = sources[name]?.provider;
    const prefix = environmentPrefix(name);
    const set = provider && proofNames(provider.proof).some((proof) => config.setting(prefix + proof));
    if (!provider?.develop || set) continue;
    const made = keptOf(kept.data, prefix, provider) ?? provider.develop();
    for (const [proof, value] of Object.entries(made))
      values[prefix + proof] = kept.data[prefix + proof] ?? value;
  }
  const all = { ...kept.data, ...values };
  if (Object.keys(all).length > Object.keys(kept.data).length) await writeJson(path, all, { mode: 0o600 });
  return { values, path };
}

/** What is kept for a source, where it is a whole proof: a key pair takes long to make. */
function keptOf(
  kept: Readonly<Record<string, string>>,
  prefix: string,
  { proof }: AnyProvider,
): Readonly<Record<string, string>> | undefined {
  const names = [...proofNames(proof), 'PRIVATE_KEY', 'CERTIFICATE'];
  const found = Object.fromEntries(
    names.flatMap((name) => (kept[prefix + name] === undefined ? [] : [[name, kept[prefix + name]!]])),
  );
  return proof.safeParse(found).success ? found : undefined;
}
