// How long an acknowledgement takes, side by side: `npm run bench:ack [-- --short]`. Docs: docs/benchmarks.md.
import { readFile } from 'node:fs/promises';
import { load, percentile } from './load.ts';
import { createSurroundings, requests, type Server } from './surroundings.ts';

const short = process.argv.includes('--short');
const [rounds, perRound, singles, warmUp] = short ? [3, 3000, 300, 9000] : [7, 6000, 1000, 30_000];
const memoryAt = short ? [4000, 20_000] : [20_000, 100_000];
const print = (line = '') => process.stdout.write(`${line}\n`);

const bench = await createSurroundings();
try {
  const { serve, postgres } = bench;
  const pause = (on: boolean) =>
    postgres.query(
      on
        ? `insert into everhook.pauses (source, by) values ('stripe', 'bench') on conflict do nothing`
        : 'delete from everhook.pauses',
    );
  await pause(true);

  const verify = await serve('(a) Express that verifies', ['bench/servers.ts', 'verify']);
  const journal = await serve('(b) Everhook, journal', ['bench/everhook.ts']);
  const awaits = await serve('(c) Express awaiting the start', ['bench/servers.ts', 'await']);

  // Node makes its code fast while it runs: what is measured is a server that has been running for a while.
  for (const server of [verify, journal]) await load(server.port, requests(warmUp), { connections: 32 });
  await load(awaits.port, requests(warmUp / 30), { connections: 32 });
  await compare('dispatch paused', [verify, journal, awaits], { rounds, perRound, singles });
  // A process of its own: one that has not taken anything yet.
  await memory(await serve('(b) for its memory', ['bench/everhook.ts']), memoryAt);
  await pause(false);
  await compare('dispatch on', [verify, journal, awaits], {
    rounds: Math.ceil(rounds / 2),
    perRound: perRound / 4,
    singles,
  });
} finally {
  await bench.stop();
}

interface Figures {
  readonly perSecond: number[];
  readonly p50: number[];
  readonly p99: number[];
  readonly cpu: number[];
}

async function compare(
  title: string,
  servers: readonly Server[],
  { rounds: count, perRound: size, singles: alone }: { rounds: number; perRound: number; singles: number },
): Promise<void> {
  for (const connections of [1, 32]) {
    const figures = new Map<Server, Figures>(
      servers.map((server) => [server, { perSecond: [], p50: [], p99: [], cpu: [] }]),
    );
    for (let round = 0; round <= count; round++) {
      for (const server of servers) {
        // The slow one gets less to do, or the bench would be about it.
        const slow = server.name.startsWith('(c)') ? 10 : 1;
        const batch = requests(Math.ceil((connections === 1 ? alone : size) / slow));
        const before = await cpuSeconds(server);
        const { seconds, latencies, statuses } = await load(server.port, batch, { connections });
        const spent = (await cpuSeconds(server)) - before;
        if (statuses['200'] !== batch.length) throw new Error(`${server.name}: ${JSON.stringify(statuses)}`);
        // The first round warms up.
        if (round === 0) continue;
        const own = figures.get(server)!;
        own.perSecond.push(batch.length / seconds);
        own.p50.push(percentile(latencies, 0.5) * 1000);
        own.p99.push(percentile(latencies, 0.99) * 1000);
        own.cpu.push((spent / batch.length) * 1e6);
      }
    }
    print(
      `\n${title}, ${connections} connection${connections === 1 ? '' : 's'}, medians of ${count} interleaved rounds`,
    );
    print('                                acks/s   of (a)   p50 ms   p99 ms   CPU µs per delivery');
    const base = figures.get(servers[0]!)!;
    for (const server of servers) {
      const { perSecond, p50, p99, cpu } = figures.get(server)!;
      const ratio = median(perSecond.map((value, index) => value / base.perSecond[index]!));
      print(
        `${server.name.padEnd(31)} ${median(perSecond).toFixed(0).padStart(6)} ${ratio.toFixed(2).padStart(8)} ` +
          `${median(p50).toFixed(2).padStart(8)} ${median(p99).toFixed(2).padStart(8)} ${median(cpu).toFixed(0).padStart(8)}`,
      );
    }
  }
}

async function memory(server: Server, [first, last]: readonly number[]): Promise<void> {
  const sizes: number[] = [];
  let sent = 0;
  for (const until of [first!, last!]) {
    while (sent < until) {
      const batch = requests(Math.min(4000, until - sent));
      await load(server.port, batch, { connections: 32 });
      sent += batch.length;
    }
    sizes.push(await residentBytes(server));
  }
  const [before, after] = sizes as [number, number];
  print(
    `\nresident memory of (b): ${mib(before)} MiB after ${first} deliveries, ${mib(after)} MiB after ${last} (${(after / before).toFixed(2)})`,
  );
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: 100 ticks a second
async function cpuSeconds({ process: { pid } }: Server): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function residentBytes({ process: { pid } }: Server): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) * 1024;
}
