import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Ring } from '../dispatch/attempt.ts';
import { classify } from './answers.ts';
import { cutKeyword } from './search-attributes.ts';

const sourceAttribute = defineSearchAttributeKey('WebhookSource', 'KEYWORD');
const keyAttribute = defineSearchAttributeKey('WebhookKey', 'KEYWORD');

/**
 * Wakes the keyed run of a turn, or starts it. The signal is empty: the run fetches its next event from the
 * journal, so a doubled or lost ring does no harm. REJECT_DUPLICATE would lose the signal once the run
 * has closed.
 */
export const createRing =
  (client: Client): Ring =>
  async ({ turn, kind, workflow, taskQueue, source, key, priority }) => {
    try {
      await client.workflow.signalWithStart(kind === 'inOrderBy' ? 'takeTurns' : workflow, {
        workflowId: turn,
        taskQueue,
        // `Turns` for takeTurns, `Feed` for a workflow that follows one.
        args: [{ turn, key }],
        signal: 'everhookDoorbell',
        signalArgs: [],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        memo: { everhookTurn: turn },
        typedSearchAttributes: [
          { key: sourceAttribute, value: source },
          { key: keyAttribute, value: cutKeyword(key) },
        ],
        staticSummary: `${source}: ${kind === 'inOrderBy' ? `${workflow} in order` : workflow}`,
        ...(priority !== undefined && { priority: { priorityKey: priority } }),
      });
    } catch (error) {
      throw classify(error);
    }
  };
