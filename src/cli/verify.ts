import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { bodyLimitOf } from '../check.ts';
import { environmentPrefix, hasNameForm, isReserved, processEnvironment } from '../config.ts';
import type { Gateway } from '../define.ts';
import { ConfigError } from '../errors.ts';
import type { Captured } from '../judge/captured.ts';
import { hintOf } from '../judge/hint.ts';
import { judge, settledJudge, type Judge } from '../judge/judge.ts';
import { configured } from '../providers/configured.ts';
import { readSetting, type Environment } from '../settings.ts';
import { gatewayOption, loadGateway } from './gateway.ts';
import { print, warn } from './print.ts';

interface Options {
  readonly gateway?: string;
  readonly source?: string;
  readonly request: string;
  readonly now?: number;
  readonly config?: string;
}

/** A line of the answer, as scripts read it. */
interface Verdict {
  readonly accepted: boolean;
  readonly reason: string | null;
  readonly handshake: boolean;
  readonly events: readonly { readonly id: string; readonly type: string; readonly key: string | null }[];
  readonly hint: string | null;
  /** Why it could not be judged. */
  readonly error?: string;
}

/** `everhook verify`: judges captured requests offline. */
export const verify = (): Command =>
  new Command('verify')
    .description('judge a captured request offline: genuine or not, which events, and what to try next')
    .addOption(gatewayOption())
    .option('-s, --source <name>', 'a source of the gateway: stripe')
    .requiredOption('-r, --request <file>', 'the request, as JSON; "-" reads one a line from standard input')
    .option('--now <unix seconds>', 'when it came (default: now)', unixSeconds)
    .option('-c, --config <json file>', 'proofs by their names in the environment (default: the environment)')
    .addHelpText(
      'after',
      `
A request:  {"method":"POST","url":"/webhooks/stripe","headers":{"stripe-signature":"t=…,v1=…"},"body_base64":"e30="}
            A header that was repeated is a list of texts. PayPal's certificates: "certificates":{"<url>":"<pem>"}.
A line of "--request -" may carry its own "source", "now" and "config" (names and values, or a file).
The answer: {"accepted":false,"reason":"signature_mismatch","handshake":false,"events":[],"hint":"…"}, one line each.
Exit code: 0 when all were accepted, 1 when one was refused, 2 when one could not be judged.

Examples:
  everhook verify --source stripe --request captured.json
  everhook verify --source github --request - --config proofs.json < captured.jsonl`,
    )
    .action(async (options: Options) => {
      const gateway = await loadGateway(options.gateway);
      const config = options.config === undefined ? undefined : await readConfigFile(options.config);
      const worst = { code: 0 };
      for await (const text of requestsOf(options.request)) {
        const verdict = await verdictOn(text, gateway, { ...options, environment: config });
        print(JSON.stringify(verdict));
        const code = verdict.error !== undefined ? 2 : verdict.accepted ? 0 : 1;
        worst.code = Math.max(worst.code, code);
      }
      process.exitCode = worst.code;
    });

async function* requestsOf(file: string): AsyncGenerator<string> {
  if (file !== '-') {
    yield await readFile(file, 'utf8').catch((cause: Error) => {
      throw new ConfigError(`--request: ${file} cannot be read: ${cause.message}`, { cause });
    });
    return;
  }
  for await (const line of linesOf(createReadStream('', { fd: 0, encoding: 'utf8' }))) {
    if (line.trim() !== '') yield line;
  }
}

/** Lines end in a newline alone: Node's readline ends them at U+2028 too, which JSON may hold as it is. */
async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<string> {
  const pieces: string[] = [];
  for await (const chunk of input) {
    const [first = '', ...others] = chunk.split('\n');
    pieces.push(first);
    for (const other of others) {
      yield pieces.splice(0).join('');
      pieces.push(other);
    }
  }
  yield pieces.join('');
}

const settings = z.record(z.string(), z.unknown());
const requestShape = z.looseObject({
  method: z.string().default('POST'),
  url: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  // Also of the URL-safe kind, without padding, or in lines.
  body_base64: z.string().regex(/^[\w+/\s-]*={0,2}\s*$/, 'no base64'),
  // What is not said may also be said to be null.
  certificates: z.record(z.string(), z.string()).nullish(),
  source: z.string().nullish(),
  now: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d+(\.\d+)?$/)
        .transform(Number),
    ])
    .nullish(),
  config: z.union([settings, z.string()]).nullish(),
});

type Line = z.infer<typeof requestShape>;

const unjudged = (error: string): Verdict => ({
  accepted: false,
  reason: null,
  handshake: false,
  events: [],
  hint: null,
  error,
});

