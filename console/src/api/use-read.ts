/** Data of the yard in a component: read when it appears, again when the yard says that it has changed, and kept meanwhile. */
import { useCallback, useEffect, useRef, useState } from "react";
import { isAborted } from "./call-error.ts";
import { live, type Topic } from "./live.ts";

export interface Read<T> {
  /** What was read last; undefined until something was. */
  readonly data: T | undefined;
  /** Why the last reading has failed. There may be older data. */
  readonly error: unknown;
  reload(): void;
}

export interface ReadOptions {
  /** Changes of these are a reason to read again. */
  readonly topics?: readonly Topic[];
  /** How often to read again besides, in milliseconds, while the page is seen. */
  readonly everyMs?: number;
}

interface State<T> {
  readonly key?: string;
  readonly data?: T;
  readonly error?: unknown;
}

/** @param key of what is read: another one forgets the data of the one before; undefined reads nothing
 *  @param read is called again for each reading */
export function useRead<T>(
  key: string | undefined,
  read: (signal: AbortSignal) => Promise<T>,
  { topics = [], everyMs }: ReadOptions = {},
): Read<T> {
  const [state, setState] = useState<State<T>>({});
  const latest = useRef(read);
  latest.current = read;
  const reader = useRef<{ again(): void }>(undefined);
  const reload = useCallback(() => reader.current?.again(), []);

  useEffect(() => {
    if (key === undefined) return;
    const ending = new AbortController();
    const readOnce = async (): Promise<void> => {
      try {
        const data = await latest.current(ending.signal);
        if (!ending.signal.aborted) setState({ key, data });
      } catch (error) {
        if (ending.signal.aborted || isAborted(error)) return;
        setState((before) => ({ key, data: before.key === key ? before.data : undefined, error }));
      }
    };
    reader.current = oneAtATime(readOnce);
    reader.current.again();
    return () => ending.abort();
  }, [key]);

  const watched = topics.join(" ");
  useEffect(() => {
    if (key === undefined || watched === "") return;
    return live.watch(watched.split(" ") as Topic[], reload);
  }, [key, watched, reload]);

  useEffect(() => {
    if (key === undefined || everyMs === undefined) return;
    const timer = setInterval(() => document.hidden || reload(), everyMs);
    return () => clearInterval(timer);
  }, [key, everyMs, reload]);

  const isCurrent = state.key === key;
  return { data: isCurrent ? state.data : undefined, error: isCurrent ? state.error : undefined, reload };
}

/** However often it is asked for, one runs, and at most one more follows: what has changed meanwhile is seen by that one. */
function oneAtATime(work: () => Promise<void>): { again(): void } {
  let running = false;
  let wanted = false;
  async function run(): Promise<void> {
    running = true;
    do {
      wanted = false;
      await work();
    } while (wanted);
    running = false;
  }
  return {
    again() {
      wanted = true;
      if (!running) void run();
    },
  };
}
