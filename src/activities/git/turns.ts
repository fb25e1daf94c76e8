/** Runs what has the same key one at a time, in the order it came. A signal ends the waiting, not the work. */
export function createTurns() {
  const tails = new Map<string, Promise<unknown>>();
  return async <Result>(key: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> => {
    const previous = tails.get(key) ?? Promise.resolve();
    const turn = previous.then(() => {
      signal.throwIfAborted();
      return work();
    });
    const tail = turn.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    await Promise.race([previous, aborted(signal)]);
    return await turn;
  };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
