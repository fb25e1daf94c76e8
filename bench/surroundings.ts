// What every bench stands on: PostgreSQL and Temporal of its own, and servers as processes.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client as Postgres } from 'pg';
import { Stripe } from 'stripe';
import { temporalCli } from '../src/dev/binaries.ts';
import { findBinary } from '../src/dev/find-binary.ts';
import { startPostgres } from '../src/dev/postgres.ts';
import { startTemporalServer, type TemporalServer } from '../src/dev/temporal-server.ts';
import { journalSchema } from '../src/journal/schema.ts';
import { migrateSchema } from '../src/postgres/migrate.ts';
import { stripeSamples } from '../src/providers/stripe-samples.ts';

const secret = 'whsec_bench';

/** A server under load. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
}

export interface Surroundings {
  readonly postgres: Postgres;
  readonly temporalAddress: string;
  /** Starts a process that prints its port. */
  serve(name: string, args: readonly string[]): Promise<Server>;
  stopTemporal(): Promise<void>;
  /** The same server again, with all that it knew. */
  startTemporal(): Promise<void>;
  stop(): Promise<void>;
}

export async function createSurroundings(): Promise<Surroundings> {
  const home = await mkdtemp(join(tmpdir(), 'everhook-bench-'));
  await chmod(home, 0o755);
  const stops: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true })];
  const stop = async () => {
    for (const stopOne of stops.toReversed()) await stopOne();
  };
  const look = { env: process.env, log: () => undefined };
  try {
    const database = await startPostgres({ home, ...look, port: 26_432 });
    stops.push(() => database.stop());
    const cli = await findBinary(temporalCli, look);
    const ports = { server: 26_233, ui: 26_333 };
    const start = (): Promise<TemporalServer> => startTemporalServer({ cli, home, ...look, ports });
    let temporal = await start();
    stops.push(() => temporal.stop());
    await migrateSchema(database.url, journalSchema);
    const postgres = new Postgres({ connectionString: database.url });
    await postgres.connect();
    stops.push(() => postgres.end());
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TEMPORAL_ADDRESS: temporal.address,
      STRIPE_WEBHOOK_SECRET: secret,
      DATABASE_URL: database.url,
      EVERHOOK_HOME: home,
      EVERHOOK_SOURCES: 'stripe',
      EVERHOOK_TRUST_PROXY: 'loopback',
      EVERHOOK_LOG_LEVEL: 'error',
      PORT: '0',
      EVERHOOK_ADMIN_PORT: '0',
    };
    return {
      postgres,
      temporalAddress: temporal.address,
      async serve(name, args) {
        const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
          env,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const exited = new Promise((resolve) => child.once('exit', resolve));
        stops.push(async () => {
          child.kill('SIGTERM');
          await exited;
        });
        for await (const line of createInterface({ input: child.stdout })) {
          const { port } = JSON.parse(line) as { port?: number };
          if (port !== undefined) return { name, port, process: child };
        }
        throw new Error(`${name} did not start`);
      },
      stopTemporal: () => temporal.stop(),
      async startTemporal() {
        temporal = await start();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The same kind of bodies for all, never the same event twice. */
export function requests(count: number): Buffer[] {
  const stripe = new Stripe('sk_test_bench');
  return Array.from({ length: count }, () => {
    const sample = stripeSamples['payment_intent.succeeded']();
    const payload = JSON.stringify({ ...sample, id: `evt_${randomBytes(12).toString('hex')}` }, null, 2);
    const padded = payload.replace(/\}$/, `,"padding":"${'x'.repeat(Math.max(0, 2030 - payload.length))}"}`);
    const signature = stripe.webhooks.generateTestHeaderString({ payload: padded, secret });
    const head = [
      'POST /webhooks/stripe HTTP/1.1',
      'host: 127.0.0.1',
      'content-type: application/json; charset=utf-8',
      'x-forwarded-proto: https',
      `stripe-signature: ${signature}`,
      `content-length: ${Buffer.byteLength(padded)}`,
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${padded}`);
  });
}
