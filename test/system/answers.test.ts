import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { readRoleConfig } from '../../src/app.ts';
import { readSigningProof, type Config } from '../../src/config.ts';
import type { Sources } from '../../src/define.ts';
import { sampleRequest, webhookPath } from '../../src/dev/signed-request.ts';
import gateway from '../../src/gateway.ts';
import { journalSchema } from '../../src/journal/schema.ts';
import { createLogger } from '../../src/log.ts';
import { migrateSchema } from '../../src/postgres/migrate.ts';
import { startApi, type ApiServer } from '../../src/server.ts';
import { createDatabase } from '../support/postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { post, unusedPort } from './support.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const sources: Sources = gateway.sources;

// The shipped gateway with all its sources, the journal there and Temporal away.
const cleanUps: (() => Promise<void> | void)[] = [];
let config: Config;
let api: ApiServer;
beforeAll(async () => {
  const { home, remove } = await temporaryHome();
  const database = await createDatabase(inject('postgresUrl'));
  cleanUps.push(remove, () => database.drop());
  await migrateSchema(database.url, journalSchema);
  const environment = {
    DATABASE_URL: database.url,
    EVERHOOK_HOME: home,
    TEMPORAL_ADDRESS: `127.0.0.1:${await unusedPort()}`,
    PORT: '0',
    EVERHOOK_ADMIN_PORT: '0',
  };
  config = await readRoleConfig(gateway, { environment, development: true });
  api = await startApi(gateway, config, createLogger({ level: 'silent', terminal: false }));
  cleanUps.push(() => api.stop());
});
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

describe.each(Object.entries(sources))('%s', (name, { provider }) => {
  const types = Object.keys(provider.samples);

  test('has samples', () => {
    expect(types).not.toEqual([]);
  });

  test.each(types)('%s is acknowledged in time while Temporal is away, and so is its retry', async (type) => {
    const proof = readSigningProof(name, provider, config.setting);
    const url = api.url + webhookPath(name, provider, proof);
    const signed = sampleRequest({ provider, proof, type, url });
    const first = await post(url, signed());
    const again = await post(url, signed());
    for (const { status, ms, body } of [first, again]) {
      expect({ status, body }).toEqual({ status: expect.toBeOneOf([200, 202, 204]) as number, body });
      expect(ms).toBeLessThan(provider.answerWithinMs ?? 3000);
    }
    // A provider with an answer of its own gets the same again; others are told that it is a duplicate.
    if (!first.body.startsWith('{"received"')) expect(again.body).toBe(first.body);
    else expect(again.body).toMatch(/"duplicates?":/);
  });
});
