/** What was measured of one capsule, at three grains: every half second of the last ten minutes, means of half a minute of two hours, means of five
 *  minutes of a day. Each tier is a ring of fixed size, so a capsule's history takes 55 KB however long it runs. */
import type { MetricPoint, MetricRange } from "../capsule.ts";

interface Tier {
  /** Points it holds. */
  readonly size: number;
  /** Points of the tier below that one of its own is the mean of. */
  readonly of: number;
}

const tiers = [
  { size: 1_200, of: 1 },
  { size: 240, of: 60 },
  { size: 288, of: 10 },
] as const satisfies readonly Tier[];

const minute = 60_000;
const ranges: Readonly<Record<MetricRange, { readonly tier: number; readonly ms: number }>> = {
  "5m": { tier: 0, ms: 5 * minute },
  "10m": { tier: 0, ms: 10 * minute },
  "1h": { tier: 1, ms: 60 * minute },
  "2h": { tier: 1, ms: 120 * minute },
  "6h": { tier: 2, ms: 360 * minute },
  "12h": { tier: 2, ms: 720 * minute },
  "24h": { tier: 2, ms: 1_440 * minute },
};

export interface History {
  add(point: MetricPoint): void;
  /** Those of the range, which ends now; oldest first. */
  read(range: MetricRange, now: number): readonly MetricPoint[];
  /** Of the tiers from `finest` on (0: all). @see decodeHistory */
  encode(options?: { finest?: number }): Uint8Array;
}

/** A point is four numbers: time, CPU, memory, disk. */
const width = 4;

interface Ring {
  readonly numbers: Float64Array;
  /** Points ever added. */
  count: number;
  /** Sums of the points that the next mean is made of, and how many these are. */
  readonly sums: Float64Array;
  pending: number;
}

export function createHistory(): History {
  return historyOf(tiers.map(({ size }) => emptyRing(size)));
}

function emptyRing(size: number): Ring {
  return { numbers: new Float64Array(size * width), count: 0, sums: new Float64Array(width), pending: 0 };
}

function historyOf(rings: readonly Ring[]): History {
  function add(tier: number, point: ArrayLike<number>): void {
    const ring = rings[tier];
    const shape = tiers[tier];
    if (!ring || !shape) return;
    for (let i = 0; i < width; i++) ring.sums[i]! += point[i]!;
    if (++ring.pending < shape.of) return;
    const mean = ring.sums.map((sum) => sum / ring.pending);
    mean[0] = point[0]!; // a mean carries the time of the last it was made of
    ring.numbers.set(mean, (ring.count % shape.size) * width);
    ring.count++;
    ring.sums.fill(0);
    ring.pending = 0;
    add(tier + 1, mean);
  }

  return {
    add: ({ at, cpuPercent, memoryBytes, diskBytes }) => add(0, [at, cpuPercent, memoryBytes, diskBytes]),
    read(range, now) {
      const { tier, ms } = ranges[range];
      return pointsOf(rings[tier]!).filter(({ at }) => at >= now - ms && at <= now);
    },
    encode({ finest = 0 } = {}) {
      const pieces = rings.flatMap((ring, tier) => {
        const kept = tier < finest ? new Float64Array() : numbersOf(ring);
        return [Float64Array.of(kept.length / width, ring.pending, ...ring.sums), kept];
      });
      return new Uint8Array(joined(pieces).buffer); // whoever pauses a capsule waits for it: no object for each point
    },
  };
}

/** @returns undefined for what is none, or one of another version */
export function decodeHistory(bytes: Uint8Array): History | undefined {
  if (bytes.byteLength % Float64Array.BYTES_PER_ELEMENT !== 0) return undefined;
  const numbers = new Float64Array(new Uint8Array(bytes).buffer); // a copy, as the bytes may lie askew
  let place = 0;
  const rings: Ring[] = [];
  for (const { size } of tiers) {
    const [count = -1, pending = 0] = numbers.subarray(place, place + 2);
    const end = place + 2 + width + count * width;
    if (!(count >= 0 && count <= size) || end > numbers.length) return undefined;
    const ring = { ...emptyRing(size), count, pending };
    ring.sums.set(numbers.subarray(place + 2, place + 2 + width));
    ring.numbers.set(numbers.subarray(place + 2 + width, end));
    rings.push(ring);
    place = end;
  }
  return place === numbers.length ? historyOf(rings) : undefined;
}

/** Oldest first. */
function pointsOf({ numbers, count }: Ring): MetricPoint[] {
  const size = numbers.length / width;
  const points: MetricPoint[] = [];
  for (let index = Math.max(0, count - size); index < count; index++) {
    const place = (index % size) * width;
    const [at = 0, cpuPercent = 0, memoryBytes = 0, diskBytes = 0] = numbers.subarray(place, place + width);
    points.push({ at, cpuPercent, memoryBytes: Math.round(memoryBytes), diskBytes: Math.round(diskBytes) });
  }
  return points;
}

/** Oldest first. */
function numbersOf({ numbers, count }: Ring): Float64Array {
  const size = numbers.length / width;
  if (count <= size) return numbers.subarray(0, count * width);
  const oldest = (count % size) * width;
  return joined([numbers.subarray(oldest), numbers.subarray(0, oldest)]);
}

function joined(pieces: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const whole = new Float64Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}
