/** What a team's capsules take together, and what one of them takes. */
import { Type } from "typebox";
import { type MetricPoint, metricRanges, statsRanges, type TeamSeries } from "../../../capsules/capsule.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import { idFromWire, idToWire } from "../ids.ts";
import { capsuleErrors } from "../inside.ts";
import type { CapsuleParts } from "../parts.ts";
import { IdPath, Timestamp, teamSecurity } from "../schemas.ts";
import { timeToWire } from "../times.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Capsules"], security: teamSecurity };
const Count = Type.Integer();
/** The range, if none is asked for. */
const usual = { stats: "1h", metrics: "10m" } as const;

const StatsReply = Type.Object({
  range: Type.Enum([...statsRanges]),
  current: Type.Object({
    running_count: Count,
    vcpus_reserved: Count,
    memory_mb_reserved: Type.Integer({ description: "Of a paused capsule, half" }),
    sampled_at: Timestamp,
  }),
  peaks: Type.Object({ running_count: Count, vcpus: Count, memory_mb: Count }, { description: "Of the last 30 days" }),
  series: Type.Object(
    {
      labels: Type.Array(Timestamp),
      running: Type.Array(Count),
      vcpus: Type.Array(Count),
      memory_mb: Type.Array(Count),
    },
    { description: "The most in each stretch of time, oldest first; in all four the same place is the same time" },
  ),
});

const MetricsReply = Type.Object({
  sandbox_id: Type.String(),
  range: Type.Enum([...metricRanges]),
  points: Type.Array(
    Type.Object({
      timestamp_unix: Type.Integer({ description: "In seconds" }),
      cpu_pct: Type.Number({ description: "0 to 100, of all its vcpus" }),
      mem_bytes: Count,
      disk_bytes: Type.Integer({ description: "Of what was written in it" }),
    }),
  ),
});

export function registerStatsRoutes(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  app.get(
    "/v1/capsules/stats",
    {
      onRequest: guards.team("capsules.view"),
      schema: {
        ...about,
        operationId: "getCapsuleStats",
        summary: "How much the team's capsules reserve, and have reserved",
        querystring: Type.Object({ range: Type.Optional(Type.Enum([...statsRanges], { default: usual.stats })) }),
        response: { 200: StatsReply, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { range = usual.stats } = request.query;
      return { range, ...seriesToWire(await capsules.measures.ofTeam(callerOf(request).teamId, range)) };
    },
  );

  app.get(
    "/v1/capsules/:id/metrics",
    {
      onRequest: guards.team("capsules.view"),
      schema: {
        ...about,
        operationId: "getCapsuleMetrics",
        summary: "What a running or paused capsule takes, and has taken",
        description: "Twice a second for ten minutes, each half minute for two hours, every five minutes for a day.",
        params: IdPath,
        querystring: Type.Object({ range: Type.Optional(Type.Enum([...metricRanges], { default: usual.metrics })) }),
        response: { 200: MetricsReply, ...errorReplies(400, 401, 403, 404, 502, 503) },
      },
    },
    async (request) => {
      const { range = usual.metrics } = request.query;
      const id = idFromWire("capsule", request.params.id);
      const points = await capsules.measures.ofCapsule(callerOf(request).teamId, id, range).catch(capsuleErrors);
      return { sandbox_id: idToWire("capsule", id), range, points: points.map(pointToWire) };
    },
  );
}

function seriesToWire({ current, peaks, buckets }: TeamSeries) {
  return {
    current: {
      running_count: current.running,
      vcpus_reserved: current.vcpus,
      memory_mb_reserved: current.memoryMb,
      sampled_at: timeToWire(Date.now()),
    },
    peaks: { running_count: peaks.running, vcpus: peaks.vcpus, memory_mb: peaks.memoryMb },
    series: {
      labels: buckets.map(({ at }) => timeToWire(at)),
      running: buckets.map(({ running }) => running),
      vcpus: buckets.map(({ vcpus }) => vcpus),
      memory_mb: buckets.map(({ memoryMb }) => memoryMb),
    },
  };
}

function pointToWire({ at, cpuPercent, memoryBytes, diskBytes }: MetricPoint) {
  return { timestamp_unix: Math.floor(at / 1_000), cpu_pct: cpuPercent, mem_bytes: memoryBytes, disk_bytes: diskBytes };
}
