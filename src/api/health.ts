import type { RequestHandler } from 'express';

export interface HealthParts {
  /** `starting` and `draining` are not ready. */
  readonly phase: () => 'starting' | 'ready' | 'draining';
  /** Whether Temporal serves; may take a second, never throws. */
  readonly temporalServes: () => Promise<boolean>;
}

/** How long an answer about Temporal serves every caller, in milliseconds. */
const freshMs = 1000;

/**
 * `/healthz`: the process lives. `/readyz`: it takes deliveries; Temporal's state is told, not judged,
 * because a replica that answers 503 with Retry-After serves its senders better than none.
 */
export function health({ phase, temporalServes }: HealthParts): Record<'healthz' | 'readyz', RequestHandler> {
  let asked = { at: -Infinity, serves: Promise.resolve(false) };
  const temporal = () => {
    if (performance.now() - asked.at > freshMs) asked = { at: performance.now(), serves: temporalServes() };
    return asked.serves;
  };
  return {
    healthz: (_request, response) => {
      response.set('cache-control', 'no-store').json({ alive: true });
    },
    readyz: async (_request, response) => {
      const now = phase();
      response
        .status(now === 'ready' ? 200 : 503)
        .set('cache-control', 'no-store')
        .json({ ready: now === 'ready', phase: now, temporal: (await temporal()) ? 'up' : 'down' });
    },
  };
}
