import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { defineGateway, source } from '../../src/define.ts';
import { developmentSecrets } from '../../src/dev/secrets.ts';
import { paypal } from '../../src/providers/index.ts';
import { temporaryHome } from '../support/temporary-home.ts';

async function secretsOf(provider = paypal()) {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const gateway = defineGateway({
    sources: { shop: source(provider) },
    routes: {},
    workflowsPath: '',
    activities: {},
  });
  return (settings: Record<string, string> = {}) =>
    developmentSecrets(gateway, { home, sources: ['shop'], setting: (name) => settings[name] });
}

test('a key pair is made once, and found again with its certificate', async () => {
  const provider = paypal();
  const develop = vi.spyOn(provider, 'develop');
  const secrets = await secretsOf(provider);
  const first = await secrets();
  expect(Object.keys(first.values).toSorted()).toEqual([
    'SHOP_CERTIFICATE',
    'SHOP_ENVIRONMENT',
    'SHOP_PRIVATE_KEY',
    'SHOP_TRUSTED_ROOTS',
    'SHOP_WEBHOOK_ID',
  ]);
  expect((await secrets()).values).toEqual(first.values);
  expect(develop).toHaveBeenCalledTimes(1);
  expect(JSON.parse(await readFile(join(first.path), 'utf8'))).toEqual(first.values);
});

test('nothing is made up beside a proof that is set', async () => {
  const secrets = await secretsOf();
  await secrets();
  expect((await secrets({ SHOP_WEBHOOK_ID: 'MINE' })).values).toEqual({});
});
