// Records what test/workflows/replay.test.ts replays: `npx tsx test/histories/record.ts [name …]`, all
// without a name. A released version's histories stay, because its runs may still be open: a change gets
// `patched`, and new histories beside the old ones.
import { writeFile } from 'node:fs/promises';

import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { historyToJson } from '../support/history.ts';
import { createTimeSkipping, quieten, workflowsPath } from '../support/temporal.ts';
import { cases } from './cases.ts';

const wanted = process.argv.slice(2);
quieten();
const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
const temporal = await createTimeSkipping();
const { client, nativeConnection } = temporal;
try {
  for (const { name, workflow, source, type, payload, activities } of cases) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const options = { taskQueue: `record-${name}`, workflowId: `${source}:evt_1-${name}` };
    const event = { id: `evt_1-${name}`, source, type, receivedAt: '2026-01-02T03:04:05.678Z', payload };
    const worker = await Worker.create({ connection: nativeConnection, workflowBundle, activities, ...options });
    await worker.runUntil(async () => {
      await client.workflow.execute(workflow, { ...options, args: [event] });
    });
    const history = await client.workflow.getHandle(options.workflowId).fetchHistory();
    const file = new URL(`${name}.json`, import.meta.url);
    await writeFile(file, `${historyToJson(history)}\n`);
    process.stdout.write(`${name}: ${history.events?.length ?? 0} events\n`);
  }
} finally {
  await temporal.teardown();
}
