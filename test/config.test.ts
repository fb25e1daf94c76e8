import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { developmentCertificate, proofNames, readConfig, readProof } from '../src/config.ts';
import { source, type Gateway } from '../src/define.ts';
import { ConfigError } from '../src/errors.ts';
import { hmac, stripe } from '../src/providers/index.ts';
import { readSetting, type Environment } from '../src/settings.ts';

const gateway: Gateway = {
  sources: { stripe: source(stripe()), 'own-shop': source(hmac()) },
  routes: {},
  workflowsPath: './workflows',
  activities: {},
};
const config = (environment: Environment, of: Gateway = gateway) => readConfig(of, { environment });

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'everhook-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'secret'), text);
  return join(folder, 'secret');
}

test('an empty environment is production on loopback, with every source on', () => {
  expect(config({})).toMatchObject({
    development: false,
    host: '127.0.0.1',
    port: 3000,
    adminHost: '127.0.0.1',
    adminPort: 3001,
    publicUrl: undefined,
    trustProxy: false,
    refusalLimit: { limit: 100, windowSeconds: 60 },
    sources: ['stripe', 'own-shop'],
    requestTimeoutSeconds: 10,
    bytesInFlight: 268_435_456,
    quarantine: { rows: 10_000, bytes: 67_108_864 },
    temporal: { namespace: 'default' },
  });
});

test.each([
  [{ PORT: 'http' }, /PORT must be a whole number from 0 to 65535, not http/],
  [{ PORT: '65536' }, /PORT/],
  [{ PORT: ' ' }, /PORT is blank/],
  [{ EVERHOOK_ADMIN_PORT: '-1' }, /EVERHOOK_ADMIN_PORT/],
  [{ EVERHOOK_MODE: 'both' }, /EVERHOOK_MODE must be journal or direct, not both/],
  [{ EVERHOOK_SOURCES: 'stripe,strpie' }, /EVERHOOK_SOURCES names strpie; the gateway has stripe, own-shop/],
  [{ EVERHOOK_SOURCES: 'stripe,' }, /names nothing/],
  [{ EVERHOOK_SOURCES: 'constructor' }, /names constructor/],
  [{ EVERHOOK_PUBLIC_URL: 'hooks.example.com' }, /EVERHOOK_PUBLIC_URL/],
  [{ EVERHOOK_PUBLIC_URL: 'https://a.example/?x=1' }, /without query/],
  [{ EVERHOOK_TRUST_PROXY: 'true' }, /name the proxies/],
  [{ EVERHOOK_TRUST_PROXY: 'banana' }, /EVERHOOK_TRUST_PROXY takes .*; invalid IP address: banana/],
  [{ EVERHOOK_TRUST_PROXY: 'loopback, banana' }, /EVERHOOK_TRUST_PROXY .*banana/],
  [{ EVERHOOK_TRUST_PROXY: '10.0.0.0/33' }, /EVERHOOK_TRUST_PROXY/],
  [{ EVERHOOK_TRUST_PROXY: '0.0.0.0/0' }, /EVERHOOK_TRUST_PROXY/],
  [{ EVERHOOK_TRUST_PROXY: '::/0' }, /EVERHOOK_TRUST_PROXY/],
  [{ EVERHOOK_TRUST_PROXY: '100' }, /EVERHOOK_TRUST_PROXY takes .* 0 to 99 hops; not 100/],
  [{ EVERHOOK_TRUST_PROXY: '-1' }, /EVERHOOK_TRUST_PROXY/],
  [{ EVERHOOK_TRUST_PROXY: 'loopback,1' }, /EVERHOOK_TRUST_PROXY .*not loopback,1/],
  [{ EVERHOOK_REFUSAL_LIMIT: '100' }, /EVERHOOK_REFUSAL_LIMIT must be <count>\/<seconds> .* not 100/],
  [{ EVERHOOK_REFUSAL_LIMIT: '0/60' }, /EVERHOOK_REFUSAL_LIMIT/],
  [{ EVERHOOK_REFUSAL_LIMIT: '100/0' }, /EVERHOOK_REFUSAL_LIMIT/],
  [{ EVERHOOK_REFUSAL_LIMIT: '100/86401' }, /EVERHOOK_REFUSAL_LIMIT/],
  [{ EVERHOOK_REFUSAL_LIMIT: '1000001/60' }, /EVERHOOK_REFUSAL_LIMIT/],
  [{ EVERHOOK_REFUSAL_LIMIT: '1.5/60' }, /EVERHOOK_REFUSAL_LIMIT/],
  [{ EVERHOOK_REFUSAL_LIMIT: '100/60/60' }, /EVERHOOK_REFUSAL_LIMIT/],
  [{ EVERHOOK_REFUSAL_LIMIT: 'none' }, /EVERHOOK_REFUSAL_LIMIT .* or off, not none/],
  [{ EVERHOOK_LOG_LEVEL: 'loud' }, /EVERHOOK_LOG_LEVEL/],
  [{ EVERHOOK_REQUEST_TIMEOUT_SECONDS: '0' }, /from 1 to 300/],
  [{ EVERHOOK_BYTES_IN_FLIGHT: '10' }, /EVERHOOK_BYTES_IN_FLIGHT/],
  [{ EVERHOOK_QUARANTINE_ROWS: '1000001' }, /EVERHOOK_QUARANTINE_ROWS/],
  [{ EVERHOOK_QUARANTINE_BYTES: '64MiB' }, /EVERHOOK_QUARANTINE_BYTES/],
] as const)('%j stops the start', (environment, message) => {
  expect(() => config(environment)).toThrow(message);
  expect(() => config(environment)).toThrow(ConfigError);
});

