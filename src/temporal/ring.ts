import type { Client } from '@temporalio/client';
import type { Ring } from '../dispatch/dispatcher.ts';
import { classify } from './answers.ts';

/** Wakes a keyed run, or starts it. */
export const createRing =
  (client: Client): Ring =>
  ({ turn, kind, workflow, taskQueue, source, key }, deadline) =>
    client
      .withDeadline(deadline, () =>
        client.workflow.signalWithStart(kind === 'inOrderBy' ? 'takeTurns' : workflow, {
          workflowId: turn,
          taskQueue,
          args: [{ key, turn, source, workflow, taskQueue }],
          signal: 'everhookDoorbell',
          signalArgs: [],
        }),
      )
      .then(
        () => undefined,
        (error: unknown) => {
          throw classify(error);
        },
      );
