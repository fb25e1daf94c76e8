import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { retain, type RetentionParts, type RetentionRule } from './retention.ts';
import { forgottenUpTo } from './retention-statements.ts';

/** How retention tells of what it did, for metrics. */
export interface RetentionObserver {
  erased(source: string, bodies: number): void;
  forgot(source: string, events: number): void;
}

export interface RetentionWalker {
  /** Up to when a source has forgotten events, by their own time, under any rule that it ever had. */
  forgottenUpTo(source: string): Date | undefined;
  /** Waits for the step under way. */
  stop(): Promise<void>;
}

export interface WalkerParts extends Omit<RetentionParts, 'signal'> {
  readonly rules: readonly RetentionRule[];
  /** The sources whose memory is asked for. */
  readonly sources: readonly string[];
  readonly log: Pick<Logger, 'warn'>;
  readonly observer: RetentionObserver;
  readonly intervalMs?: number;
}

/**
 * Erases and forgets in the background, a step of every rule at a time, each minute; where there is more to do, the
 * next round follows in a second. Several processes may do so at once. Returns when it knows what was forgotten before, or that
 * the journal is away.
 */
export async function startRetention({
  rules,
  sources,
  log,
  observer,
  intervalMs = 60_000,
  ...parts
}: WalkerParts): Promise<RetentionWalker> {
  const stopping = new AbortController();
  const { signal } = stopping;
  let forgotten = new Map<string, Date>();
  let told = false;

  const remember = async () => {
    const { rows } = await parts.pool.query<{ source: string; forgot: Date }>(forgottenUpTo, [sources]);
    forgotten = new Map(rows.map(({ source, forgot }) => [source, forgot]));
  };
  const step = async (rule: RetentionRule): Promise<boolean> => {
    const { count, more } = await retain(rule, { ...parts, signal });
    const tell = rule.task === 'bodies' ? observer.erased : observer.forgot;
    if (count > 0) tell(rule.source, count);
    return more;
  };
  /** Whether there is more to do at once. One rule that fails does not keep the others from their work. */
  const round = async (): Promise<boolean> => {
    const failures: unknown[] = [];
    let more = false;
    const attempt = async (work: () => Promise<boolean | void>) => {
      try {
        if (!signal.aborted && (await work())) more = true;
      } catch (error) {
        failures.push(error);
      }
    };
    await attempt(remember);
    for (const rule of rules) await attempt(() => step(rule));
    if (failures.length > 0 && !told && !signal.aborted) {
      log.warn({ err: failures[0] }, 'what is due could not be erased; trying again every minute');
    }
    told = failures.length > 0;
    return more;
  };

  await remember().catch(() => undefined);
  const running = (async () => {
    const soonMs = Math.min(intervalMs, 1000);
    for (let wait = soonMs; ; wait = (await round()) ? soonMs : intervalMs) {
      try {
        await delay(wait, undefined, { signal, ref: false });
      } catch {
        return;
      }
    }
  })();
  return {
    forgottenUpTo: (source) => forgotten.get(source),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
