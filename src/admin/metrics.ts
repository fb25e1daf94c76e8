import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ByteBudget } from '../api/body.ts';
import type { Observe } from '../api/observer.ts';
import type { DispatchOutcome } from '../dispatch/dispatcher.ts';

/** What Prometheus scrapes. Label values are bounded: sources, verdicts, codes and reasons are lists of ours. */
export interface Metrics {
  readonly registry: Registry;
  readonly observe: Observe;
  readonly observeStart: (source: string, outcome: DispatchOutcome) => void;
}

/** Metrics of one API process, in a registry of its own. */
export function createMetrics(budget: ByteBudget): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const deliveries = new Counter({
    name: 'everhook_deliveries_total',
    help: 'Requests to /webhooks, by source and verdict: new, duplicate, conflict, ignored, batch, handshake, refused, failed.',
    labelNames: ['source', 'verdict'],
    registers,
  });
  const events = new Counter({
    name: 'everhook_events_total',
    help: 'Events of accepted deliveries, by source and verdict: new, duplicate, conflict, ignored.',
    labelNames: ['source', 'verdict'],
    registers,
  });
  const refusals = new Counter({
    name: 'everhook_refusals_total',
    help: 'Refused requests by source, code and reason (docs/errors.md).',
    labelNames: ['source', 'code', 'reason'],
    registers,
  });
  const answer = new Histogram({
    name: 'everhook_answer_seconds',
    help: 'From a request to its answer, in seconds, by source.',
    labelNames: ['source'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5],
    registers,
  });
  const starts = new Counter({
    name: 'everhook_starts_total',
    help: 'Workflow starts by source and outcome: started, duplicate, or what went wrong (docs/lifecycle.md).',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const inFlight: Gauge = new Gauge({
    name: 'everhook_body_bytes_in_flight',
    help: 'Bytes of bodies in memory.',
    registers,
    collect: () => inFlight.set(budget.usedBytes),
  });
  const bound = new Gauge({
    name: 'everhook_body_bytes_in_flight_limit',
    help: 'The bound on them (EVERHOOK_BYTES_IN_FLIGHT).',
    registers,
  });
  bound.set(budget.limitBytes);

  /** By source and verdict: looking a label set up costs more than counting it. */
  const counting = (counter: typeof events) => {
    const children = new Map<string, { inc(): void }>();
    return (source: string, verdict: string) => {
      const name = `${source} ${verdict}`;
      let child = children.get(name);
      if (child === undefined) children.set(name, (child = counter.labels({ source, verdict })));
      child.inc();
    };
  };
  const countDelivery = counting(deliveries);
  const countEvent = counting(events);

  return {
    registry,
    observe(observation) {
      const { kind, source, seconds } = observation;
      countDelivery(source, kind === 'answered' ? observation.verdict : kind);
      answer.observe({ source }, seconds);
      if (kind === 'answered') for (const { verdict } of observation.events) countEvent(source, verdict);
      if (kind === 'refused') {
        refusals.inc({ source, code: observation.code, reason: observation.reason });
      } else if (kind === 'failed') {
        refusals.inc({ source, code: 'internal', reason: 'unexpected_error' });
      }
    },
    observeStart: (source, outcome) => starts.inc({ source, outcome }),
  };
}
