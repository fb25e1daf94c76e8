import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Feed } from '../define.ts';
import { doorbell, everhookTakeNext } from './turns.ts';

/** The events of a feed, one after another. */
export interface Followed<Event> extends AsyncIterable<Event> {
  /**
   * The next event; undefined when none has come for `timeout` milliseconds (default: waits for ever; `summary` is
   * what Temporal's UI shows of that timer). The one before counts as handled from here on.
   */
  next(options?: { readonly timeout?: number; readonly summary?: string }): Promise<Event | undefined>;
  /**
   * The last one counts as handled. Call it before you leave the loop, or return: what is left by an error is not
   * handled, and nothing here can tell the two apart.
   */
  done(): Promise<void>;
  /** Whether the event at hand came after a later one had been handled. */
  readonly stale: boolean;
  /** True when history has grown: `continueAsNew` with the same feed, after `done`. */
  readonly continueAsNewSuggested: boolean;
}

/**
 * Follows a feed: `for await (const event of follow(feed))`. Once per run. An event is handled when the loop asks
 * for the next one, and by `done`; a run that ends before is started again by the next ring, with that event.
 */
export function follow<Event>(feed: Feed<Event>): Followed<Event> {
  const turn = feed.turn ?? workflowInfo().workflowId;
  let rings = 0;
  setHandler(doorbell, () => {
    rings += 1;
  });
  let atHand: { readonly run: string; readonly stale: boolean } | undefined;

  const ask = async () => {
    const next = await everhookTakeNext({ turn, ...(atHand && { handled: atHand.run }) });
    atHand = 'event' in next ? { run: next.run, stale: next.stale } : undefined;
    return next;
  };
  const followed: Followed<Event> = {
    async next({ timeout = Infinity, summary } = {}) {
      const deadline = Date.now() + timeout;
      for (;;) {
        const heard = rings;
        const found = await ask();
        if ('event' in found) return found.event as Event;
        const left = deadline - Date.now();
        if (left <= 0) return undefined;
        const wait = Math.min(left, 'waitMs' in found ? found.waitMs : Infinity);
        if (wait === Infinity) await condition(() => rings > heard);
        else await condition(() => rings > heard, wait, { ...(summary !== undefined && { summary }) });
      }
    },
    async done() {
      if (atHand === undefined) return;
      await everhookTakeNext({ turn, handled: atHand.run });
      atHand = undefined;
    },
    get stale() {
      return atHand?.stale ?? false;
    },
    get continueAsNewSuggested() {
      return workflowInfo().continueAsNewSuggested;
    },
    async *[Symbol.asyncIterator]() {
      for (;;) yield (await followed.next()) as Event;
    },
  };
  return followed;
}
