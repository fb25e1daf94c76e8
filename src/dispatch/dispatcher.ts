import type { Claims } from '../journal/claims.ts';
import { UnreadableError } from '../journal/read-event.ts';
import type { ClaimedRun } from '../journal/run.ts';
import type { Logger } from '../log.ts';
import { StartError, type StartFailure } from '../temporal/answers.ts';
import type { Start } from '../temporal/start.ts';
import { createAttempt, type Ring } from './attempt.ts';
import { backOffSeconds } from './back-off.ts';
import { createFairQueue } from './fair-queue.ts';
import { createMarks } from './marks.ts';

/** Calls of Temporal under way at once: half for new events, half for the oldest. */
export const startsInFlight = 32;
/** New runs, and their bytes, that wait in memory; what comes beyond waits in the table. */
const queueRuns = 1000;
const queueBytes = 32 * 1024 * 1024;
/** How often the table is looked at, in milliseconds, when nothing hurries. */
const sweepMs = 500;
/** How long everything, or one row's runs, rest after what repetition cannot mend soon, in milliseconds. */
const awayMs = 250;
const setupMs = 5000;
const routeMs = 60_000;
/** A run is not started this close to the end of its lease, in milliseconds: the sweeper has it then. */
const leaseMarginMs = 10_000;
/** How long calls under way may still take when dispatch stops, in milliseconds. */
const drainMs = 6000;

export interface DispatcherParts {
  readonly claims: Claims;
  readonly start: Start;
  readonly ring: Ring;
  readonly leaseSeconds: number;
  /** How long Temporal remembers closed runs, in seconds. */
  readonly retentionSeconds: () => Promise<number>;
  readonly log: Logger;
  readonly observe: (source: string, outcome: DispatchOutcome) => void;
}

/** How an attempt ended, for metrics: as direct mode says it, and what dispatch alone knows. */
export type DispatchOutcome =
  'started' | 'duplicate' | 'rung' | 'unreadable' | 'outcome_unknown' | StartFailure;

export interface Dispatcher {
  /** Whether there is room in memory for another run, Temporal to take it, and nobody who holds it back. */
  hasRoom(run: { readonly source: string; readonly route: unknown }): boolean;
  /** Takes runs that were just committed, leased to this process. */
  handOver(runs: readonly ClaimedRun[]): void;
  /** What it is doing, for readiness and metrics. */
  state(): { readonly queued: number; readonly inFlight: number; readonly held: boolean };
  /** Finishes what is under way (6 s at most) and gives the rest back. */
  stop(): Promise<void>;
}

interface Item {
  readonly run: ClaimedRun;
  readonly source: string;
  /** Until when the lease may be relied on, and since when it is held, by performance.now(). */
  readonly until: number;
  readonly since: number;
}

