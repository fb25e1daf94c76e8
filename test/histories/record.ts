// Records what test/workflows/replay.test.ts replays: `npx tsx test/histories/record.ts [name …]`, all
// without a name. A released version's histories stay, because its runs may still be open: a change gets
// `patched`, and new histories beside the old ones.
import { writeFile } from 'node:fs/promises';

import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { fakeFeed } from '../support/fake-feed.ts';
import { historyToJson } from '../support/history.ts';
import { createTimeSkipping, quieten, workflowsPath } from '../support/temporal.ts';
import { cases } from './cases.ts';

const wanted = process.argv.slice(2);
quieten();
const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
const temporal = await createTimeSkipping();
const { client, nativeConnection } = temporal;
try {
  for (const one of cases) {
    const { name, workflow, kind = 'plain', source, type, key, payload, times = 1, followedBy = [], activities } = one;
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const taskQueue = `record-${name}`;
    const told = [...Array.from({ length: times }, () => ({ type, payload })), ...followedBy];
    const events = told.map((event, index) => ({
      id: `evt_${index + 1}-${name}`,
      source,
      type: event.type,
      ...(key !== undefined && { key }),
      receivedAt: '2026-01-02T03:04:05.678Z',
      payload: event.payload,
    }));
    const workflowId = kind === 'plain' ? `${source}:${events[0]!.id}` : `${source}~${workflow}:${name}`;
    const argument = kind === 'plain' ? events[0]! : { turn: workflowId, key: name };
    const { everhookTakeNext } = fakeFeed(events, { workflow: 'recordEvent', taskQueue });
    const worker = await Worker.create({
      connection: nativeConnection,
      workflowBundle,
      taskQueue,
      activities: { ...activities, everhookTakeNext },
    });
    await worker.runUntil(async () => {
      await client.workflow.execute(workflow, { taskQueue, workflowId, args: [argument] });
    });
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    const file = new URL(`${name}.json`, import.meta.url);
    await writeFile(file, `${historyToJson(history)}\n`);
    process.stdout.write(`${name}: ${history.events?.length ?? 0} events\n`);
  }
} finally {
  await temporal.teardown();
}
