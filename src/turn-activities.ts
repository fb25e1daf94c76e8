import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import type { JournalSource } from './journal/rows.ts';
import { parkTurn, takeNext, type NextTurn, type TurnQuery } from './journal/turns.ts';
import { StartError } from './temporal/answers.ts';
import { findRun, type NamedRun } from './temporal/start.ts';

const heartbeatMs = 5000;
/** How long looking at a run may take, in milliseconds. */
const lookMs = 5000;

/** What a turn found started when it wanted to start it. */
export interface StartedBefore {
  readonly workflowId: string;
  /** The journal's run. */
  readonly run: string;
  readonly named: NamedRun;
}

/** What keyed runs ask of the journal and of Temporal. The names are reserved: a gateway's own may not have them. */
export const turnActivities = (
  pool: Pool,
  sources: Readonly<Record<string, JournalSource>>,
  client: Client,
) => ({
  /** The next event of a turn. */
  everhookTakeNext: (query: TurnQuery): Promise<NextTurn> => takeNext(pool, sources, query),

  /**
   * Settles when the run that an earlier turn started has ended, however it ended. Where the id is another's, the
   * event is parked, and nothing is waited for.
   */
  async everhookWaitForEnd({ workflowId, run, named }: StartedBefore): Promise<void> {
    const { cancellationSignal, heartbeat } = Context.current();
    const beat = setInterval(() => heartbeat(), heartbeatMs);
    try {
      await client.connection.withAbortSignal(cancellationSignal, async () => {
        await client.withDeadline(Date.now() + lookMs, () => findRun(client, named, workflowId));
        await client.workflow.getHandle(workflowId, undefined, { followRuns: false }).result();
      });
    } catch (error) {
      if (error instanceof StartError && error.failure === 'id_taken') {
        return await parkTurn(pool, run, `id_taken: ${error.message}`);
      }
      // What Temporal has forgotten has ended.
      if (!(error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError)) throw error;
    } finally {
      clearInterval(beat);
    }
  },
});

export type TurnActivities = ReturnType<typeof turnActivities>;
