/** What the hosts use, over the last hour: looked at twice a minute, and kept in memory alone. */
import type { Clock } from "../platform/clock.ts";
import { after, every } from "../platform/timers.ts";

/** What a machine uses, as whoever looks at it tells. */
export interface MeasuredUse {
  /** Of all cores: 100 is all of them. */
  readonly cpuPercent: number;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly memoryTotalBytes: number;
  /** The one that holds the root; undefined where none is seen. */
  readonly disk?: { readonly usedBytes: number; readonly totalBytes: number } | undefined;
}

export interface HostUse extends MeasuredUse {
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Of several hosts at a moment: the mean over their cores, the sum of their memories. */
export type LoadPoint = Pick<HostUse, "at" | "cpuPercent" | "memoryBytes" | "memoryTotalBytes">;

export interface HostLoads extends AsyncDisposable {
  /** Between two points, in milliseconds. */
  readonly stepMs: number;
  /** The newest of a host, if it was there at the last look. */
  latest(hostId: string): HostUse | undefined;
  /** Of those that were there, together; oldest first. */
  points(hostIds: readonly string[]): readonly LoadPoint[];
}

export interface HostLoadParts {
  /** Those that can be asked. */
  hostIds(): readonly string[];
  use(hostId: string): Promise<MeasuredUse>;
  readonly clock: Clock;
  readonly times?: typeof usualTimes;
}

/** A host that takes longer than `patienceMs` is left out of the look. */
const usualTimes = { stepMs: 30_000, patienceMs: 5_000 };
const keptMs = 3_600_000;

interface Look {
  readonly at: number;
  readonly uses: ReadonlyMap<string, MeasuredUse>;
}

/** Begins to look at once. */
export function openHostLoads({ hostIds, use, clock, times = usualTimes }: HostLoadParts): HostLoads {
  const { stepMs, patienceMs } = times;
  const looks: Look[] = [];
  const asked = new Set<string>();

  async function lookAt(hostId: string): Promise<readonly [string, MeasuredUse] | undefined> {
    if (asked.has(hostId)) return undefined; // it still owes the answer before
    asked.add(hostId);
    const answer = use(hostId)
      .then((found) => [hostId, found] as const)
      .catch(() => undefined) // it is away, which others tell
      .finally(() => asked.delete(hostId));
    const late = Promise.withResolvers<undefined>();
    using _patience = after(patienceMs, () => late.resolve(undefined));
    return await Promise.race([answer, late.promise]);
  }

  async function look(): Promise<void> {
    const at = clock.now();
    const found = await Promise.all(hostIds().map(lookAt));
    looks.push({ at, uses: new Map(found.filter((one) => one !== undefined)) });
    while (looks[0] && (looks.length > keptMs / stepMs || looks[0].at < at - keptMs)) looks.shift();
  }

  const first = look();
  const timer = every(stepMs, look);
  return {
    stepMs,
    latest(hostId) {
      const last = looks.at(-1);
      const found = last?.uses.get(hostId);
      return last && found && { at: last.at, ...found };
    },
    points: (ids) =>
      looks.flatMap(({ at, uses }) => {
        const some = ids.flatMap((id) => uses.get(id) ?? []);
        return some.length === 0 ? [] : [{ at, ...together(some) }];
      }),
    async [Symbol.asyncDispose]() {
      await first;
      await timer[Symbol.asyncDispose]();
    },
  };
}

function together(uses: readonly MeasuredUse[]): Omit<LoadPoint, "at"> {
  const sum = (of: (use: MeasuredUse) => number) => uses.reduce((total, use) => total + of(use), 0);
  const cores = sum((use) => use.cores);
  return {
    cpuPercent: cores === 0 ? 0 : sum((use) => use.cpuPercent * use.cores) / cores,
    memoryBytes: sum((use) => use.memoryBytes),
    memoryTotalBytes: sum((use) => use.memoryTotalBytes),
  };
}
