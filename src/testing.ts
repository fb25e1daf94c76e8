import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { requireDatabase } from './acceptance.ts';
import { migrateStores, readRoleConfig } from './app.ts';
import { keyedKinds } from './check.ts';
import { developmentCertificate, processEnvironment, readSigningProof, settled } from './config.ts';
import type { Gateway } from './define.ts';
import { temporalCli } from './dev/binaries.ts';
import { embeddedTemporal } from './dev/embedded-temporal.ts';
import { findBinary } from './dev/find-binary.ts';
import { startPostgres } from './dev/postgres.ts';
import { expectedRun } from './dev/expected-run.ts';
import { sampleRequest, webhookPath, type SignedRequest } from './dev/signed-request.ts';
import { startTemporalServer } from './dev/temporal-server.ts';
import { ConfigError } from './errors.ts';
import { openBlobs } from './journal/blobs.ts';
import { createLogger } from './log.ts';
import { startApi } from './server.ts';
import { readSetting, type Environment } from './settings.ts';
import { connectTemporal } from './temporal/connection.ts';
import { createDataConverter } from './temporal/data-converter.ts';
import { resultOf } from './temporal/result-of.ts';
import { startWorker } from './worker.ts';

export interface TestGatewayOptions {
  /** A Temporal that runs already, `127.0.0.1:7233`; default a development server for this test alone. */
  readonly temporalAddress?: string;
  /** Settings for sources and activities, over the process's environment. */
  readonly environment?: Environment;
}

/** What to send: a sample of the provider's, or bytes of your own. */
export interface SendOptions {
  /** The body; default the provider's sample of that type. */
  readonly data?: string | Buffer;
  /** Changes to it, by dotted path: `{ 'data.object.amount': 500 }`. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** What the gateway answered, and the run that came of it. */
export interface Sent {
  readonly status: number;
  readonly body: unknown;
  /** Undefined where the event was refused, or ignored. */
  readonly workflowId: string | undefined;
  /** The run's result; rejects as the run failed. */
  result(): Promise<unknown>;
  /** Sends the same event once more, signed anew. */
  again(): Promise<Sent>;
}

/** A whole gateway under test: API and worker in this process, over real HTTP and a real Temporal. */
export interface GatewayUnderTest {
  /** Signs an event as its provider does and posts it. Throws ConfigError for a source that is not there. */
  send(source: string, type: string, options?: SendOptions): Promise<Sent>;
  readonly url: string;
  /** Reads what the gateway encrypted. */
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * Starts a gateway for a test. Proofs are made up where none are set. Call `close` in the end; allow half
 * a minute for the first start on a machine, which may have to fetch Temporal's development server.
 */
export async function testGateway(
  gateway: Gateway,
  { temporalAddress, environment = {} }: TestGatewayOptions = {},
): Promise<GatewayUnderTest> {
  const stops: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const home = await mkdtemp(join(tmpdir(), 'everhook-test-'));
    await chmod(home, 0o755);
    stops.push(() => rm(home, { recursive: true, force: true }));
    const given: Environment = { ...processEnvironment(), ...environment };
    const address = temporalAddress ?? (await startTemporal(home, given, stops));
    const database = await databaseFor(gateway, { home, given, stops });
    const config = await readRoleConfig(gateway, {
      development: true,
      environment: {
        EVERHOOK_LOG_LEVEL: 'warn',
        // Without a database the answer waits for the start, which tests of workflows do not mind.
        EVERHOOK_MODE: database === undefined ? 'direct' : 'journal',
        ...given,
        ...(await embeddedTemporal(given, { address, home })),
        ...database,
        EVERHOOK_HOME: home,
        PORT: '0',
        EVERHOOK_ADMIN_PORT: '0',
      },
    });
    const { sources } = settled(gateway, config);
    const log = createLogger({ level: config.logLevel, terminal: false });
    if (config.mode === 'journal') await migrateStores(gateway, config);
    const blobs = config.mode === 'journal' ? openBlobs(requireDatabase(config)) : undefined;
    if (blobs) stops.push(() => blobs.close());
    const client = connectTemporal(
      config.temporal,
      createDataConverter({ keys: config.encryption, externalStorage: blobs?.storage }),
    );
    stops.push(() => client.connection.close());
    const worker = await startWorker(gateway, config, log);
    stops.push(() => worker.stop());
    const api = await startApi(gateway, config, log);
    stops.push(() => api.stop());

    const send = async (source: string, type: string, { data, set }: SendOptions = {}): Promise<Sent> => {
      const provider = Object.hasOwn(sources, source) ? sources[source]!.provider : undefined;
      if (!provider) throw new ConfigError(`no source ${source}`);
      const proof = readSigningProof(source, provider, config.setting);
      const url = api.url + webhookPath(source, provider, proof);
      const signed = sampleRequest({
        provider,
        proof,
        type,
        url,
        ...(data !== undefined && { data: Buffer.from(data) }),
        ...(set !== undefined && { set }),
      });
      const post = async (): Promise<Sent> => {
        const request = signed();
        const { status, body, accepted } = await exchange(url, request);
        const run = accepted
          ? await expectedRun({ ...gateway, sources }, source, {
              url,
              proof,
              request,
              mode: config.mode,
              certificate: developmentCertificate(source, config),
            })
          : undefined;
        const workflowId = run?.plan.state === 'accepted' ? run.workflowId : undefined;
        return {
          status,
          body,
          workflowId,
          async result() {
            if (workflowId === undefined) throw new Error(`no run: ${status} ${JSON.stringify(body)}`);
            return await resultOf(client, workflowId);
          },
          again: post,
        };
      };
      return await post();
    };
    return { send, url: api.url, client, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const silent = () => undefined;

/** What names the database: nothing new where one is named; one of its own where a row needs the journal. */
async function databaseFor(
  gateway: Gateway,
  { home, given, stops }: { home: string; given: Environment; stops: (() => Promise<void>)[] },
): Promise<Environment | undefined> {
  if (readSetting(given, 'DATABASE_URL') !== undefined) return {};
  const keyed = keyedKinds(gateway, { sources: Object.keys(gateway.sources) });
  if (keyed.size === 0 || given['EVERHOOK_MODE'] === 'direct') return undefined;
  const server = await startPostgres({ home, env: given, log: silent });
  stops.push(() => server.stop());
  return { DATABASE_URL: server.url };
}

async function startTemporal(
  home: string,
  env: Environment,
  stops: (() => Promise<void>)[],
): Promise<string> {
  const server = await startTemporalServer({
    cli: await findBinary(temporalCli, { env, log: silent }),
    home,
    env,
    log: silent,
  });
  stops.push(() => server.stop());
  return server.address;
}

async function exchange(url: string, { body, headers }: SignedRequest) {
  const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: response.status,
    // An answer of 204 names a type too, where its provider wants one.
    body: json && text !== '' ? (JSON.parse(text) as unknown) : text,
    accepted: response.headers.has('everhook-event'),
  };
}
