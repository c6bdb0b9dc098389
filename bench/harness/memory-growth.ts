/** Whether the memory of a server stays flat while much goes through it: the peak of the second half of the time is not above that of the first. */
import type { Metric } from "./figure.ts";
import { memoryOf } from "./processes.ts";

const sampleEveryMs = 50;
/** Room for the garbage collector, not for what is buffered: what is not flat grows by hundreds. */
const flatWithinMiB = 48;

export const memoryGrowthMetrics = {
  growth: {
    label: "RSS, second half over first",
    unit: "MiB",
    score: "ours",
    aim: { at: "most", limit: flatWithinMiB },
  },
  peak: { label: "peak RSS meanwhile", unit: "MiB", score: "ours" },
} as const satisfies Record<string, Metric>;

/** In MiB, of all these processes together, while the work is done. */
export async function watchMemory<T>(
  pids: readonly number[],
  work: () => Promise<T>,
): Promise<T & { growth: number; peak: number }> {
  const samples: number[] = [];
  using _sampling = setInterval(() => samples.push(memoryOf([...pids]).rssMiB), sampleEveryMs);
  const done = await work();
  const half = Math.floor(samples.length / 2);
  const [first, second] = [Math.max(...samples.slice(0, half)), Math.max(...samples.slice(half))];
  return { ...done, growth: second - first, peak: Math.max(first, second) };
}
