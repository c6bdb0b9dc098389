/** `GET /yard/v1/load`: what hosts use, over the last hour. */
import { type Static, Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import type { ListTools } from "../lists/list-tools.ts";
import { loadColumns } from "../rows/host.ts";
import { loadOf, rounded, seenRecords } from "../rows/seen-hosts.ts";
import { Moment } from "../rows/texts.ts";

export const LoadOverTime = Type.Object({
  stepMs: Type.Integer({ description: "Between two points, in milliseconds" }),
  points: Type.Array(
    Type.Object({
      at: Moment,
      cpuPercent: Type.Number(),
      memoryBytes: Type.Integer(),
      memoryTotalBytes: Type.Integer(),
    }),
    { description: "The oldest first" },
  ),
  hosts: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), ...loadColumns }), {
    description: "The newest of each host",
  }),
});

const mostHosts = 100;

/** @param hostId of one alone @throws {YardError} not_found */
export function loadSeen(
  { hosts, loads }: Pick<ConsoleParts, "hosts" | "loads">,
  viewer: Viewer,
  hostId?: string,
): Static<typeof LoadOverTime> {
  const seen = seenRecords({ hosts }, viewer).filter(({ id }) => hostId === undefined || id === hostId);
  if (hostId !== undefined && seen.length === 0)
    throw new YardError("not_found", `There is no host ${JSON.stringify(hostId.slice(0, 80))}.`, { field: "host" });
  const points = loads.points(seen.map(({ id }) => id));
  return {
    stepMs: loads.stepMs,
    points: points.map((point) => ({ ...point, cpuPercent: rounded(point.cpuPercent) })),
    hosts: seen.slice(0, mostHosts).flatMap(({ id, name }) => {
      const use = loads.latest(id);
      return use ? [{ id, name, ...loadOf(use) }] : [];
    }),
  };
}

export function registerLoadRoute(app: ApiInstance, { sees, viewerOf, parts }: ListTools): void {
  app.get(
    "/yard/v1/load",
    {
      onRequest: sees("hosts"),
      schema: {
        operationId: "getLoad",
        summary: "What the hosts use, over the last hour",
        tags: ["Overview"],
        security: bearer,
        querystring: Type.Object({
          host: Type.Optional(Type.String({ maxLength: 128, description: "Of one alone; none: of all together" })),
        }),
        response: {
          200: Type.Object(LoadOverTime.properties, { description: "Points of the last hour" }),
          ...errorReplies(400, 401, 403, 404),
        },
      },
    },
    async (request) => loadSeen(parts, await viewerOf(request), request.query.host),
  );
}
