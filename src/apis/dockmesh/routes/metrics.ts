/** What a container has used. */
import { Type } from "typebox";
import { type MetricPoint, resolutions } from "../../../containers/metrics/store.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery, hostIdOf } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const Seconds = Type.Integer({ minimum: 0, maximum: 1e11 });
const usualSeconds = 3_600;

const Point = Type.Object({
  ts: Type.Integer({ description: "Seconds since 1970; of a mean, the beginning of its time" }),
  cpu_percent: Type.Number({ description: "Of one core" }),
  mem_used: Type.Integer(),
  mem_limit: Type.Integer(),
  net_rx: Type.Integer({ description: "Since the container has started, as those below" }),
  net_tx: Type.Integer(),
  blk_read: Type.Integer(),
  blk_write: Type.Integer(),
});

export function registerMetricsRoutes(
  app: ApiInstance,
  { dockerHosts, containerMetrics }: Pick<DockmeshParts, "dockerHosts" | "containerMetrics">,
  { guards }: Toolbox,
): void {
  app.get(
    `${basePath}/containers/:id/metrics`,
    {
      onRequest: guards.may("read"),
      schema: {
        tags: ["containers"],
        security: bearer,
        operationId: "containers.metrics",
        summary: "What a container has used: by its name, also while it was another container",
        params: Type.Object({ id: Type.String({ description: "An id, its beginning, or a name" }) }),
        querystring: Type.Object({
          ...HostQuery.properties,
          resolution: Type.Optional(
            Type.Enum([...resolutions], {
              description: "Samples of 6 hours, means of minutes of 3 days, means of hours of 90 days",
            }),
          ),
          from: Type.Optional({ ...Seconds, description: "Seconds since 1970; an hour before `to` if absent" }),
          to: Type.Optional({ ...Seconds, description: "Seconds since 1970; now if absent" }),
        }),
        response: {
          200: Type.Array(Point, { description: "Oldest first" }),
          ...errorReplies(400, 401, 403, 404, 503),
        },
      },
    },
    async (request) => {
      const { resolution = "raw", to = Math.ceil(Date.now() / 1_000), from = to - usualSeconds } = request.query;
      const host = dockerHosts.get(hostIdOf(request.query), reachOf(request));
      const range = { from: from * 1_000, to: to * 1_000, resolution };
      return (await containerMetrics.of(host, request.params.id, range)).map(pointToWire);
    },
  );
}

function pointToWire(point: MetricPoint) {
  return {
    ts: Math.floor(point.at / 1_000),
    cpu_percent: point.cpuPercent,
    mem_used: point.memoryBytes,
    mem_limit: point.memoryLimitBytes,
    net_rx: point.receivedBytes,
    net_tx: point.sentBytes,
    blk_read: point.readBytes,
    blk_write: point.writtenBytes,
  };
}
