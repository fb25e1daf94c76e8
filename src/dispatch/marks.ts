import { setTimeout as delay } from 'node:timers/promises';
import type { Claims, Return } from '../journal/claims.ts';
import type { Logger } from '../log.ts';

/** How long a mark may wait for others, and a failed one for its next try, in milliseconds. */
const gatherMs = 5;
const retryMs = 500;

/** What became of claimed runs, written in batches. A mark that is lost costs a start that finds itself done. */
export interface Marks {
  started(id: string): void;
  park(id: string, error: string): void;
  giveBack(back: Return): void;
  /** Writes what is left, and nothing more; gives up after the time given, in milliseconds. */
  flush(timeoutMs: number): Promise<void>;
}

export function createMarks(
  claims: Pick<Claims, 'markStarted' | 'park' | 'giveBack'>,
  log: Pick<Logger, 'warn'>,
): Marks {
  const started: string[] = [];
  const parked: { id: string; error: string }[] = [];
  const returns: Return[] = [];
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  const left = () => started.length + parked.length + returns.length;
  const later = (milliseconds: number) => {
    if (closed) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void write();
    }, milliseconds);
  };
  const write = (): Promise<void> => {
    writing ??= writeAll().then(
      () => settle(gatherMs),
      (error: unknown) => {
        log.warn({ err: error }, 'the journal could not be told what became of runs; trying again');
        settle(retryMs);
      },
    );
    return writing;
  };
  const settle = (nextMs: number) => {
    writing = undefined;
    if (left() > 0) later(nextMs);
  };
  // What is written leaves its list afterwards: what comes meanwhile stands behind it.
  const writeAll = async () => {
    const counts = [started.length, parked.length, returns.length] as const;
    if (counts[0] > 0) await claims.markStarted(started.slice(0, counts[0]));
    started.splice(0, counts[0]);
    if (counts[1] > 0) await claims.park(parked.slice(0, counts[1]));
    parked.splice(0, counts[1]);
    if (counts[2] > 0) await claims.giveBack(returns.slice(0, counts[2]));
    returns.splice(0, counts[2]);
  };

  return {
    started(id) {
      started.push(id);
      later(gatherMs);
    },
    park(id, error) {
      parked.push({ id, error });
      later(gatherMs);
    },
    giveBack(back) {
      returns.push(back);
      later(gatherMs);
    },
    async flush(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      while (left() > 0 && performance.now() < deadline) {
        await write();
        if (left() > 0) await delay(50);
      }
      await writing;
      closed = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
