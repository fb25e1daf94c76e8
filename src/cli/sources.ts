import { Command } from 'commander';
import { readRoleConfig } from '../app.ts';
import { environmentPrefix, proofNames, readConfig, readProof, type Config } from '../config.ts';
import type { AnyProvider, Gateway } from '../define.ts';
import { readAddresses } from '../dev/addresses.ts';
import { ConfigError } from '../errors.ts';
import { gatewayOption, loadGateway } from './gateway.ts';
import { print } from './print.ts';

interface SourceState {
  readonly source: string;
  readonly provider: string;
  readonly path: string;
  readonly on: boolean;
  readonly proof: 'set' | 'missing or wrong';
  /** The environment names that prove it: those that are set; of a proof that is not, all that there are. */
  readonly names: readonly string[];
  readonly routes: readonly string[];
  /** What `everhook send` can sign without a file. */
  readonly samples: readonly string[];
}

/** `everhook sources`: who may send, where to, and whether their proofs are set. */
export const sources = (): Command =>
  new Command('sources')
    .description('list the sources: where they post, whether their proofs are set, what is routed')
    .addOption(gatewayOption())
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExample:\n  everhook sources --json | jq -r ".[].path"')
    .action(async ({ gateway: file, json }: { gateway?: string; json?: boolean }) => {
      const gateway = await loadGateway(file);
      // Where a start runs, its own secrets are what counts.
      const development = (await readAddresses(readConfig(gateway).home)) !== undefined;
      const config = await readRoleConfig(gateway, { development });
      const states = Object.keys(gateway.sources).map((name) => stateOf(name, gateway, config));
      if (json) print(JSON.stringify(states, null, 2));
      else for (const state of states) printState(state);
    });

function stateOf(name: string, { sources: all, routes }: Gateway, config: Config): SourceState {
  const { provider } = all[name]!;
  return {
    source: name,
    provider: provider.name,
    path: `/webhooks/${name}`,
    on: config.sources.includes(name),
    proof: proven(name, provider, config) ? 'set' : 'missing or wrong',
    names: namesOf(name, provider, config),
    routes: Object.keys(routes[name] ?? {}),
    samples: Object.keys(provider.samples),
  };
}

function namesOf(source: string, provider: AnyProvider, config: Config): string[] {
  const names = proofNames(provider.proof).map((proof) => environmentPrefix(source) + proof);
  if (!proven(source, provider, config)) return names;
  return names.filter((name) => config.setting(name) !== undefined);
}

function proven(name: string, provider: AnyProvider, { setting }: Config): boolean {
  try {
    readProof(name, provider, setting);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function printState({ source, provider, path, on, proof, names, routes, samples }: SourceState): void {
  print(`${source} (${provider}${on ? '' : ', off'})`);
  print(`  url      ${path}`);
  print(`  proof    ${proof}: ${names.join(', ')}`);
  print(`  routes   ${routes.join(', ') || 'none'}`);
  print(`  samples  ${samples.join(', ') || 'none'}`);
}
