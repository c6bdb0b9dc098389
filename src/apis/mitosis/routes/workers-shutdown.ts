/** Sends workers home: one, those of a group that match, or those of a list. A worker is not told: it learns by its next call. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { quirks } from "../quirks.ts";
import { NoContent, userSecurity, uuidFromWire } from "../schemas.ts";
import { uuidsFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";
import {
  ShutdownListReply,
  ShutdownListRequest,
  ShutdownQuery,
  ShutdownReply,
  ShutdownRequest,
  WorkerPath,
} from "../worker-schemas.ts";
import { shutdownOps, workerFilterFromWire } from "../worker-words.ts";

const about = { tags: ["Workers"], security: userSecurity };
type Parts = Pick<MitosisParts, "workers">;

export function registerWorkerShutdowns(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerShutdown(app, parts, toolbox);
  registerShutdownMatching(app, parts, toolbox);
  registerShutdownList(app, parts, toolbox);
  registerAdminShutdown(app, parts, toolbox);
}

function registerShutdown(app: ApiInstance, { workers }: Parts, { guards, trail }: Toolbox): void {
  app.delete(
    "/workers/:uuid",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "shutdownWorker",
        summary: "Shut a worker down",
        params: WorkerPath,
        querystring: ShutdownQuery,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      const force = shutdownOps.isForce(request.query.op ?? "Graceful");
      const what = { action: "worker.shutdown", target: uuid, details: { force } };
      await trail.change(request, principalOf(request), what, () =>
        workers.shutDown(callerOf(request), uuid, { force }).catch(outsider("forbidden")),
      );
      return reply.code(200).send();
    },
  );
}

function registerShutdownMatching(app: ApiInstance, { workers }: Parts, { guards, groups, trail }: Toolbox): void {
  app.post(
    "/workers/shutdown",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "shutdownWorkersByFilter",
        summary: "Shut down the workers of a group that match",
        body: ShutdownRequest,
        response: { 200: ShutdownReply, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const team = await groups.require(caller, request.body.group_name, "forbidden");
      const filter = workerFilterFromWire(request.body, team);
      const force = shutdownOps.isForce(request.body.op);
      const what = { action: "worker.shutdown-many", target: team.name, details: { force } };
      const count = await trail.change(request, principalOf(request), what, () =>
        workers.shutDownMatching(caller, filter, { force }),
      );
      return { shutdown_count: count, group_name: team.name };
    },
  );
}

function registerShutdownList(app: ApiInstance, { workers }: Parts, { guards, trail }: Toolbox): void {
  app.post(
    "/workers/shutdown/list",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "shutdownWorkersByUuids",
        summary: "Shut these workers down",
        body: ShutdownListRequest,
        response: { 200: ShutdownListReply, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const uuids = uuidsFromWire(request.body.uuids);
      const force = shutdownOps.isForce(request.body.op);
      const { count, failed } = await workers.shutDownAll(caller, uuids, { force });
      await trail.record(request, principalOf(request), {
        ...{ action: "worker.shutdown-many", target: caller.username, outcome: "done" },
        details: { force, count, failed: failed.length },
      });
      return { shutdown_count: count, failed_uuids: [...failed] };
    },
  );
}

/** The document has a slash at the end of the path, the clients have not. */
function registerAdminShutdown(app: ApiInstance, parts: Parts, { guards, trail, readingOf }: Toolbox): void {
  const { workers } = parts;
  const schema = {
    operationId: "adminShutdownWorker",
    summary: "Shut any worker down",
    description: "Without `op` by force; Mitosis' own programs get graceful then.",
    tags: ["Admin"],
    security: userSecurity,
    params: WorkerPath,
    querystring: ShutdownQuery,
    response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
  };
  const paths = [
    ["/admin/workers/:uuid/", undefined],
    ["/admin/workers/:uuid", "the same without the slash, as clients call it"],
  ] as const;
  for (const [path, undocumented] of paths)
    app.delete(
      path,
      {
        onRequest: guards.admin(),
        config: { undocumented },
        schema: { ...schema, hide: undocumented !== undefined },
      },
      async (request, reply) => {
        const uuid = uuidFromWire(request.params.uuid);
        const usual = quirks.adminShutdown[readingOf(request)] === "force" ? "Force" : "Graceful";
        const force = shutdownOps.isForce(request.query.op ?? usual);
        const what = { action: "worker.shutdown", target: uuid, details: { force } };
        await trail.change(request, principalOf(request), what, () =>
          workers.shutDown(callerOf(request), uuid, { force, byAdmin: true }),
        );
        return reply.code(200).send();
      },
    );
}
