/** Load that comes at a constant rate, whether what came before is done or not: a server that falls behind is not spared. */
import { setTimeout as delay } from "node:timers/promises";

export interface Arrivals {
  readonly perSecond: number;
  readonly seconds: number;
  /** What would come while so many are under way is dropped. */
  readonly mostAtOnce: number;
  readonly signal: AbortSignal;
}

export interface ArrivalResult {
  /** Milliseconds of each that succeeded. */
  readonly times: readonly number[];
  readonly dropped: number;
  readonly failed: number;
  /** Of those that succeeded, over the whole time, until the last had ended. */
  readonly perSecond: number;
}

const everyMs = 2;

/** @param once rejects: it failed */
export async function arrive(load: Arrivals, once: (number: number) => Promise<void>): Promise<ArrivalResult> {
  const times: number[] = [];
  const underWay = new Set<Promise<void>>();
  let dropped = 0;
  let failed = 0;

  async function begin(number: number): Promise<void> {
    const startedAt = performance.now();
    await once(number).then(
      () => times.push(performance.now() - startedAt),
      () => failed++,
    );
  }

  const startedAt = performance.now();
  const total = load.perSecond * load.seconds;
  for (let number = 0; number < total; ) {
    const due = Math.min(total, Math.ceil(((performance.now() - startedAt) / 1000) * load.perSecond));
    for (; number < due; number++) {
      if (underWay.size >= load.mostAtOnce) {
        dropped++;
        continue;
      }
      const one: Promise<void> = begin(number).finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await delay(everyMs, undefined, { signal: load.signal });
  }
  await Promise.all(underWay);
  const seconds = (performance.now() - startedAt) / 1000;
  return { times, dropped, failed, perSecond: times.length / seconds };
}