/** Brings accepted runs to Temporal: new ones from memory, all others from the table, for ever. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { claims, log, observe, leaseSeconds } = parts;
  const marks = createMarks(claims, log);
  const bring = createAttempt(parts, marks);
  const fresh = createFairQueue<Item>();
  const old: Item[] = [];
  const inFlight = { fresh: 0, old: 0 };
  const resting = new Map<string, number>();
  let paused: ReadonlySet<string> = new Set();
  let freshBytes = 0;
  let heldUntil = 0;
  let probing = false;
  let stopping = false;
  let journalServes = true;
  let sweeping: Promise<void> | undefined;
  let more = false;

  const held = () => probing || performance.now() < heldUntil;
  const restingRoutes = () => {
    const now = performance.now();
    for (const [route, until] of resting) if (until <= now) resting.delete(route);
    return [...resting.keys()];
  };
  const isHeldBack = ({ source, route }: { readonly source: string; readonly route: unknown }) => {
    const name = `${source}/${String(route)}`;
    return paused.has(source) || paused.has(name) || resting.has(name);
  };
  const itemOf = (run: ClaimedRun): Item => {
    const since = performance.now();
    return { run, source: run.source, since, until: since + leaseSeconds * 1000 - leaseMarginMs };
  };
  const untouched = ({ id, mayBeStarted }: ClaimedRun) =>
    marks.giveBack({ id, delaySeconds: 0, untouched: !mayBeStarted });

  /** Temporal is away or refuses us: nothing is sent for a while, then one run tries. */
  function hold(milliseconds: number): void {
    heldUntil = Math.max(heldUntil, performance.now() + milliseconds);
    probing = true;
    for (const { run } of [...fresh.drain(), ...old.splice(0)]) untouched(run);
    freshBytes = 0;
  }

  function takeNext(): { item: Item; from: 'fresh' | 'old' } | undefined {
    const half = startsInFlight / 2;
    if (old.length > 0 && (inFlight.old < half || fresh.size === 0))
      return { item: old.shift()!, from: 'old' };
    if (inFlight.fresh >= half && old.length > 0) return undefined;
    const item = fresh.shift();
    if (item === undefined) return undefined;
    freshBytes -= item.run.bytes;
    return { item, from: 'fresh' };
  }

  function pump(): void {
    for (;;) {
      if (stopping || inFlight.fresh + inFlight.old >= startsInFlight) return;
      const next = takeNext();
      if (next === undefined) return;
      const { item, from } = next;
      // Its lease is nearly over, or it was paused meanwhile: the sweeper, here or elsewhere, has it.
      if (performance.now() > item.until || isHeldBack(item.run)) {
        untouched(item.run);
        continue;
      }
      inFlight[from] += 1;
      void attempt(item).finally(() => {
        inFlight[from] -= 1;
        if (more && old.length === 0) void sweep();
        pump();
      });
    }
  }

  async function attempt({ run, since }: Item): Promise<void> {
    try {
      const outcome = await bring(run, since);
      // Temporal is back: on with the rest, at once.
      if (probing) more = true;
      probing = false;
      observe(run.source, outcome);
    } catch (error) {
      if (error instanceof StartError) return failed(run, error);
      if (error instanceof UnreadableError) {
        observe(run.source, 'unreadable');
        return marks.park(run.id, `unreadable: ${error.message}`);
      }
      // The journal did not give the body, or a bug of ours: neither is the event's fault.
      log.error({ err: error, run: run.id, source: run.source }, 'a run could not be attempted');
      marks.giveBack({
        id: run.id,
        delaySeconds: backOffSeconds(run.attempts),
        untouched: !run.mayBeStarted,
      });
    }
  }

  function failed(run: ClaimedRun, { failure, message }: StartError): void {
    observe(run.source, failure);
    const fields = { run: run.id, source: run.source, route: run.route, failure, message };
    const back = (delaySeconds: number, sent: boolean) =>
      marks.giveBack({ id: run.id, delaySeconds, error: message, untouched: !sent && !run.mayBeStarted });
    switch (failure) {
      case 'event_refused':
      case 'id_taken':
        log.error(fields, 'a run is parked: Temporal will never start it');
        return marks.park(run.id, `${failure}: ${message}`);
      case 'unavailable':
        if (!held()) log.warn(fields, 'Temporal is away: dispatch waits');
        hold(awayMs);
        return back(0, false);
      case 'unknown':
        if (!held()) log.warn(fields, 'Temporal does not answer: dispatch waits');
        hold(awayMs);
        return back(backOffSeconds(run.attempts), true);
      case 'busy':
        return back(backOffSeconds(run.attempts), false);
      case 'setup_refused':
        log.error(fields, 'Temporal refuses our set-up: dispatch pauses, events stay accepted');
        hold(setupMs);
        return back(setupMs / 1000, false);
      case 'argument_refused':
        log.error(fields, 'Temporal refuses an argument: this route pauses, its events stay accepted');
        resting.set(`${run.source}/${run.route}`, performance.now() + routeMs);
        return back(routeMs / 1000, false);
    }
  }

  /** Said once: it is tried twice a second. */
  function tellSwept(error?: unknown): void {
    const swept = error === undefined;
    if (swept === journalServes) return;
    journalServes = swept;
    if (swept) log.info('the journal is back: it is swept again');
    else log.warn({ err: error }, 'the journal could not be swept; trying again');
  }

  function sweep(): Promise<void> {
    sweeping ??= sweepOnce()
      .then(() => tellSwept(), tellSwept)
      .finally(() => {
        sweeping = undefined;
        pump();
      });
    return sweeping;
  }

  async function sweepOnce(): Promise<void> {
    more = false;
    if (stopping || performance.now() < heldUntil) return;
    if (probing && inFlight.fresh + inFlight.old > 0) return;
    const limit = probing ? 1 : startsInFlight - old.length;
    if (limit <= 0) return;
    const unknownSeconds = Math.max(60, (await parts.retentionSeconds()) - 3600);
    const { runs, parked } = await claims.claim({ limit, except: restingRoutes(), unknownSeconds });
    for (const source of parked) {
      observe(source, 'outcome_unknown');
      log.error({ source }, 'a run is parked: whether it was started is unknown, and Temporal forgets soon');
    }
    if (probing && runs.length === 0) probing = false;
    old.push(...runs.map(itemOf));
    more = runs.length >= limit;
  }

  const refresh = async () => {
    paused = await claims.paused();
  };
  const sweeper = setInterval(() => {
    refresh().catch(() => undefined);
    void sweep();
  }, sweepMs);
  refresh().catch(() => undefined);
  void sweep();

  return {
    hasRoom: (run) =>
      !stopping && !held() && !isHeldBack(run) && fresh.size < queueRuns && freshBytes < queueBytes,
    handOver(runs) {
      for (const run of runs) {
        if (stopping || held() || isHeldBack(run)) {
          untouched(run);
          continue;
        }
        fresh.push(itemOf(run));
        freshBytes += run.bytes;
      }
      // After the answers of the same commit.
      setImmediate(pump);
    },
    state: () => ({ queued: fresh.size + old.length, inFlight: inFlight.fresh + inFlight.old, held: held() }),
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      await sweeping;
      for (const { run } of [...fresh.drain(), ...old.splice(0)]) untouched(run);
      const deadline = performance.now() + drainMs;
      while (inFlight.fresh + inFlight.old > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await marks.flush(2000);
    },
  };
}