test.each(['Stripe', '1stripe', 'a_b', 'everhook', 'temporal', 'ü'])('no source may be called %s', (name) => {
  expect(() => config({}, { ...gateway, sources: { [name]: source(stripe()) } })).toThrow(ConfigError);
});

test.each([
  ['0', false],
  ['2', 2],
  ['loopback', 'loopback'],
  ['loopback, 10.0.0.0/8,fd00::/8, 192.0.2.1', 'loopback, 10.0.0.0/8,fd00::/8, 192.0.2.1'],
])('the proxies may be %s', (value, trustProxy) => {
  expect(config({ EVERHOOK_TRUST_PROXY: value }).trustProxy).toBe(trustProxy);
});

test('the refusal limit is a count in seconds, or off', () => {
  expect(config({ EVERHOOK_REFUSAL_LIMIT: '5/3600' }).refusalLimit).toEqual({
    limit: 5,
    windowSeconds: 3600,
  });
  expect(config({ EVERHOOK_REFUSAL_LIMIT: 'off' }).refusalLimit).toBeUndefined();
});

test('takes the address, namespace and key of Temporal as its own tools do', () => {
  const { temporal } = config({
    TEMPORAL_ADDRESS: 'temporal.example:7233',
    TEMPORAL_NAMESPACE: 'hooks',
    TEMPORAL_API_KEY: 'key',
  });
  expect(temporal.namespace).toBe('hooks');
  expect(temporal.connectionOptions).toMatchObject({ address: 'temporal.example:7233', apiKey: 'key' });
  expect(temporal.connectionOptions.tls).toBeTruthy();
});

test("takes those of Temporal from files too, and minds a blank one and Temporal's own file", () => {
  const { temporal } = config({
    TEMPORAL_ADDRESS: 'temporal.example:7233',
    TEMPORAL_API_KEY_FILE: fileWith('key\n'),
  });
  expect(temporal.connectionOptions).toMatchObject({ apiKey: 'key' });
  expect(() => config({ TEMPORAL_NAMESPACE: ' ' })).toThrow('TEMPORAL_NAMESPACE is blank');
  expect(() => config({ TEMPORAL_NAMESPACE: 'a', TEMPORAL_NAMESPACE_FILE: 'b' })).toThrow('are both set');
  const profile = fileWith('[profile.default]\naddress = "profile.example:7233"\n');
  expect(config({ TEMPORAL_CONFIG_FILE: profile }).temporal.connectionOptions).toMatchObject({
    address: 'profile.example:7233',
  });
});

