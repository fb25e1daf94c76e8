/**
 * - `missing`: the journal does not hold the payload.
 * - `damaged`: what it holds is not what was stored.
 * - `unavailable`: the journal could not be asked, or did not take it.
 */
export type BlobFailure = 'missing' | 'damaged' | 'unavailable';

/** A large payload that could not be kept or had. The message is for operators. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly failure: BlobFailure;

  constructor(failure: BlobFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
