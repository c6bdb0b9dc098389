/** A queue that is fair between keys: each key's own entries come in order, and the keys take turns, however many entries one of them has. */

export interface FairQueue<Entry> {
  readonly size: number;
  push(key: string, entry: Entry): void;
  /** The first of the key whose turn it is. */
  take(): Entry | undefined;
  /** @returns whether it was there */
  remove(key: string, entry: Entry): boolean;
}

export function createFairQueue<Entry>(): FairQueue<Entry> {
  /** In the order of their turns: a key that has had its turn goes to the end. */
  const queues = new Map<string, Entry[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(key, entry) {
      const queue = queues.get(key);
      if (queue) queue.push(entry);
      else queues.set(key, [entry]);
      size++;
    },
    take() {
      const [next] = queues;
      if (next === undefined) return undefined;
      const [key, queue] = next;
      queues.delete(key);
      const entry = queue.shift();
      if (queue.length > 0) queues.set(key, queue);
      size--;
      return entry;
    },
    remove(key, entry) {
      const queue = queues.get(key);
      const index = queue?.indexOf(entry) ?? -1;
      if (queue === undefined || index < 0) return false;
      queue.splice(index, 1);
      if (queue.length === 0) queues.delete(key);
      size--;
      return true;
    },
  };
}
