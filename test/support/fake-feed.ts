import type { WebhookEvent } from '../../src/event.ts';
import type { NextTurn, TurnQuery } from '../../src/journal/turns.ts';

/** The journal as a keyed run sees it, over these events; `waiting` are those that are not handled, `late` the stale. */
export function fakeFeed(
  events: readonly WebhookEvent[],
  start: { workflow: string; taskQueue: string },
  late: readonly WebhookEvent[] = [],
) {
  const waiting = [...events];
  return {
    waiting,
    async everhookTakeNext({ handled }: TurnQuery): Promise<NextTurn> {
      if (handled !== undefined && waiting[0]?.id === handled) waiting.shift();
      const [event] = waiting;
      if (event === undefined) return { none: true };
      const name = `${event.source}:${event.id}`;
      return {
        run: event.id,
        event,
        stale: late.includes(event),
        start: {
          ...start,
          workflowId: name,
          memo: { everhookEvent: { event: name, n: 1 } },
          attributes: [],
          summary: `${event.source} ${event.type}`,
        },
      };
    },
  };
}
