import { inspect } from 'node:util';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { noKeys, readKeys } from '../../src/encryption/keys.ts';
import { ConfigError } from '../../src/errors.ts';
import { readSetting, type Environment } from '../../src/settings.ts';
import { keyText } from './support.ts';

const current = 'EVERHOOK_ENCRYPTION_KEY';
const previous = 'EVERHOOK_ENCRYPTION_KEY_PREVIOUS';
const keys = (environment: Environment) => readKeys((name) => readSetting(environment, name));

test('without settings there are no keys', () => {
  expect(keys({})).toEqual(noKeys);
});

test('two live keys are read, from the environment and from files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'everhook-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'key');
  writeFileSync(file, `${keyText('2026-02')}\n`);
  const read = keys({ [current]: keyText('2026-01'), [`${previous}_FILE`]: file });
  expect([read.current?.id, read.previous?.id]).toEqual(['2026-01', '2026-02']);
  expect(read.current?.secret.symmetricKeySize).toBe(32);
});

test('the previous one alone reads, and seals nothing', () => {
  const read = keys({ [previous]: keyText('to-come') });
  expect(read.current).toBeUndefined();
  expect(read.previous?.id).toBe('to-come');
});

test('one key under one id may be set as both', () => {
  const text = keyText('same');
  expect(keys({ [current]: text, [previous]: text }).previous?.id).toBe('same');
});

test('two keys under one id stop the start', () => {
  const both = { [current]: keyText('same'), [previous]: keyText('same') };
  expect(() => keys(both)).toThrow(ConfigError);
  expect(() => keys(both)).toThrow(/different keys with the same id same/);
});

const bytes = Buffer.alloc(32, 7).toString('base64');
describe.each([current, previous])('%s', (name) => {
  test.each([
    ['no id', bytes],
    ['an empty id', `:${bytes}`],
    ['an id of 65 characters', `${'k'.repeat(65)}:${bytes}`],
    ['an id with a blank', `my key:${bytes}`],
    ['an id with a colon', `my:key:${bytes}`],
    ['31 bytes', `k:${Buffer.alloc(31, 7).toString('base64')}`],
    ['33 bytes', `k:${Buffer.alloc(33, 7).toString('base64')}`],
    ['hex', `k:${Buffer.alloc(32, 7).toString('hex')}`],
    ['no padding', `k:${bytes.slice(0, -1)}`],
    ['unused bits', `k:${bytes.slice(0, -2)}d=`],
    ['a line after it', `k:${bytes}\nk:${bytes}`],
  ])('with %s stops the start, and is not shown', (_what, text) => {
    const problem = (): string => {
      try {
        keys({ [name]: text });
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        return (error as Error).message;
      }
      return 'taken';
    };
    expect(problem()).toBe(
      `${name} must be <key id>:<base64 of 32 bytes>, the id of letters, digits, . _ and -, 64 at most`,
    );
  });
});

test('the configuration holds keys that no log line shows', () => {
  const text = keyText('2026-01');
  const gateway = { sources: {}, routes: {}, workflowsPath: './workflows', activities: {} };
  const { encryption } = readConfig(gateway, { environment: { [current]: text } });
  expect(encryption.current?.id).toBe('2026-01');
  const [, secret = ''] = text.split(':');
  const hex = Buffer.from(secret, 'base64').toString('hex');
  for (const shown of [JSON.stringify(encryption), inspect(encryption, { depth: 9, showHidden: true })]) {
    expect(shown).toContain('2026-01');
    expect(shown).not.toContain(secret);
    expect(shown.replaceAll(/[^0-9a-f]/g, '')).not.toContain(hex);
  }
});
