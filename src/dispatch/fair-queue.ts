/** A queue that serves its sources in turn, so that a flood of one leaves the others their share. */
export interface FairQueue<Item> {
  readonly size: number;
  push(item: Item): void;
  shift(): Item | undefined;
  /** Empties it. */
  drain(): Item[];
}

export function createFairQueue<Item extends { readonly source: string }>(): FairQueue<Item> {
  // A Map keeps its order: who was served moves to the end.
  const bySource = new Map<string, Item[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(item) {
      const items = bySource.get(item.source);
      if (items) items.push(item);
      else bySource.set(item.source, [item]);
      size += 1;
    },
    shift() {
      const next = bySource.entries().next();
      if (next.done) return undefined;
      const [source, items] = next.value;
      const item = items.shift();
      bySource.delete(source);
      if (items.length > 0) bySource.set(source, items);
      size -= 1;
      return item;
    },
    drain() {
      const all = [...bySource.values()].flat();
      bySource.clear();
      size = 0;
      return all;
    },
  };
}
