/** What is still to be removed of sandboxes that are dead: mounts, control groups, directories. Nobody has to wait for that, but some do when there is much of it, so
 *  that it does not grow without end. What is left of it when the agent dies is removed by the next one (residences.ts). */
export interface Removals extends AsyncDisposable {
  /** Resolves at once, or when there is room for one more. */
  add(remove: () => Promise<void>): Promise<void>;
}

/** @param onFailure told what could not be removed: it is tried again at the next start */
export function createRemovals({ most, onFailure }: { most: number; onFailure: (error: unknown) => void }): Removals {
  const running = new Set<Promise<void>>();
  return {
    async add(remove) {
      while (running.size >= most) await Promise.race(running);
      const removal = remove().catch(onFailure);
      running.add(removal);
      void removal.then(() => running.delete(removal));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running);
    },
  };
}
