import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { noKeys, type Keys } from '../../src/encryption/keys.ts';
import { seal } from '../../src/encryption/seal.ts';
import { encryptionCodec } from '../../src/temporal/codec.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { key } from '../encryption/support.ts';

const keys: Keys = { current: key('2026-01'), previous: undefined };
const codec = encryptionCodec(keys);
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const value = ({ metadata, data }: Payload): unknown =>
  defaultPayloadConverter.fromPayload({ ...(metadata && { metadata }), ...(data && { data }) });
const text = (bytes?: Uint8Array | null) => Buffer.from(bytes ?? []).toString('latin1');

test('values come back as they were', async () => {
  const values = [{ card: '4242' }, [], 'text', 0, null, undefined, new Uint8Array([1, 2, 255])];
  const decoded = await codec.decode(await codec.encode(values.map(payload)));
  expect(decoded.map(value)).toEqual(values);
});

test('an encrypted payload says that it is, and by which key, and no more', async () => {
  const clear = {
    ...payload({ card: '4242' }),
    metadata: { encoding: Buffer.from('json/plain'), kind: Buffer.from('card') },
  };
  const [sealed] = await codec.encode([clear]);
  const metadata = Object.entries(sealed?.metadata ?? {}).map(([name, bytes]) => [name, text(bytes)]);
  expect(Object.fromEntries(metadata)).toEqual({
    encoding: 'binary/encrypted',
    'encryption-key-id': '2026-01',
  });
  expect(text(sealed?.data)).not.toMatch(/4242|card|json/);
  const [opened] = await codec.decode([sealed!]);
  expect(text(opened?.metadata?.['kind'])).toBe('card');
});

test('payloads in the clear pass unchanged, beside encrypted ones', async () => {
  const clear = payload('clear');
  const [sealed] = await codec.encode([payload('sealed')]);
  const [first, second] = await codec.decode([clear, sealed!]);
  expect(first).toBe(clear);
  expect(value(second!)).toBe('sealed');
});

test('a payload without metadata passes unchanged', async () => {
  const bare: Payload = { data: Buffer.from('x') };
  expect(await codec.decode([bare])).toEqual([bare]);
});

describe('a payload is refused', () => {
  test.each([
    ['that was changed', (data: Uint8Array) => data.map((byte, index) => (index === 30 ? byte ^ 1 : byte))],
    ['that is empty', () => new Uint8Array()],
    ['that was sealed for something else', () => seal(Buffer.from('x'), { keys, context: 'credential' })],
  ])('%s', async (_what, change) => {
    const [sealed] = await codec.encode([payload('x')]);
    const changed = { ...sealed, data: change(sealed!.data!) };
    await expect(codec.decode([changed])).rejects.toMatchObject({ name: 'SealError' });
  });

  test('whose key is not here, naming it', async () => {
    const sealed = await codec.encode([payload('x')]);
    for (const others of [noKeys, { current: key('other'), previous: undefined }]) {
      await expect(encryptionCodec(others).decode(sealed)).rejects.toThrow(
        'the key 2026-01, which is not set',
      );
    }
  });
});

test('a new key is brought in without a moment in which somebody cannot read', async () => {
  const [old, next] = [key('old'), key('next')];
  const steps: Keys[] = [
    { current: old, previous: undefined },
    { current: old, previous: next },
    { current: next, previous: old },
    { current: next, previous: undefined },
  ];
  // While one step is rolled out, processes of two neighbouring steps work side by side; the old key is
  // dropped when nothing sealed by it is kept, so not read by the last step.
  for (const [one, other] of [
    [0, 1],
    [1, 2],
    [2, 1],
    [1, 0],
    [3, 2],
  ] as const) {
    const sealed = await encryptionCodec(steps[one]!).encode([payload('x')]);
    const [opened] = await encryptionCodec(steps[other]!).decode(sealed);
    expect(value(opened!), `${one} read by ${other}`).toBe('x');
  }
});

describe('the data converter', () => {
  test('without a current key encodes nothing, and leaves failures as they are', async () => {
    const { payloadCodecs, failureConverterPath } = createDataConverter({ keys: noKeys });
    const clear = [payload('x')];
    expect(await payloadCodecs?.[0]?.encode(clear)).toBe(clear);
    expect(failureConverterPath).toBeUndefined();
  });

  test('with a key has a failure converter that the worker can load', async () => {
    const { failureConverterPath } = createDataConverter({ keys });
    const { failureConverter } = (await import(failureConverterPath!)) as {
      failureConverter: { errorToFailure(error: Error, converter: unknown): { message?: string } };
    };
    const failure = failureConverter.errorToFailure(new Error('card 4242'), defaultPayloadConverter);
    expect(failure.message).toBe('Encoded failure');
  });
});
