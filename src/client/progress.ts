/** How fast something goes, and how long it will still take. */

export interface Pace {
  /** Over the last seconds. */
  readonly perSecond: number;
  /** Undefined: nothing has moved, so nobody can tell. */
  readonly leftMs?: number;
}

export interface Pacemeter {
  /** @param done so far, of `total` @param nowMs of a clock that never goes back */
  read(done: number, total: number, nowMs: number): Pace;
}

/** Long enough to even out what comes in bursts, short enough to show when it slows down. */
const windowMs = 10_000;
/** Readings that are closer together are of one moment. */
const grainMs = 100;

export function createPacemeter(): Pacemeter {
  const readings: { readonly at: number; readonly done: number }[] = [];
  return {
    read(done, total, nowMs) {
      const last = readings.at(-1);
      if (!last || nowMs - last.at >= grainMs) readings.push({ at: nowMs, done });
      while (readings.length > 2 && nowMs - readings[1]!.at >= windowMs) readings.shift();
      const [first] = readings;
      const elapsedMs = nowMs - (first?.at ?? nowMs);
      const perSecond = elapsedMs > 0 ? ((done - (first?.done ?? done)) / elapsedMs) * 1_000 : 0;
      return { perSecond, leftMs: perSecond > 0 ? ((total - done) / perSecond) * 1_000 : undefined };
    },
  };
}
