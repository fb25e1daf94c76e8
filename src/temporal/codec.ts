import type { Payload, PayloadCodec } from '@temporalio/common';
import protocol from '@temporalio/proto';
import type { Keys } from '../encryption/keys.ts';
import { keyIdOf, open, seal } from '../encryption/seal.ts';

const { Payload: wire } = protocol.temporal.api.common.v1;

/** The encoding of a sealed payload, the name that Temporal's own examples use. */
const encoding = 'binary/encrypted';
const keyIdField = 'encryption-key-id';
/**
 * What sealed payloads are bound to. Not to a namespace or a run: histories are replayed under other names,
 * and Temporal's UI asks for payloads without saying whose they are.
 */
const context = 'temporal-payload';

/**
 * Seals each payload whole, its metadata included; what is left in the clear is that it is encrypted, and the
 * id of the key. Payloads in the clear pass `decode` unchanged, so that encryption can be turned on while
 * runs are open. Without a current key `encode` changes nothing. Throws SealError where a payload cannot be
 * opened.
 */
export const encryptionCodec = (keys: Keys): PayloadCodec => ({
  encode: (payloads) =>
    Promise.resolve(keys.current === undefined ? payloads : payloads.map((payload) => encode(payload, keys))),
  decode: async (payloads) =>
    payloads.map((payload) => (isSealed(payload) ? decode(payload, keys) : payload)),
});

/** True for a payload that says it is encrypted. */
export const isSealed = ({ metadata }: Payload): boolean =>
  metadata?.['encoding'] !== undefined && Buffer.from(metadata['encoding']).toString() === encoding;

function encode(payload: Payload, keys: Keys): Payload {
  const data = seal(wire.encode(payload).finish(), { keys, context });
  return { metadata: { encoding: Buffer.from(encoding), [keyIdField]: Buffer.from(keyIdOf(data)) }, data };
}

/** The key is the one that the envelope names: the metadata beside it is for people. */
function decode({ data }: Payload, keys: Keys): Payload {
  const { metadata, data: clear } = wire.decode(open(data ?? new Uint8Array(), { keys, context }));
  return { metadata, data: clear };
}
