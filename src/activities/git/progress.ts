/** How far a fetch is. */
export interface Progress {
  /** `Receiving objects` */
  readonly phase: string;
  readonly percent: number;
  readonly done: number;
  readonly total: number;
}

// The phases that git prints, its own and the server's; a server can write anything else there.
const line =
  /^(?:remote: )?(Counting objects|Compressing objects|Receiving objects|Resolving deltas): +(\d{1,3})% \((\d{1,12})\/(\d{1,12})\)/;

/** A line of `git fetch --progress`; undefined when it tells nothing of the sort. */
export function parseProgress(text: string): Progress | undefined {
  const [, phase, percent, done, total] = line.exec(text) ?? [];
  if (phase === undefined) return undefined;
  return { phase, percent: Number(percent), done: Number(done), total: Number(total) };
}

/** The number of objects in a pack, as the server sums up: `remote: Total 17 (delta 1), …`; else 0. */
export const receivedObjects = (text: string): number =>
  Number(/^remote: Total (\d{1,12}) \(/.exec(text)?.[1] ?? 0);
