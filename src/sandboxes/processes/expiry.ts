/** When processes that have ended are forgotten. */
import { after } from "../../platform/timers.ts";
import type { Exit } from "../sandbox.ts";
import { keyOf, type ProcessKey, type ProcessRecord } from "./records.ts";

export interface Expiry extends Disposable {
  /** It has ended: as long after that as its record says, if it says so. */
  count(record: ProcessRecord, exit: Exit): void;
  inMs(key: ProcessKey, dueMs: number): void;
  cancel(key: ProcessKey): void;
}

export function createExpiry(forget: (key: ProcessKey) => Promise<void>): Expiry {
  const timers = new Map<string, Disposable>();
  function inMs({ sandbox, process }: ProcessKey, dueMs: number): void {
    const key = { sandbox, process };
    timers.set(
      keyOf(key),
      after(dueMs, () => void forget(key)),
    );
  }
  return {
    count(record, exit) {
      if (record.forgetAfterMs === undefined) return;
      inMs(record, Math.max(0, exit.at + record.forgetAfterMs - Date.now()));
    },
    inMs,
    cancel(key) {
      timers.get(keyOf(key))?.[Symbol.dispose]();
      timers.delete(keyOf(key));
    },
    [Symbol.dispose]() {
      for (const timer of timers.values()) timer[Symbol.dispose]();
    },
  };
}
