import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { readRoleConfig } from '../app.ts';
import { developmentCertificate, readSigningProof, settled } from '../config.ts';
import { readAddresses, type Addresses } from '../dev/addresses.ts';
import { expectedRun, type ExpectedRun } from '../dev/expected-run.ts';
import { sampleRequest, webhookPath, type SignedRequest } from '../dev/signed-request.ts';
import { ConfigError } from '../errors.ts';
import { gatewayOption, loadGateway } from './gateway.ts';
import { print } from './print.ts';

interface Options {
  readonly gateway?: string;
  readonly data?: string;
  readonly set: Record<string, unknown>;
  readonly url?: string;
  readonly times: number;
  readonly duplicate?: boolean;
}

const timeoutMs = 10_000;

/** `everhook send`: signs an event as its provider does, and posts it. */
export const send = (): Command =>
  new Command('send')
    .description("sign an event as its provider does, post it, and print the answer and the run's address")
    .argument('<source>', 'a source of the gateway: stripe')
    .argument('<type>', 'an event type: payment_intent.succeeded')
    .addOption(gatewayOption())
    .option('-d, --data <file>', 'the body to send (default: a sample of that type)')
    .option('-s, --set <path=value>', 'change the body: data.object.amount=500', collect, {})
    .option('-u, --url <url>', 'where the gateway listens (default: the running "everhook start")')
    .option(
      '-n, --times <n>',
      'send so many different events (of --data: where its id is not in the body)',
      count,
      1,
    )
    .option('--duplicate', 'send each event twice')
    .addHelpText(
      'after',
      `
Proofs are found as the gateway finds them: in the environment, else development's own.
Exit code: 0 when every answer was 2xx, 1 when one was not, 2 when there was none.

Examples:
  everhook send payment payment.succeeded
  everhook send stripe payment_intent.succeeded --set data.object.amount=500 --duplicate
  everhook send github push --data push.json --url http://127.0.0.1:3000`,
    )
    .action(async (source: string, type: string, options: Options) => {
      const loaded = await loadGateway(options.gateway);
      const config = await readRoleConfig(loaded, { development: true });
      const gateway = settled(loaded, config);
      const provider = Object.hasOwn(gateway.sources, source) ? gateway.sources[source]!.provider : undefined;
      if (!provider)
        throw new ConfigError(`no source ${source}; there are ${Object.keys(gateway.sources).join(', ')}`);
      const running = await readAddresses(config.home);
      const base = options.url ?? running?.api ?? `http://127.0.0.1:${config.port}`;
      const proof = readSigningProof(source, provider, config.setting);
      const url = webhookUrl(base, webhookPath(source, provider, proof));
      const publicUrl = config.publicUrl === undefined ? url : config.publicUrl + new URL(url).pathname;
      const data = options.data === undefined ? undefined : await readData(options.data);
      let accepted = true;
      for (let sent = 0; sent < options.times; sent++) {
        const signed = sampleRequest({
          provider,
          proof,
          type,
          url: publicUrl,
          set: options.set,
          ...(data !== undefined && { data }),
        });
        for (let copy = 0; copy < (options.duplicate ? 2 : 1); copy++) {
          const request = signed();
          const { ok, received } = await post(url, request, config.home);
          accepted &&= ok;
          if (!received) continue;
          printRun(
            await expectedRun(gateway, source, {
              url: publicUrl,
              proof,
              request,
              mode: config.mode,
              certificate: developmentCertificate(source, config),
            }),
            running,
          );
        }
      }
      if (!accepted) process.exitCode = 1;
    });

/** Takes where the gateway listens, or the source's own address, as the start prints it. */
function webhookUrl(base: string, path: string): string {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(`--url: ${base} is not an address like http://127.0.0.1:3000`);
  }
  const start = base.replace(/\/$/, '');
  return start.endsWith(path) ? start : start + path;
}

const readData = (file: string): Promise<Buffer> =>
  readFile(file).catch((cause: Error) => {
    throw new ConfigError(`--data: ${file} cannot be read: ${cause.message}`, { cause });
  });

async function post(
  url: string,
  { body, headers }: SignedRequest,
  home: string,
): Promise<{ ok: boolean; received: boolean }> {
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    const why = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new ConfigError(
      `${url} does not answer (${why}): is "everhook start" running? Its EVERHOOK_HOME is looked for in ${home}`,
      { cause },
    );
  });
  print(`${response.status} ${await response.text()}`);
  return { ok: response.ok, received: response.headers.has('everhook-event') };
}

/** Where to see what became of it. An event without a row has a name, and no run. */
function printRun(run: ExpectedRun | undefined, running: Addresses | undefined): void {
  if (run?.plan.state === 'parked') print(`  parked: ${run.plan.why}: ${run.plan.note}`);
  if (run?.plan.state === 'accepted') print(`  ${runAddress(run.workflowId, running)}`);
}

function runAddress(id: string, running: Addresses | undefined): string {
  if (running?.ui === undefined) return `workflow id ${id}`;
  return `${running.ui}/namespaces/${running.namespace}/workflows/${encodeURIComponent(id)}`;
}

function collect(pair: string, previous: Record<string, unknown>): Record<string, unknown> {
  const at = pair.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('write it as path=value');
  return { ...previous, [pair.slice(0, at)]: valueOf(pair.slice(at + 1)) };
}

/** JSON where it is JSON (`500`, `true`, `null`, `"500"`), else the text itself. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError('a whole number from 1 to 10000');
}
