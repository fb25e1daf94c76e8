import type { Mode } from './config.ts';
import type { Gateway, AnyRow } from './define.ts';
import { ConfigError } from './errors.ts';
import { complaintOf } from './rate-limit.ts';

/**
 * What types cannot see of a gateway, checked before anything listens. Throws ConfigError that names
 * the row or the source.
 */
export function checkGateway({ sources, routes }: Gateway, mode: Mode = 'journal'): void {
  for (const [source, table] of Object.entries(routes)) {
    if (!Object.hasOwn(sources, source)) {
      throw new ConfigError(`routes name the source ${source}, which the gateway does not have`);
    }
    for (const [type, row] of Object.entries(table ?? {})) checkRow(`${source} ${type}`, row, mode);
  }
  for (const [name, { options }] of Object.entries(sources)) {
    if (options.refuseReplays && mode === 'direct') {
      throw new ConfigError(`source ${name}: refuseReplays needs the journal, which direct mode has not`);
    }
    const limit = options.bodyLimitBytes;
    if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= bodyLimitBytes)) {
      throw new ConfigError(`source ${name}: bodyLimitBytes must be from 1 to ${bodyLimitBytes}`);
    }
    const complaint = options.rateLimit && complaintOf(options.rateLimit);
    if (complaint !== undefined) throw new ConfigError(`source ${name}: rateLimit.${complaint}`);
  }
}

/** The largest body, in bytes (1.5 MiB): what Temporal takes without a store for larger ones. */
export const bodyLimitBytes = 1_572_864;

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
