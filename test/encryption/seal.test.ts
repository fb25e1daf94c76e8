import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noKeys, parseKey, type Keys } from '../../src/encryption/keys.ts';
import { keyIdOf, open, openText, seal, SealError, sealText } from '../../src/encryption/seal.ts';
import { key } from './support.ts';

const keys: Keys = { current: key('2026-01'), previous: undefined };
const context = 'test';
const secret = Buffer.from('the card ends in 4242');

function failureOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SealError);
    return (error as SealError).failure;
  }
  return 'none';
}

test('any bytes come back as they were, and differ each time they are sealed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const sealed = seal(bytes, { keys, context });
      expect(open(sealed, { keys, context }).equals(bytes)).toBe(true);
      expect(sealed.equals(seal(bytes, { keys, context }))).toBe(false);
    }),
  );
});

test('an envelope shows the id of its key and nothing of what is in it', () => {
  const sealed = seal(secret, { keys, context });
  expect(keyIdOf(sealed)).toBe('2026-01');
  expect(sealed.includes('4242')).toBe(false);
  expect(sealed.length).toBe(2 + '2026-01'.length + 12 + secret.length + 16);
});

test('a change of any byte is refused', () => {
  const sealed = seal(secret, { keys, context });
  for (let index = 0; index < sealed.length; index++) {
    for (const change of [1, 0x80, 0xff]) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= change;
      expect(
        failureOf(() => open(changed, { keys, context })),
        `byte ${index}`,
      ).toMatch(/^(tampered|malformed|key_unknown)$/);
    }
  }
});

test('an envelope cut anywhere, or with something behind it, is refused', () => {
  const sealed = seal(secret, { keys, context });
  for (let length = 0; length < sealed.length; length++) {
    expect(failureOf(() => open(sealed.subarray(0, length), { keys, context }))).not.toBe('none');
  }
  expect(failureOf(() => open(Buffer.concat([sealed, Buffer.alloc(1)]), { keys, context }))).toBe('tampered');
});

test('what was sealed for one context does not open in another', () => {
  const sealed = seal(secret, { keys, context: 'credential:slack' });
  for (const other of ['credential:slac', 'credential:slack ', '', 'temporal-payload']) {
    expect(failureOf(() => open(sealed, { keys, context: other }))).toBe('tampered');
  }
});

describe('keys', () => {
  const [old, next] = [key('old'), key('next')];
  const before: Keys = { current: old, previous: next };
  const after: Keys = { current: next, previous: old };

  test('are exchanged while both are live: each side opens what the other sealed', () => {
    expect(keyIdOf(seal(secret, { keys: before, context }))).toBe('old');
    expect(keyIdOf(seal(secret, { keys: after, context }))).toBe('next');
    expect(open(seal(secret, { keys: before, context }), { keys: after, context })).toEqual(secret);
    expect(open(seal(secret, { keys: after, context }), { keys: before, context })).toEqual(secret);
  });

  test('that are gone are named', () => {
    const sealed = seal(secret, { keys: before, context });
    const gone: Keys = { current: next, previous: undefined };
    expect(() => open(sealed, { keys: gone, context })).toThrow(
      expect.objectContaining({ failure: 'key_unknown', keyId: 'old' }),
    );
    expect(() => open(sealed, { keys: noKeys, context })).toThrow(/the key old, which is not set/);
  });

  test('of the same id and other bytes do not open it', () => {
    const sealed = seal(secret, { keys: before, context });
    expect(failureOf(() => open(sealed, { keys: { current: key('old'), previous: next }, context }))).toBe(
      'tampered',
    );
  });

  test('that only read seal nothing', () => {
    expect(failureOf(() => seal(secret, { keys: { current: undefined, previous: old }, context }))).toBe(
      'key_missing',
    );
  });
});

describe('text', () => {
  test('comes back, and is printable while it is sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = sealText(text, { keys, context });
        expect(sealed).toMatch(/^everhook-sealed:[\w-]+$/);
        expect(openText(sealed, { keys, context })).toBe(text);
      }),
    );
  });

  test('is refused with any character changed, cut or added', () => {
    const sealed = sealText('token', { keys, context });
    for (let index = 0; index < sealed.length; index++) {
      for (const other of ['A', 'B', '=', '.']) {
        if (sealed[index] === other) continue;
        const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
        expect(
          failureOf(() => openText(changed, { keys, context })),
          `of ${changed}`,
        ).not.toBe('none');
      }
      expect(failureOf(() => openText(sealed.slice(0, index), { keys, context }))).not.toBe('none');
    }
    for (const changed of [`${sealed}=`, `${sealed} `, ` ${sealed}`, sealed.slice(16)]) {
      expect(
        failureOf(() => openText(changed, { keys, context })),
        `changed to ${changed}`,
      ).toBe('malformed');
    }
  });
});

test('an envelope that another implementation made by the documented format is opened', () => {
  // Python's cryptography: AESGCM(bytes([7] * 32)).encrypt(bytes([9] * 12), b"hello", header + b"temporal-payload")
  const envelope = Buffer.from(
    '010566697865640909090909090909090909094fe0e8f8d1e2e1ab584ab50b48e98c8ee55e5da061',
    'hex',
  );
  const fixed = parseKey(`fixed:${Buffer.alloc(32, 7).toString('base64')}`)!;
  const given = { keys: { current: undefined, previous: fixed }, context: 'temporal-payload' };
  expect(open(envelope, given).toString()).toBe('hello');
});
