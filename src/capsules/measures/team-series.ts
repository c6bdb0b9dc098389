/** What a team had running over a range of time, in buckets. */
import type { StatsRange, TeamSeries } from "../capsule.ts";
import { type Load, type Loads, lookMs, nothingRuns } from "./team-loads.ts";

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];

/** In milliseconds. */
const ranges: Readonly<Record<StatsRange, { readonly length: number; readonly bucket: number }>> = {
  "5m": { length: 5 * minute, bucket: 3 * second },
  "1h": { length: hour, bucket: 30 * second },
  "6h": { length: 6 * hour, bucket: 3 * minute },
  "24h": { length: day, bucket: 12 * minute },
  "30d": { length: 30 * day, bucket: 6 * hour },
};

export const peakMs = 30 * day;

/** The maxima of the looks in each bucket; none for a bucket without any. */
export function bucketsOf(all: readonly Loads[], range: StatsRange, now: number): TeamSeries["buckets"] {
  const { length, bucket } = ranges[range];
  const since = now - length;
  const buckets = new Map<number, Load>();
  for (const loads of all) {
    // The first look of this row that is in the range; then from bucket to bucket, however many looks are in each.
    const missed = Math.max(0, Math.ceil((since - loads.firstAt) / lookMs));
    for (let at = loads.firstAt + missed * lookMs; at <= Math.min(loads.lastAt, now); ) {
      const place = Math.floor(at / bucket) * bucket;
      buckets.set(place, larger(buckets.get(place) ?? nothingRuns, loads));
      at += Math.max(1, Math.ceil((place + bucket - at) / lookMs)) * lookMs;
    }
  }
  return [...buckets].sort(([a], [b]) => a - b).map(([at, load]) => ({ at, ...load }));
}

export function peaksOf(all: readonly Load[]): Load {
  return all.reduce(larger, nothingRuns);
}

function larger(a: Load, b: Load): Load {
  return {
    running: Math.max(a.running, b.running),
    vcpus: Math.max(a.vcpus, b.vcpus),
    memoryMb: Math.max(a.memoryMb, b.memoryMb),
  };
}
