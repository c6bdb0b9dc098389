import { YardError } from "../errors.ts";

export interface BatchWriter<Item> extends AsyncDisposable {
  /** Resolves when the item is committed, rejects when its commit failed.
   *  @throws {YardError} too_many, when the queue is full; unavailable, after closing has begun */
  write(item: Item): Promise<void>;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly done: PromiseWithResolvers<void>;
}

/** Group commit: items that arrive together, or while a commit is in progress, share the next one, in the order they came. Each
 *  commit is one wait for the disk, so a hundred small writes cost what one does.
 *  @param commit writes all items or none; called once at a time
 *  @param maxBatch items in one commit
 *  @param maxQueued items that may wait; beyond it `write` refuses */
export function createBatchWriter<Item>({
  commit,
  maxBatch = 500,
  maxQueued = 10_000,
}: {
  commit: (items: readonly Item[]) => Promise<void>;
  maxBatch?: number;
  maxQueued?: number;
}): BatchWriter<Item> {
  const queue: Waiting<Item>[] = [];
  let draining: Promise<void> | undefined;
  let closing = false;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      // All requests that this turn of the event loop has read, or that came while the last commit kept it, get to add theirs first.
      await new Promise(setImmediate);
      const batch = queue.splice(0, maxBatch);
      try {
        await commit(batch.map(({ item }) => item));
        for (const { done } of batch) done.resolve();
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    draining = undefined;
  }

  return {
    async write(item) {
      if (closing) throw new YardError("unavailable", "Runyard is stopping. Try again when it is back.");
      if (queue.length >= maxQueued) {
        throw new YardError("too_many", `${maxQueued} writes are waiting for the disk. Try again.`, {
          retryAfterMs: 1_000,
        });
      }
      const done = Promise.withResolvers<void>();
      queue.push({ item, done });
      draining ??= drain();
      return done.promise;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await draining;
    },
  };
}
