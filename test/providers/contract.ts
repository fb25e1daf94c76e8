import { describe, expect, test } from 'vitest';
import type { AnyProvider } from '../../src/define.ts';
import { WebhookError } from '../../src/errors.ts';
import { DeliveryHeaders, type Delivery, type ReadEvent } from '../../src/providers/provider.ts';

/** What the contract needs to know of one provider. */
export interface ContractCase {
  readonly provider: AnyProvider;
  readonly type: string;
  /** A body of that type that holds this text somewhere in a string. */
  readonly bodyWith: (text: string) => string;
  /** The header that carries the signature. */
  readonly header: string;
  /** Whether a time is signed, and which side of now is bounded. */
  readonly freshness: 'none' | 'past' | 'both';
  readonly expected: { readonly id?: string; readonly types: readonly string[]; readonly key?: string };
  /** Where the signature begins in the header's value: after `sha256=`, `…,v1=`. */
  readonly signatureAt: (value: string) => number;
  /** The event's time is in a header, which `sign` writes anew. */
  readonly timeInHeader?: true;
  /** Other headers that prove it too. */
  readonly otherProofs?: readonly string[];
  /** The header is a list, so it may come more than once. */
  readonly list?: true;
}

const now = new Date('2026-11-20T12:00:00Z');
const proofOf = (provider: AnyProvider, names: Record<string, string>): unknown =>
  provider.proof.parse(names);

