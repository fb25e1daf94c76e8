import { runOf } from './api/route.ts';
import type { Config, Mode } from './config.ts';
import type { AnyRow, Gateway, Source } from './define.ts';
import { holdsCredentials } from './encryption/credentials.ts';
import { ConfigError } from './errors.ts';
import { complaintOf } from './rate-limit.ts';
import { retentionComplaintOf } from './retention.ts';

/**
 * What types cannot see of a gateway, checked before anything listens. Throws ConfigError that names
 * the row or the source. What direct mode cannot do is asked of the sources that are on alone.
 */
export function checkGateway(
  { sources, routes }: Gateway,
  mode: Mode = 'journal',
  on: readonly string[] = Object.keys(sources),
): void {
  for (const [source, table] of Object.entries(routes)) {
    if (!Object.hasOwn(sources, source)) {
      throw new ConfigError(`routes name the source ${source}, which the gateway does not have`);
    }
    for (const [type, row] of Object.entries(table ?? {})) {
      checkRow(`${source} ${type}`, row, on.includes(source) ? mode : 'journal');
    }
  }
  for (const [name, { options }] of Object.entries(sources)) {
    if (options.refuseReplays && mode === 'direct' && on.includes(name)) {
      throw new ConfigError(`source ${name}: refuseReplays needs the journal, which direct mode has not`);
    }
    if (options.retentionDays !== undefined && mode === 'direct' && on.includes(name)) {
      throw new ConfigError(`source ${name}: retentionDays needs the journal, which direct mode has not`);
    }
    const limit = options.bodyLimitBytes;
    const most = mode === 'direct' ? bodyLimitBytes : largestBodyBytes;
    if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= most)) {
      throw new ConfigError(`source ${name}: bodyLimitBytes must be from 1 to ${most}${why(limit, mode)}`);
    }
    const complaint = options.rateLimit && complaintOf(options.rateLimit);
    if (complaint !== undefined) throw new ConfigError(`source ${name}: rateLimit.${complaint}`);
    const retention = retentionComplaintOf(options.retentionDays);
    if (retention !== undefined) throw new ConfigError(`source ${name}: ${retention}`);
  }
}

/** What is missing to seal the credentials of the sources that are on; development makes a key of its own. */
export const keyComplaints = (
  { sources }: Gateway,
  { sources: on, encryption, development }: Pick<Config, 'sources' | 'encryption' | 'development'>,
): string[] => {
  if (development || encryption.current !== undefined) return [];
  const holders = on.filter((name) => holdsCredentials(sources[name]!.provider));
  return holders.map(
    (name) =>
      `source ${name}: its deliveries hold credentials; EVERHOOK_ENCRYPTION_KEY, which seals them, is not set`,
  );
};

/** What is missing to check the URLs that providers sign; development takes the address that was called. */
export const urlComplaints = (
  { sources }: Gateway,
  { sources: on, publicUrl, development }: Pick<Config, 'sources' | 'publicUrl' | 'development'>,
): string[] =>
  development || publicUrl !== undefined
    ? []
    : on
        .filter((name) => sources[name]!.provider.signsUrl)
        .map(
          (name) =>
            `source ${name}: its provider signs the URL that it calls; EVERHOOK_PUBLIC_URL is not set`,
        );

/** The default, in bytes (1.5 MiB), and the most in direct mode: what Temporal takes without a store for larger ones. */
export const bodyLimitBytes = 1_572_864;
/** The most that a source may take with the journal, in bytes (25 MiB). */
export const largestBodyBytes = 26_214_400;

const why = (limit: number, mode: Mode) =>
  mode === 'direct' && limit > bodyLimitBytes && limit <= largestBodyBytes
    ? ': larger ones need the journal, which direct mode has not'
    : '';

/** How large a source's bodies may be, in bytes: its own word, else its provider's, else 1.5 MiB. */
export const bodyLimitOf = ({ provider, options }: Source, mode: Mode): number =>
  options.bodyLimitBytes ??
  Math.min(provider.bodyLimitBytes ?? bodyLimitBytes, mode === 'direct' ? bodyLimitBytes : largestBodyBytes);

function checkRow(name: string, row: AnyRow, mode: Mode): void {
  if (typeof row === 'string') {
    if (row === '') throw new ConfigError(`route ${name}: no workflow`);
    return;
  }
  if ('external' in row) {
    if (!row.external || !row.taskQueue) {
      throw new ConfigError(`route ${name}: an external row needs a workflow type and a taskQueue`);
    }
    return;
  }
  if (row.feedBy && row.inOrderBy) {
    throw new ConfigError(`route ${name}: inOrderBy and feedBy exclude each other`);
  }
  const keyed = row.feedBy ? 'feedBy' : row.inOrderBy ? 'inOrderBy' : undefined;
  requireSettling(name, row.settlingSeconds, keyed !== undefined);
  if (keyed !== undefined && mode === 'direct') {
    throw new ConfigError(`route ${name}: ${keyed} needs the journal, which direct mode has not`);
  }
  if (!row.workflow) throw new ConfigError(`route ${name}: no workflow`);
  if (row.priority !== undefined && ![1, 2, 3, 4, 5].includes(row.priority)) {
    throw new ConfigError(`route ${name}: priority is a whole number from 1 to 5`);
  }
}

function requireSettling(name: string, seconds: number | undefined, keyed: boolean): void {
  if (seconds === undefined) return;
  if (!keyed) throw new ConfigError(`route ${name}: settlingSeconds is for inOrderBy and feedBy`);
  if (seconds >= 0 && seconds <= 3600) return;
  throw new ConfigError(`route ${name}: settlingSeconds must be from 0 to 3600`);
}

/** Which kinds of keyed rows these sources have: `inOrderBy`, `feedBy`. */
export const keyedKinds = ({ routes }: Gateway, { sources }: Pick<Config, 'sources'>): Set<string> =>
  new Set(
    sources
      .flatMap((source) => Object.values(routes[source] ?? {}))
      .map((row) => runOf(row).kind)
      .filter((kind) => kind === 'inOrderBy' || kind === 'feedBy'),
  );
