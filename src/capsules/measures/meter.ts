/** Makes points of what a host reports of one capsule. A capsule in which nothing happens is looked at ten times less often: what it has used between two
 *  looks is known exactly all the same, so the points between them are its mean. */
import type { SandboxUsage } from "../../sandboxes/sandbox.ts";
import type { MetricPoint } from "../capsule.ts";

/** Looks that one at an idle capsule stands for. */
export const idleStride = 10;

export interface Meter {
  /** Whether it is to be looked at with that tick. */
  isDue(tick: number): boolean;
  /** Somebody is interested: it is looked at often for a while. */
  wake(): void;
  /** @param at wall milliseconds. @returns what is new, oldest first; nothing at the first look */
  take(usage: SandboxUsage, at: number): readonly MetricPoint[];
}

/** Of one core: less than that is a shell that waits. */
const idleCpuPercent = 0.5;
const idleMemoryBytes = 1_048_576;
const quietLooks = 20;

export function createMeter({ vcpus, sampleMs }: { vcpus: number; sampleMs: number }): Meter {
  let last: { readonly usage: SandboxUsage; readonly at: number } | undefined;
  let quiet = 0;

  return {
    isDue: (tick) => quiet < quietLooks || tick % idleStride === 0,
    wake() {
      quiet = 0;
    },
    take(usage, at) {
      const before = last;
      last = { usage, at };
      const elapsedMs = before ? at - before.at : 0;
      // None between two lives of it, nor after the clock was set back.
      if (!before || elapsedMs <= 0 || usage.cpuUs < before.usage.cpuUs) return [];
      const ofOneCore = (usage.cpuUs - before.usage.cpuUs) / (elapsedMs * 10);
      const isQuiet =
        ofOneCore < idleCpuPercent && Math.abs(usage.memoryBytes - before.usage.memoryBytes) < idleMemoryBytes;
      quiet = isQuiet ? quiet + 1 : 0;
      const { memoryBytes, diskBytes } = usage;
      const cpuPercent = Math.min(100, ofOneCore / vcpus);
      const count = Math.max(1, Math.min(idleStride, Math.round(elapsedMs / sampleMs)));
      return Array.from({ length: count }, (_, index) => {
        const pointAt = at - Math.round(((count - 1 - index) * elapsedMs) / count);
        return { at: pointAt, cpuPercent, memoryBytes, diskBytes };
      });
    },
  };
}
