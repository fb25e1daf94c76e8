import { fileURLToPath } from 'node:url';
import type { DataConverter, ExternalStorage } from '@temporalio/common';
import type { Keys } from '../encryption/keys.ts';
import { encryptionCodec } from './codec.ts';

const failureConverterPath = fileURLToPath(new URL('failure-converter.cjs', import.meta.url));

export interface DataConverterOptions {
  readonly keys: Keys;
  /** Where large payloads are kept (`openBlobs`), sealed first; without one they travel whole, up to 2 MiB. */
  readonly externalStorage?: ExternalStorage | undefined;
}

/**
 * How everything is written that travels through Temporal: the same for client, worker and replay; the bundle
 * of the workflows takes its `failureConverterPath`. The codec is there without keys, too: it then names the
 * key that is missing.
 */
export const createDataConverter = ({ keys, externalStorage }: DataConverterOptions): DataConverter => ({
  payloadCodecs: [encryptionCodec(keys)],
  ...(keys.current !== undefined && { failureConverterPath }),
  ...(externalStorage && { externalStorage }),
});