async function verdictOn(
  text: string,
  gateway: Gateway,
  { source, now, environment }: { source?: string; now?: number; environment: Environment | undefined },
): Promise<Verdict> {
  try {
    const line = parseLine(text);
    const name = line.source ?? source;
    if (name === undefined) throw new ConfigError('no source: say --source, or "source" in the line');
    const own = await ownSettings(line.config);
    const circumstances = {
      environment: own ?? environment ?? processEnvironment(),
      now: momentOf(line.now ?? now),
    };
    return await judged(capturedOf(line), name, gateway, circumstances).catch((error: unknown) => {
      const hint = blanksHint(name, circumstances.environment);
      if (!(error instanceof ConfigError) || hint === null) throw error;
      warn(`everhook: ${error.message}`);
      return { ...unjudged(error.message), hint };
    });
  } catch (error) {
    // One line, whatever it holds, does not keep the others from being judged.
    const message =
      error instanceof ConfigError ? error.message : `it could not be judged: ${(error as Error).message}`;
    warn(`everhook: ${message}`);
    return unjudged(message);
  }
}

/** Where a secret has a form, blanks around it make it none. */
function blanksHint(source: string, environment: Environment): string | null {
  const prefix = environmentPrefix(source);
  const [name] =
    Object.entries(environment).find(
      ([variable, value]) => variable.startsWith(prefix) && value !== undefined && value !== value.trim(),
    ) ?? [];
  return name === undefined ? null : `the secret has blanks around it: trim ${name}`;
}

async function judged(
  captured: Captured,
  name: string,
  gateway: Gateway,
  circumstances: { environment: Environment; now: Date },
): Promise<Verdict> {
  const source = settledJudge(judgeFor(name, gateway, circumstances), circumstances);
  const judgement = await judge(captured, source, circumstances);
  if (judgement.accepted) {
    const events = judgement.events.map(({ id, types, key }) => ({ id, type: types[0], key: key ?? null }));
    return { accepted: true, reason: null, handshake: judgement.handshake, events, hint: null };
  }
  const { refusal } = judgement;
  const others = otherJudges(name, gateway);
  const hint = await hintOf({ captured, source, circumstances, refusal, others });
  return { accepted: false, reason: refusal.reason, handshake: false, events: [], hint: hint ?? null };
}

/** The gateway's other sources, for which a request may have been meant. */
export const otherJudges = (name: string, gateway: Gateway): Judge[] =>
  Object.keys(gateway.sources)
    .filter((other) => other !== name)
    .map((other) => judgeOf(other, gateway));

/** A source, as far as it judges. Throws ConfigError where the gateway has none of that name. */
export function judgeOf(name: string, { sources }: Gateway): Judge {
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined) {
    throw new ConfigError(`no source ${name}; there are ${Object.keys(sources).join(', ')}`);
  }
  return { name, provider: source.provider, bodyLimitBytes: bodyLimitOf(source, 'journal') };
}

/**
 * The same; a source that the gateway has not, and whose scheme the settings give (`PARTNER_WEBHOOK_SCHEME`), as one that is
 * declared `configured()`.
 */
function judgeFor(name: string, gateway: Gateway, { environment }: { environment: Environment }): Judge {
  const isNew = !Object.hasOwn(gateway.sources, name) && hasNameForm(name) && !isReserved(name);
  if (!isNew || readSetting(environment, `${environmentPrefix(name)}WEBHOOK_SCHEME`) === undefined)
    return judgeOf(name, gateway);
  const provider = configured();
  return { name, provider, bodyLimitBytes: bodyLimitOf({ provider, options: {} }, 'journal') };
}

function parseLine(text: string): Line {
  const result = requestShape.safeParse(parsed(text, 'the request'));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ConfigError(`the request: /${issue?.path.map(String).join('/') ?? ''}: ${issue?.message}`);
}

const capturedOf = ({ method, url, headers, body_base64: body, certificates }: Line): Captured => ({
  method,
  url,
  headers: Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one] as const),
  ),
  body: Buffer.from(body, 'base64'),
  ...(certificates && { certificates }),
});

function momentOf(seconds: number | undefined): Date {
  const moment = seconds === undefined ? new Date() : new Date(seconds * 1000);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new ConfigError(`the request: now is not a time in Unix seconds: ${seconds}`);
}

const ownSettings = async (config: Line['config']): Promise<Environment | undefined> =>
  typeof config === 'string' ? await readConfigFile(config) : config ? texts(config) : undefined;

async function readConfigFile(file: string): Promise<Environment> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new ConfigError(`--config: ${file} cannot be read: ${cause.message}`, { cause });
  });
  const result = settings.safeParse(parsed(text, `--config: ${file}`));
  if (result.success) return texts(result.data);
  throw new ConfigError(`--config: ${file} is no object of names and values`);
}

/** What is no text (a scheme, a number of seconds) is meant as its JSON. */
const texts = (values: Readonly<Record<string, unknown>>): Environment =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' || value === undefined || value === null
        ? (value ?? undefined)
        : JSON.stringify(value),
    ]),
  );

function parsed(text: string, what: string): unknown {
  try {
    // Editors put a byte-order mark in front.
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new ConfigError(`${what} is no JSON`, { cause });
  }
}

function unixSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('a number of seconds since 1970');
}
