import type { Log } from "../log.ts";

/** Whoever is to act when something has happened. One that fails disturbs no other. */
export function createListeners(log: Pick<Log, "error">) {
  const listeners = new Set<{ readonly act: () => Promise<void> }>();
  return {
    add(act: () => Promise<void>): Disposable {
      const listener = { act }; // its own identity: the same function may be added twice
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async call(): Promise<void> {
      for (const { act } of [...listeners]) {
        await act().catch((error: unknown) =>
          log.error({ err: error }, "what a change of the yards asks for has failed"),
        );
      }
    },
  };
}
