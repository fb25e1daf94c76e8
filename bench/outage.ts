// Acknowledgements while Temporal is away: `npm run bench:outage [-- --short]`. Docs: docs/benchmarks.md.
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { load, percentile } from './load.ts';
import { createSurroundings, requests } from './surroundings.ts';

const short = process.argv.includes('--short');
const [sample, seconds] = short ? [1000, 30] : [4000, 120];
/** Of the drain rate. */
const offeredShare = 0.4;
const print = (line = '') => process.stdout.write(`${line}\n`);

const bench = await createSurroundings();
try {
  const { postgres } = bench;
  const { port } = await bench.serve('Everhook', ['bench/everhook.ts']);
  const count = async (state: string) => {
    const { rows } = await postgres.query<{ count: number }>(
      'select count(*)::int from everhook.runs where state = $1',
      [state],
    );
    return rows[0]!.count;
  };
  const drained = async (since: number) => {
    while ((await count('accepted')) > 0) await delay(100);
    return (performance.now() - since) / 1000;
  };
  const offer = async (perSecond: number, duration: number) => {
    const { latencies, statuses } = await load(port, requests(Math.round(perSecond * duration)), {
      connections: 32,
      perSecond,
    });
    return { statuses, p50: percentile(latencies, 0.5) * 1000, p99: percentile(latencies, 0.99) * 1000 };
  };

  await load(port, requests(sample), { connections: 32 });
  await drained(performance.now());
  await postgres.query(`insert into everhook.pauses (source, by) values ('stripe', 'bench')`);
  // It is known to every process within a second.
  await delay(1500);
  await load(port, requests(sample), { connections: 32 });
  const resumed = performance.now();
  await postgres.query('delete from everhook.pauses');
  const drainRate = sample / (await drained(resumed));
  const perSecond = Math.round(drainRate * offeredShare);
  print(`drain rate ${drainRate.toFixed(0)} starts/s; offered ${perSecond} deliveries/s`);

  const before = await offer(perSecond, seconds);
  await bench.stopTemporal();
  const away = await offer(perSecond, seconds);
  const left = await count('accepted');
  const back = performance.now();
  await bench.startTemporal();
  const after = await offer(perSecond, short ? 10 : 30);
  const drainSeconds = await drained(back);
  for (const [name, { statuses, p50, p99 }] of Object.entries({ before, away, after })) {
    print(
      `${name.padEnd(7)} p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, answers ${JSON.stringify(statuses)}`,
    );
  }
  print(`p99 while away, of before: ${(away.p99 / before.p99).toFixed(2)}`);
  const connection = await Connection.connect({ address: bench.temporalAddress });
  const client = new Client({ connection });
  const started = await count('started');
  // Visibility follows a little later.
  let runs = 0;
  for (let look = 0; look < 50 && runs !== started; look++) {
    ({ count: runs } = await client.workflow.count('WebhookSource = "stripe"'));
    await delay(200);
  }
  await connection.close();
  print(`${left} waited when Temporal came back; all drained ${drainSeconds.toFixed(1)} s later`);
  print(`${started} runs started in the journal, ${runs} in Temporal, ${await count('parked')} parked`);
} finally {
  await bench.stop();
}
