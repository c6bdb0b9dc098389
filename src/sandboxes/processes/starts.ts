/** Starts each process once: who asks for one again gets the same, also while it is on its way. */
import type { ProcessSpec } from "../sandbox.ts";
import { assertId } from "./ids.ts";
import type { LocalProcess } from "./process.ts";
import { keyOf, type ProcessKey } from "./records.ts";

export interface Starts {
  /** @throws {YardError} invalid, and as `start` does */
  exec(sandbox: string, spec: ProcessSpec): Promise<LocalProcess>;
  isUnderWay(key: ProcessKey): boolean;
  /** Resolves once it is on its way no more, however that went. */
  settled(key: ProcessKey): Promise<void>;
}

/** @param parts.find what was started before
 *  @param parts.start makes it be found before it resolves */
export function createStarts(parts: {
  readonly find: (key: ProcessKey) => LocalProcess | undefined;
  readonly start: (key: ProcessKey, spec: ProcessSpec) => Promise<LocalProcess>;
}): Starts {
  const underWay = new Map<string, Promise<LocalProcess>>();
  return {
    exec(sandbox, spec) {
      const key = { sandbox, process: spec.id };
      const existing = parts.find(key);
      if (existing) return Promise.resolve(existing);
      const already = underWay.get(keyOf(key));
      if (already) return already;
      assertId(spec.id, "process");
      const started = parts.start(key, spec).finally(() => underWay.delete(keyOf(key)));
      underWay.set(keyOf(key), started);
      return started;
    },
    isUnderWay: (key) => underWay.has(keyOf(key)),
    async settled(key) {
      await underWay.get(keyOf(key))?.catch(() => {});
    },
  };
}
