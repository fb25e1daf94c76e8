import { WorkflowFailedError, type Client } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import type { JournalSource } from './journal/rows.ts';
import { takeNext, type NextTurn, type TurnQuery } from './journal/turns.ts';

const heartbeatMs = 5000;

/** What keyed runs ask of the journal and of Temporal. The names are reserved: a gateway's own may not have them. */
export const turnActivities = (
  pool: Pool,
  sources: Readonly<Record<string, JournalSource>>,
  client: Client,
) => ({
  /** The next event of a turn. */
  everhookTakeNext: (query: TurnQuery): Promise<NextTurn> => takeNext(pool, sources, query),

  /** Settles when a run that somebody else started has ended, however it ended. */
  async everhookWaitForEnd({ workflowId }: { workflowId: string }): Promise<void> {
    const { cancellationSignal, heartbeat } = Context.current();
    const beat = setInterval(() => heartbeat(), heartbeatMs);
    try {
      await client.connection.withAbortSignal(cancellationSignal, () =>
        client.workflow.getHandle(workflowId, undefined, { followRuns: false }).result(),
      );
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
    } finally {
      clearInterval(beat);
    }
  },
});

export type TurnActivities = ReturnType<typeof turnActivities>;
