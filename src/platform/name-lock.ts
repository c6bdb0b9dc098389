/** One change at a time for each name, in the order of asking: intent and act of one change are not mixed with another's. */
export type WithName = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function createNameLock(): WithName {
  const last = new Map<string, Promise<unknown>>();
  return async function withName(name, work) {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
