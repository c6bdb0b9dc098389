/** Residences that are there before anybody asks for them. Making one takes longer than all else that is done for a short command, and nearly all of it is waiting
 *  for the kernel; so what was asked for lately is kept ready, a few at a time, and is made anew when one was taken. Nobody has ever been in them. */
import { after } from "../../platform/timers.ts";
import type { Residence } from "./residence.ts";
import type { Residences, Shape } from "./residences.ts";

export interface WarmResidences extends AsyncDisposable {
  /** One that is ready, or else a new one. The first shape that is asked for is kept ready from then on, and then the one that is asked for twice in a row: so what is asked for
   *  once, or in turn with another, neither takes its place nor costs anything.
   *  @throws {YardError} as `make` */
  take(shape: Shape): Promise<Residence>;
  /** Removes what is ready: what it is made of may be about to go. */
  clear(): Promise<void>;
}

export interface WarmOptions {
  readonly make: Residences["make"];
  /** At a time, of all shapes together. */
  readonly most: number;
  /** Until those that nobody has asked for are removed. */
  readonly idleMs?: number;
}

interface Ready {
  readonly key: string;
  readonly residence: Residence;
}

export function keepWarm({ make, most, idleMs = 10 * 60_000 }: WarmOptions): WarmResidences {
  /** The longest ready first. */
  let ready: Ready[] = [];
  let wanted: { readonly key: string; readonly shape: Shape } | undefined;
  /** What was asked for last. */
  let lastKey: string | undefined;
  let filling: Promise<void> | undefined;
  let idle: Disposable | undefined;
  let isClosed = false;
  const removals = new Set<Promise<void>>();

  function remove({ residence }: Ready): void {
    const removal = residence.remove().catch(() => {}); // the next start of the agent removes what is left
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
  }

  async function fill(): Promise<void> {
    for (;;) {
      const next = wanted;
      if (isClosed || !next || ready.filter(({ key }) => key === next.key).length >= most) return;
      const residence = await make(next.shape, { isAhead: true });
      ready.push({ key: next.key, residence });
      while (ready.length > most || (isClosed && ready.length > 0)) {
        const [oldest] = ready.splice(0, 1);
        if (oldest) remove(oldest);
      }
    }
  }

  function removeAll(): void {
    wanted = undefined;
    for (const one of ready) remove(one);
    ready = [];
  }

  function want(key: string, shape: Shape): void {
    const isAgain = key === lastKey;
    lastKey = key;
    if (wanted && wanted.key !== key && !isAgain) return;
    wanted = { key, shape };
    filling ??= fill()
      .catch(() => {}) // whoever asks next is told why it cannot be made
      .finally(() => {
        filling = undefined;
      });
    idle?.[Symbol.dispose]();
    idle = after(idleMs, removeAll);
  }

  async function clear(): Promise<void> {
    wanted = undefined;
    await filling;
    removeAll();
    await Promise.all(removals);
  }

  return {
    async take(shape) {
      if (most === 0) return make(shape);
      const key = JSON.stringify(shape);
      const place = ready.findIndex((one) => one.key === key && one.residence.realm.isAlive());
      const [found] = place < 0 ? [] : ready.splice(place, 1);
      const residence = found?.residence ?? (await make(shape));
      want(key, shape);
      return residence;
    },
    clear,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      idle?.[Symbol.dispose]();
      await clear();
    },
  };
}