describe('a setting', () => {
  test('may be in a file, whose one final newline is dropped', () => {
    expect(readSetting({ A_FILE: fileWith('secret\n') }, 'A')).toBe('secret');
    expect(readSetting({ A_FILE: fileWith('secret\r\n') }, 'A')).toBe('secret');
    expect(readSetting({ A_FILE: fileWith('secret\n\n') }, 'A')).toBe('secret\n');
    expect(readSetting({ A_FILE: fileWith(' secret ') }, 'A')).toBe(' secret ');
  });

  test('is undefined when unset', () => {
    expect(readSetting({}, 'A')).toBeUndefined();
  });

  test.each([
    [{ A: '' }, /A is blank/],
    [{ A: ' \t' }, /A is blank/],
    [{ A: 'x', A_FILE: '/y' }, /A and A_FILE are both set/],
    [{ A_FILE: '/nonexistent/file' }, /A_FILE: cannot read \/nonexistent\/file/],
  ] as const)('%j stops the start', (environment, message) => {
    expect(() => readSetting(environment, 'A')).toThrow(message);
  });

  test('a blank file stops the start, naming the variable', () => {
    expect(() => readSetting({ A_FILE: fileWith('\n') }, 'A')).toThrow(/A_FILE is blank/);
  });
});

describe('a proof', () => {
  const timed = hmac({ signed: '{timestamp}.{body}', timestampHeader: 'x-time' });
  const proof = (environment: Environment) =>
    readProof('own-shop', timed, (name) => readSetting(environment, name));

  test('is read from the names that its provider lists, after the source in upper snake case', () => {
    expect(
      proof({
        OWN_SHOP_WEBHOOK_SECRET: 'new',
        OWN_SHOP_WEBHOOK_SECRET_PREVIOUS: 'old',
        OWN_SHOP_WEBHOOK_TOLERANCE_SECONDS: '60',
        WEBHOOK_SECRET: 'not ours',
      }),
    ).toEqual({ secrets: ['new', 'old'], toleranceSeconds: 60 });
    const secretNames = [
      'WEBHOOK_SECRET',
      'WEBHOOK_SECRET_PREVIOUS',
      'WEBHOOK_PATH_TOKEN',
      'WEBHOOK_PATH_TOKEN_PREVIOUS',
    ];
    expect(proofNames(timed.proof)).toEqual([...secretNames, 'WEBHOOK_TOLERANCE_SECONDS']);
    // Where no time is signed there is none to tolerate.
    expect(proofNames(hmac().proof)).toEqual(secretNames);
  });

  test('that is missing names the source and the variable', () => {
    expect(() => proof({})).toThrow(
      'the source own-shop has no valid proof: OWN_SHOP_WEBHOOK_SECRET is not set',
    );
  });

  test.each(['0', '-1', '1.5', 'abc', '99999999'])('with a tolerance of %s is refused', (seconds) => {
    expect(() =>
      proof({ OWN_SHOP_WEBHOOK_SECRET: 'x', OWN_SHOP_WEBHOOK_TOLERANCE_SECONDS: seconds }),
    ).toThrow(/OWN_SHOP_WEBHOOK_TOLERANCE_SECONDS/);
  });

  test('never shows its value in a message', () => {
    expect(() =>
      proof({ OWN_SHOP_WEBHOOK_SECRET: 'hush', OWN_SHOP_WEBHOOK_TOLERANCE_SECONDS: 'hush' }),
    ).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hush') }));
  });
});

describe("development's certificate", () => {
  const setting = (name: string) => (name === 'PAYPAL_CERTIFICATE' ? 'PEM' : undefined);

  test('is served to the source that it was made for, whatever URL is asked', async () => {
    const lookUp = developmentCertificate('paypal', { development: true, setting });
    expect(await lookUp?.(new URL('https://api.sandbox.paypal.com/v1/notifications/certs/x'))).toBe('PEM');
    expect(developmentCertificate('shop', { development: true, setting })).toBeUndefined();
  });

  test('is not even read in production', () => {
    const asked = vi.fn<typeof setting>(setting);
    expect(developmentCertificate('paypal', { development: false, setting: asked })).toBeUndefined();
    expect(asked).not.toHaveBeenCalled();
  });
});
