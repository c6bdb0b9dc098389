/** CPU, memory and open files of running apps: asked for at most once a second each, whoever looks and however often, because the agent
 *  reads all of /proc for it. */
import type { Units } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";
import type { ProcessUsage } from "../sandboxes/sandbox.ts";

const freshMs = 1_000;

interface Sample {
  readonly at: number;
  readonly usage: Promise<ProcessUsage | undefined>;
}

/** @returns a function from unit ids to the usage of those that run */
export function createUsageCache(units: Pick<Units, "usage">, clock: Clock) {
  const samples = new Map<string, Sample>();

  return async function usageOf(unitIds: readonly string[]): Promise<ReadonlyMap<string, ProcessUsage>> {
    const now = clock.monotonic();
    for (const [id, { at }] of samples) if (now - at >= freshMs) samples.delete(id);
    const stale = unitIds.filter((id) => !samples.has(id));
    if (stale.length > 0) {
      const asked = units.usage(stale);
      for (const id of stale) samples.set(id, { at: now, usage: asked.then((all) => all.get(id)) });
      // A failure is everybody's who waits for it, but not kept for those who come later.
      asked.catch(() => {
        for (const id of stale) samples.delete(id);
      });
    }
    const found = await Promise.all(unitIds.map(async (id) => [id, await samples.get(id)?.usage] as const));
    return new Map(found.filter((entry): entry is readonly [string, ProcessUsage] => entry[1] !== undefined));
  };
}
