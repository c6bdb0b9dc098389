/** The calls behind `runyard capsule stats`. */
import { capsulePath } from "./capsules.ts";
import { readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField } from "./json.ts";

/** Of one capsule. */
export const metricRanges = ["5m", "10m", "1h", "2h", "6h", "12h", "24h"] as const;
/** Of a team. */
export const statsRanges = ["5m", "1h", "6h", "24h", "30d"] as const;

export interface MetricPoint {
  /** 0 to 100, of all its vcpus. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** Oldest first. @throws {YardError} not_found, for one that neither runs nor is paused */
export async function capsuleMetrics(
  client: YardClient,
  id: string,
  range: string | undefined,
): Promise<{ readonly json: JsonObject; readonly points: readonly MetricPoint[] }> {
  const path = `${capsulePath(id)}/metrics`;
  const json = asObject(await readJson(await client.request({ method: "GET", path, query: { range } })), "the answer");
  if (!Array.isArray(json.points)) throw new TypeError('"points" is no array');
  return { json, points: json.points.map(pointIn) };
}

function pointIn(value: unknown): MetricPoint {
  const point = asObject(value, "a point");
  return {
    cpuPercent: numberField(point, "cpu_pct"),
    memoryBytes: numberField(point, "mem_bytes"),
    diskBytes: numberField(point, "disk_bytes"),
  };
}

interface Reserved {
  readonly running: number;
  readonly vcpus: number;
  readonly memoryMb: number;
}

export async function teamStats(
  client: YardClient,
  range: string | undefined,
): Promise<{ readonly json: JsonObject; readonly current: Reserved; readonly peaks: Reserved }> {
  const reply = await client.request({ method: "GET", path: "/v1/capsules/stats", query: { range } });
  const json = asObject(await readJson(reply), "the answer");
  const [current, peaks] = [asObject(json.current, '"current"'), asObject(json.peaks, '"peaks"')];
  return {
    json,
    current: {
      running: numberField(current, "running_count"),
      vcpus: numberField(current, "vcpus_reserved"),
      memoryMb: numberField(current, "memory_mb_reserved"),
    },
    peaks: {
      running: numberField(peaks, "running_count"),
      vcpus: numberField(peaks, "vcpus"),
      memoryMb: numberField(peaks, "memory_mb"),
    },
  };
}
