import { join, relative, resolve } from 'node:path';
import { runOf } from '../api/route.ts';
import type { Config } from '../config.ts';
import type { Gateway } from '../define.ts';
import type { Addresses } from './addresses.ts';
import type { DevelopmentSecrets } from './secrets.ts';

interface SummaryParts {
  readonly gateway: Gateway;
  readonly gatewayFile: string;
  readonly config: Config;
  readonly addresses: Addresses;
  readonly secrets: DevelopmentSecrets;
  /** Where the database is, without its password. */
  readonly database: string;
}

/** What a start tells: where everything is, what stands in for what, and what to try next. */
export function summarise(parts: SummaryParts): string[] {
  const { gateway, gatewayFile, config, addresses, secrets, database } = parts;
  const file = relative(process.cwd(), gatewayFile) || gatewayFile;
  return [
    '',
    `Everhook runs ${file} (development, ${config.mode} mode).`,
    '',
    ...webhooks(config, addresses),
    `  Temporal UI  ${addresses.ui ?? `of ${addresses.temporal}`}`,
    `  metrics      ${addresses.admin}/metrics`,
    `  database     ${database}`,
    `  kept in      ${config.home}`,
    '',
    ...standIns(gateway, config, secrets),
    ...tries(gateway, config),
  ];
}

const indent = ' '.repeat(15);
const lineCharacters = 100;

/** One address for each source, or where they are too many to read, what they have in common and their names. */
function webhooks({ sources }: Config, { api }: Addresses): string[] {
  const list =
    sources.length <= 5
      ? sources.map((name) => `${api}/webhooks/${name}`)
      : [`${api}/webhooks/<source>, of`, ...wrapped(sources)];
  return list.map((line, at) => `${at === 0 ? '  webhooks     ' : indent}${line}`);
}

/** Names with commas, in lines that fit a terminal. */
function wrapped(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const line = lines.at(-1);
    if (line === undefined || line.length + name.length + 2 > lineCharacters) lines.push(name);
    else lines[lines.length - 1] = `${line}, ${name}`;
  }
  return lines;
}

function standIns(
  { routes }: Gateway,
  { setting, home }: Config,
  { values, path }: DevelopmentSecrets,
): string[] {
  const made = Object.keys(values);
  const rows = Object.values(routes).flatMap((table) =>
    Object.values(table ?? {}).map((row) => runOf(row).workflow),
  );
  /** A gateway of one's own has other needs. */
  const runsOneOf = (...workflows: readonly string[]) =>
    rows.some((workflow) => workflows.includes(workflow));
  /** Of a chat that nobody can have asked in, and that is not somewhere else. */
  const isUnasked = (source: string, proof: string) =>
    Object.hasOwn(values, `${source}_${proof}`) && setting(`${source}_API_BASE`) === undefined;
  const lines = [
    ...(made.length > 0 ? [`${madeUp(made)} made up, kept in ${path}`] : []),
    ...(setting('EVERHOOK_ENCRYPTION_KEY') === undefined
      ? [`payloads are encrypted with a key made for development, kept in ${join(home, 'encryption.key')}`]
      : []),
    ...(setting('SMTP_URL') === undefined && runsOneOf('fulfillPayment', 'recoverPayment', 'welcomeCustomer')
      ? ['mail is written to files, not sent (SMTP_URL is not set)']
      : []),
    ...(isUnasked('SLACK', 'WEBHOOK_SECRET') && runsOneOf('answerCommand')
      ? [`answers to Slack are written to ${join(home, 'chat')}, not sent (SLACK_WEBHOOK_SECRET is not set)`]
      : []),
    ...(isUnasked('DISCORD', 'PUBLIC_KEY') && runsOneOf('followUpInteraction')
      ? [`answers to Discord are written to ${join(home, 'chat')}, not sent (DISCORD_PUBLIC_KEY is not set)`]
      : []),
    ...(runsOneOf('processPush')
      ? ['pushes to https://git.everhook.example/ are fetched from a sample repository on this machine']
      : []),
    ...(setting('STRIPE_API_KEY') === undefined && runsOneOf('fulfillPayment', 'recoverPayment')
      ? ['payments are taken from the signed event, not re-read (STRIPE_API_KEY is not set)']
      : []),
  ];
  return ['Stand-ins:', ...lines.map((line) => `  ${line}`), ''];
}

/** Their names, or where they are too many to read, how many. */
const madeUp = (names: readonly string[]): string =>
  names.length <= 5 ? `${names.join(', ')}:` : `${names.length} proofs (everhook sources):`;

/** One command for each source that has a routed type, with a sample where there is one. */
function tries({ sources, routes }: Gateway, { sources: on, home }: Config): string[] {
  const place = home === resolve('.everhook') ? '' : `EVERHOOK_HOME=${home} `;
  const commands = on.flatMap((name) => {
    const samples = Object.keys(sources[name]?.provider.samples ?? {});
    const routed = Object.keys(routes[name] ?? {});
    const types = routed.filter((type) => type !== '*');
    const type =
      types.find((named) => samples.includes(named)) ?? (routed.includes('*') ? samples[0] : undefined);
    if (type !== undefined) return [`  ${place}npx everhook send ${name} ${type}`];
    return types.slice(0, 1).map((named) => `  ${place}npx everhook send ${name} ${named} --data body.json`);
  });
  const [first] = commands;
  return first === undefined ? [] : ['Try, in another terminal:', ...commands, `${first} --duplicate`, ''];
}
