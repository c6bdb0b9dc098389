/** The server itself, and the machines of the fleet. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { fanOutReply, fanOutToWire, hostToWire } from "../fan-out.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery, hostIdOf } from "../schemas.ts";
import { healthOf, SystemHealth } from "../system-health.ts";
import { machineToWire, SystemMetrics } from "../system-words.ts";
import type { Toolbox } from "../toolbox.ts";

export type SystemParts = Pick<DockmeshParts, "dockerHosts" | "machines" | "version" | "startedAt" | "checkDatabase">;

const Time = Type.String({ format: "date-time" });

const BackupStatus = Type.Object({
  enabled: Type.Boolean(),
  last_run_at: Type.Optional(Time),
  last_run_status: Type.Optional(Type.Enum(["success", "failed", "running"])),
  last_run_size_bytes: Type.Optional(Type.Integer()),
  last_run_age_seconds: Type.Optional(Type.Integer()),
  next_run_at: Type.Optional(Time),
});

const UpdateStatus = Type.Object({
  current_version: Type.String(),
  latest_version: Type.String(),
  update_available: Type.Boolean(),
  enabled: Type.Boolean({ description: "Whether the server asks for newer versions" }),
  release_url: Type.Optional(Type.String()),
  release_notes: Type.Optional(Type.String()),
  published_at: Type.Optional(Time),
  checked_at: Type.Optional(Time),
  error: Type.Optional(Type.String()),
});

const about = { tags: ["metrics"], security: bearer };

export function registerSystemRoutes(app: ApiInstance, parts: SystemParts, toolbox: Toolbox): void {
  registerServer(app, parts, toolbox);
  registerFleet(app, parts, toolbox);
}

/** What it is, and what it does about itself. */
function registerServer(app: ApiInstance, { version, startedAt }: SystemParts, { guards }: Toolbox): void {
  const onRequest = guards.may("read");

  app.get(
    `${basePath}/system/info`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "system.info",
        summary: "What the server is",
        response: {
          200: Type.Object({
            version: Type.String(),
            commit: Type.String(),
            build_date: Type.String(),
            go_version: Type.String({ description: "What it runs on" }),
            os: Type.String(),
            arch: Type.String(),
            uptime_seconds: Type.Integer(),
          }),
          ...errorReplies(401, 403),
        },
      },
    },
    async () => ({
      ...{ version, commit: "", build_date: "" }, // it runs from its sources: nothing is built
      ...{ go_version: `node ${process.version}`, os: process.platform, arch: process.arch },
      uptime_seconds: Math.max(0, Math.floor((Date.now() - startedAt) / 1_000)),
    }),
  );

  app.get(
    `${basePath}/system/backup-status`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "system.backup_status",
        summary: "Whether the server backs itself up: it does not",
        response: { 200: BackupStatus, ...errorReplies(401, 403) },
      },
    },
    async () => ({ enabled: false }),
  );

  app.get(
    `${basePath}/system/update-status`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "system.update_status",
        summary: "Whether there is a newer version: the server asks nobody",
        response: {
          200: UpdateStatus,
          ...errorReplies(401, 403),
        },
      },
    },
    async () => ({ current_version: version, latest_version: version, update_available: false, enabled: false }),
  );
}

function registerFleet(app: ApiInstance, parts: SystemParts, { guards }: Toolbox): void {
  const { dockerHosts, machines } = parts;
  const onRequest = guards.may("read");

  app.get(
    `${basePath}/system/metrics`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "system.metrics",
        summary: "What a machine uses, or with `host=all` each of the fleet",
        querystring: HostQuery,
        response: {
          200: Type.Union([fanOutReply(SystemMetrics), SystemMetrics]),
          ...errorReplies(401, 403, 503),
        },
      },
    },
    async (request) => {
      const reach = reachOf(request);
      if (request.query.host !== "all") {
        const host = dockerHosts.get(hostIdOf(request.query), reach);
        return { ...machineToWire(await machines.use(host.id)), ...hostToWire(host) };
      }
      const found = await dockerHosts.fanOut(reach, ({ id }) => machines.use(id));
      return fanOutToWire(found, (use) => [machineToWire(use)]);
    },
  );

  app.get(
    `${basePath}/system/health`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "system.health",
        summary: "How the server and the fleet are",
        response: { 200: SystemHealth, ...errorReplies(401, 403) },
      },
    },
    (request) => healthOf(parts, reachOf(request)),
  );
}
