/** A value that components can watch. */
import { useSyncExternalStore } from "react";

export interface Observable<T> {
  get(): T;
  /** Tells the listeners, unless it is the same as before. */
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

export function createObservable<T>(initial: T): Observable<T> {
  const listeners = new Set<() => void>();
  let value = initial;
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useObservable<T>({ subscribe, get }: Pick<Observable<T>, "subscribe" | "get">): T {
  return useSyncExternalStore(subscribe, get);
}
