import { pino, stdSerializers, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Observation, Observe } from './api/observer.ts';

export type { Logger };

// The SDK's worker calls its errors `error`.
const serializers = { err: stdSerializers.err, error: stdSerializers.err };

/** Lines of JSON for machines, or coloured text on a terminal. Nothing logged here holds a secret or a body. */
export const createLogger = ({ level, terminal }: { level: string; terminal: boolean }): Logger =>
  terminal
    ? pino(
        { level, serializers },
        pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', sync: true }),
      )
    : pino({ level, serializers });

/** One line per request: what came, from where, and what became of it. */
export const logObservation =
  (log: Logger): Observe =>
  (observation) => {
    const { kind, source, remoteAddress } = observation;
    if (kind === 'answered' && !log.isLevelEnabled('info')) return;
    const base = { source, remoteAddress, ms: Math.round(observation.seconds * 10_000) / 10 };
    if (kind === 'failed') return log.error({ ...base, err: observation.error }, 'delivery failed');
    if (kind === 'refused') return logRefusal(log, base, observation);
    const { verdict, events } = observation;
    if (events.length === 1) log.info({ ...base, verdict, event: events[0] }, 'delivery');
    else log.info({ ...base, verdict, events }, 'delivery');
  };

function logRefusal(
  log: Logger,
  base: object,
  { code, reason, note }: Extract<Observation, { kind: 'refused' }>,
): void {
  const line = { ...base, code, reason, ...(note !== undefined && { note }) };
  // Ours to mend, all of them; the rest is the sender's.
  if (['not_durable', 'overloaded', 'body_already_parsed', 'internal'].includes(code)) {
    log.error(line, 'delivery refused');
  } else {
    log.warn(line, 'delivery refused');
  }
}
