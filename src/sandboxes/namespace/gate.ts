/** Lets many use something at a time, and one change it: who comes while it is being changed waits, and who changes it is told whether somebody is still in. */
export interface Gate {
  use<T>(act: () => Promise<T>): Promise<T>;
  /** One after the other. `isUsed` tells of those who came before. */
  change<T>(act: (isUsed: () => boolean) => Promise<T>): Promise<T>;
}

export function createGate(): Gate {
  let users = 0;
  let last: Promise<unknown> = Promise.resolve();
  let changes = 0;
  return {
    async use(act) {
      while (changes > 0) await last;
      users++;
      try {
        return await act();
      } finally {
        users--;
      }
    },
    change(act) {
      changes++;
      const changed = last.then(() => act(() => users > 0)).finally(() => changes--);
      last = changed.catch(() => {});
      return changed;
    },
  };
}
