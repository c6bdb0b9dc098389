/** At most so many at one time; the others wait, in the order in which they came. */
export type WithSlot = <T>(work: () => Promise<T>) => Promise<T>;

export function createSlots(count: number): WithSlot {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
