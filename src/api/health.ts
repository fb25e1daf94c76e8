import type { RequestHandler } from 'express';

export interface HealthParts {
  /** `starting` and `draining` are not ready. */
  readonly phase: () => 'starting' | 'ready' | 'draining';
  /** Whether Temporal serves; may take a second, never throws. */
  readonly temporalServes: () => Promise<boolean>;
  /** The same of the journal; there is none in direct mode. */
  readonly journalServes?: () => Promise<boolean>;
}

/** How long an answer about Temporal serves every caller, in milliseconds. */
const freshMs = 1000;

/**
 * `/healthz`: the process lives. `/readyz`: it takes deliveries; the state of Temporal and the journal is
 * told, not judged, because a replica that answers 503 with Retry-After serves its senders better than none.
 */
export function health({
  phase,
  temporalServes,
  journalServes,
}: HealthParts): Record<'healthz' | 'readyz', RequestHandler> {
  const temporal = remembered(temporalServes);
  const journal = journalServes && remembered(journalServes);
  return {
    healthz: (_request, response) => {
      response.set('cache-control', 'no-store').json({ alive: true });
    },
    readyz: async (_request, response) => {
      const now = phase();
      const [temporalUp, journalUp] = await Promise.all([temporal(), journal?.()]);
      response
        .status(now === 'ready' ? 200 : 503)
        .set('cache-control', 'no-store')
        .json({
          ready: now === 'ready',
          phase: now,
          temporal: temporalUp ? 'up' : 'down',
          ...(journalUp !== undefined && { journal: journalUp ? 'up' : 'down' }),
        });
    },
  };
}

function remembered(serves: () => Promise<boolean>): () => Promise<boolean> {
  let asked = { at: -Infinity, serves: Promise.resolve(false) };
  return () => {
    if (performance.now() - asked.at > freshMs) asked = { at: performance.now(), serves: serves() };
    return asked.serves;
  };
}
