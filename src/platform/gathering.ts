/** Gathers what comes in bursts: the first at once, what follows together, so many times a second at most and never more than so much. */
import { after } from "./timers.ts";

export interface Gathering<Value> extends Disposable {
  /** Of the same key the last one counts, or what `merge` makes of the two. */
  add(key: string, value: Value): void;
  /** More has come than anybody knows. */
  lose(): void;
}

export interface GatheringParts<Value> {
  /** Between two flushes, in milliseconds. */
  readonly intervalMs: number;
  /** Keys; beyond that all are lost. */
  readonly most: number;
  /** The next flush waits for this one, which handles its own errors. @param gathered "lost": too much, or too unclear, to be told one by one */
  flush(gathered: ReadonlyMap<string, Value> | "lost"): void | Promise<void>;
  merge?(before: Value, now: Value): Value;
}

export function createGathering<Value>({ intervalMs, most, flush, merge }: GatheringParts<Value>): Gathering<Value> {
  let gathered: Map<string, Value> | "lost" = new Map();
  let pause: Disposable | undefined;
  let isFlushing = false;
  let isOver = false;

  function request(): void {
    if (isFlushing || pause || isOver) return;
    isFlushing = true;
    queueMicrotask(flushNow); // with what the same event brings besides
  }

  async function flushNow(): Promise<void> {
    const due = gathered;
    gathered = new Map();
    if (!isOver) await flush(due);
    isFlushing = false;
    if (isOver) return;
    pause = after(intervalMs, () => {
      pause = undefined;
      if (gathered === "lost" || gathered.size > 0) request();
    });
  }

  return {
    add(key, value) {
      if (gathered === "lost") return;
      const before = gathered.get(key);
      gathered.set(key, before !== undefined && merge ? merge(before, value) : value);
      if (gathered.size > most) gathered = "lost";
      request();
    },
    lose() {
      gathered = "lost";
      request();
    },
    [Symbol.dispose]() {
      isOver = true;
      pause?.[Symbol.dispose]();
    },
  };
}
