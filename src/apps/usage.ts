/** CPU, memory and open files of running apps: asked for at most once a second each, whoever looks and however often, because the agent
 *  reads all of /proc for it. Who looks while a new sample is on its way gets the one before: with a thousand apps it takes a while, and
 *  a list need not wait for it. */
import type { Units } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";
import type { ProcessUsage } from "../sandboxes/sandbox.ts";

const freshMs = 1_000;
/** Beyond this age a sample is not shown any more. */
const longestMs = 2_000;

interface Sample {
  readonly at: number;
  readonly usage: ProcessUsage | undefined;
}

/** @returns a function from unit ids to the usage of those that run */
export function createUsageCache(usageOfUnits: (ids: readonly string[]) => ReturnType<Units["usage"]>, clock: Clock) {
  const samples = new Map<string, Sample>();
  /** Answers that are on their way. */
  const asked = new Map<string, Promise<void>>();

  function ask(ids: readonly string[], now: number): void {
    const answer = usageOfUnits(ids).then((usages) => {
      for (const id of ids) samples.set(id, { at: now, usage: usages.get(id) });
    });
    for (const id of ids) asked.set(id, answer);
    const settle = () => {
      for (const id of ids) asked.delete(id);
    };
    answer.then(settle, settle); // a failure is that of those who wait for it, and not kept for those who come later
  }

  return async function usageOf(unitIds: readonly string[]): Promise<ReadonlyMap<string, ProcessUsage>> {
    const now = clock.monotonic();
    for (const [id, { at }] of samples) if (now - at >= longestMs) samples.delete(id);
    const isFresh = (id: string) => now - (samples.get(id)?.at ?? Number.NEGATIVE_INFINITY) < freshMs;
    const stale = unitIds.filter((id) => !asked.has(id) && !isFresh(id));
    if (stale.length > 0) ask(stale, now);
    const missing = new Set(unitIds.flatMap((id) => (samples.has(id) ? [] : (asked.get(id) ?? []))));
    await Promise.all(missing);
    const found = new Map<string, ProcessUsage>();
    for (const id of unitIds) {
      const usage = samples.get(id)?.usage;
      if (usage) found.set(id, usage);
    }
    return found;
  };
}