/** Every provider that signs with a shared secret keeps this. */
export function providerContract(name: string, contract: ContractCase): void {
  const { provider, type, bodyWith, header } = contract;
  const proof = proofOf(provider, { WEBHOOK_SECRET: 'first secret' });
  const body = Buffer.from(bodyWith('plain'));

  const signedHeaders = (bytes: Buffer, by: unknown, at: Date) =>
    Object.entries(
      provider.sign({ method: 'POST', url: 'http://localhost', body: bytes, type, id: 'id-1' }, by, at),
    );
  const signed = (bytes: Buffer = body, by: unknown = proof, at: Date = now): Delivery => ({
    method: 'POST',
    url: '/webhooks/source',
    headers: new DeliveryHeaders(signedHeaders(bytes, by, at)),
    body: bytes,
    receivedAt: now,
  });
  const judge = async (delivery: Delivery, by: unknown = proof): Promise<string> => {
    try {
      await provider.verify(delivery, by, { now });
      return 'accepted';
    } catch (error) {
      if (error instanceof WebhookError) return error.reason;
      throw error;
    }
  };
  const withSignature = (change: (value: string) => string | readonly string[] | undefined): Delivery => {
    const delivery = signed();
    const value = delivery.headers.get(header)!;
    const proofs = [header, ...(contract.otherProofs ?? [])];
    const others = signedHeaders(body, proof, now).filter(([name]) => !proofs.includes(name));
    const changed = [change(value) ?? []].flat();
    return {
      ...delivery,
      headers: new DeliveryHeaders([...others, ...changed.map((v) => [header, v] as const)]),
    };
  };
  const flipAt = (value: string, at: number) =>
    value.slice(0, at) + (value[at] === 'a' ? 'b' : 'a') + value.slice(at + 1);
  const readOne = (delivery: Delivery): ReadEvent => {
    const reading = provider.read(delivery);
    if (!('events' in reading) || reading.events.length !== 1) throw new Error('not one event');
    return reading.events[0]!;
  };
  const readError = (bytes: Buffer): string => {
    try {
      provider.read(signed(bytes));
      return 'read';
    } catch (error) {
      if (error instanceof WebhookError) return `${error.code} ${error.reason}`;
      throw error;
    }
  };

  describe(name, () => {
    test('accepts what it signed itself', async () => {
      expect(await judge(signed())).toBe('accepted');
    });

    test('accepts either of two secrets, and no third', async () => {
      const both = proofOf(provider, { WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: 'old' });
      const by = (secret: string) => signed(body, proofOf(provider, { WEBHOOK_SECRET: secret }));
      expect(await judge(by('new'), both)).toBe('accepted');
      expect(await judge(by('old'), both)).toBe('accepted');
      expect(await judge(by('other'), both)).toBe('signature_mismatch');
    });

    test('has no proof without a secret', () => {
      expect(provider.proof.safeParse({}).success).toBe(false);
      expect(provider.proof.safeParse({ WEBHOOK_SECRET: '' }).success).toBe(false);
      expect(provider.proof.safeParse({ WEBHOOK_SECRET: 'a', WEBHOOK_SECRET_PREVIOUS: '' }).success).toBe(
        false,
      );
    });

    test('refuses a body that was changed, cut, or grew by a newline', async () => {
      const delivery = signed();
      const changed = Buffer.from(body);
      changed[changed.length - 2]! ^= 1;
      expect(await judge({ ...delivery, body: changed })).toBe('signature_mismatch');
      expect(await judge({ ...delivery, body: body.subarray(0, -1) })).toBe('signature_mismatch');
      expect(await judge({ ...delivery, body: Buffer.concat([body, Buffer.from('\n')]) })).toBe(
        'signature_mismatch',
      );
      expect(await judge({ ...delivery, body: Buffer.alloc(0) })).toBe('signature_mismatch');
    });

    test('refuses a signature that is missing, empty, changed, cut or longer', async () => {
      expect(await judge(withSignature(() => undefined))).toBe('signature_missing');
      expect(await judge(withSignature(() => ''))).toBe('signature_missing');
      expect(await judge(withSignature((value) => flipAt(value, contract.signatureAt(value))))).toBe(
        'signature_mismatch',
      );
      // Padding is no digit of a signature in base64.
      expect(await judge(withSignature((value) => flipAt(value, value.replace(/=+$/, '').length - 1)))).toBe(
        'signature_mismatch',
      );
      expect(await judge(withSignature((value) => value.slice(0, -1)))).toBe('signature_malformed');
      expect(await judge(withSignature((value) => `${value}00`))).toBe('signature_malformed');
      expect(await judge(withSignature((value) => `${value}, trailing`))).not.toBe('internal');
    });

    test('refuses trailing junk after the signature', async () => {
      expect(await judge(withSignature((value) => `${value} junk`))).toBe('signature_malformed');
    });

    test(`${contract.list ? 'accepts' : 'refuses'} a signature header that came twice`, async () => {
      const twice = await judge(withSignature((value) => [value, value]));
      expect(twice).toBe(contract.list ? 'accepted' : 'signature_repeated');
    });

    test('refuses the signature of another body', async () => {
      const other = signed(Buffer.from(bodyWith('other')));
      expect(await judge({ ...signed(), headers: other.headers })).toBe('signature_mismatch');
    });

    if (contract.freshness === 'none') {
      test('knows no time: a redelivery days later is accepted', async () => {
        expect(await judge(signed(body, proof, new Date('2020-01-01')))).toBe('accepted');
      });
    } else {
      test('accepts 300 s of age and refuses 301', async () => {
        expect(await judge(signed(body, proof, new Date(now.getTime() - 300_000)))).toBe('accepted');
        expect(await judge(signed(body, proof, new Date(now.getTime() - 301_000)))).toBe('timestamp_stale');
      });
      test('takes its tolerance from the configuration', async () => {
        const strict = proofOf(provider, {
          WEBHOOK_SECRET: 'first secret',
          WEBHOOK_TOLERANCE_SECONDS: '10',
        });
        expect(await judge(signed(body, proof, new Date(now.getTime() - 11_000)), strict)).toBe(
          'timestamp_stale',
        );
      });
      test(`the future is ${contract.freshness === 'both' ? 'bounded too' : 'not bounded'}`, async () => {
        const ahead = await judge(signed(body, proof, new Date(now.getTime() + 301_000)));
        expect(ahead).toBe(contract.freshness === 'both' ? 'timestamp_future' : 'accepted');
      });
    }

    test('reads id, types and key', () => {
      const event = readOne(signed());
      if (contract.expected.id !== undefined) expect(event.id).toBe(contract.expected.id);
      expect(event.types).toEqual(contract.expected.types);
      expect(event.key).toBe(contract.expected.key);
      expect(event.payload).toEqual(JSON.parse(body.toString()));
    });

    test('a retry reads the same, however it is signed', () => {
      const [first, again] = [signed(), signed(body, proof, new Date(now.getTime() - 60_000))].map(readOne);
      expect(again).toEqual(
        contract.timeInHeader ? { ...first, occurredAt: expect.any(String) as string } : first,
      );
    });

    test('passes unicode through untouched', async () => {
      const delivery = signed(Buffer.from(bodyWith('žluťoučký 🐎 "\\u0000"'.replaceAll('"', '\\"'))));
      expect(await judge(delivery)).toBe('accepted');
      expect(JSON.stringify(readOne(delivery).payload)).toContain('žluťoučký 🐎');
    });

    test('verifies bytes that are not UTF-8, then cannot read them', async () => {
      const [head, tail] = bodyWith('|').split('|') as [string, string];
      const bytes = Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe]), Buffer.from(tail)]);
      expect(await judge(signed(bytes))).toBe('accepted');
      expect(readError(bytes)).toBe('payload_unreadable not_utf8');
    });

    test('cannot read what is not JSON, not an object, or empty', () => {
      expect(readError(Buffer.from('{"id": '))).toBe('payload_unreadable not_json');
      expect(readError(Buffer.alloc(0))).toBe('payload_unreadable not_json');
      expect(readError(Buffer.from('null'))).toMatch(/^payload_unreadable /);
      expect(readError(Buffer.from('[]'))).toMatch(/^payload_unreadable |^event_id_missing /);
      expect(readError(Buffer.from('"text"'))).toMatch(/^payload_unreadable /);
    });

    test('bodies too deep to parse are refused, not fatal', () => {
      const deep = Buffer.from(`{"n":1234567890123456,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
      expect(readError(deep)).toBe('payload_unreadable too_deep');
    });

    test('every sample is accepted, read under its type, and has an id of its own', async () => {
      for (const [sampleType, sample] of Object.entries(provider.samples as Record<string, () => unknown>)) {
        const deliveries = [sample(), sample()].map((value, index) => {
          const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
          const headers = provider.sign(
            { method: 'POST', url: 'http://localhost', body: bytes, type: sampleType, id: `id-${index}` },
            proof,
            now,
          );
          return { ...signed(), headers: new DeliveryHeaders(Object.entries(headers)), body: bytes };
        });
        const [one, other] = deliveries.map(readOne);
        expect(await judge(deliveries[0]!)).toBe('accepted');
        expect(one?.types).toContain(sampleType);
        expect(one?.id).not.toBe(other?.id);
        const schema = (provider.schemas as Record<string, { parse(value: unknown): unknown }> | undefined)?.[
          sampleType
        ];
        expect(() => schema?.parse(one?.payload)).not.toThrow();
      }
    });
  });
}
